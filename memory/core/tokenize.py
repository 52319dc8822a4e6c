"""Splitting texts into words for full-text search, in any script (pure functions)."""

from __future__ import annotations

import unicodedata

import regex

WORD_MARKS = r"[\w\p{M}]"
"""One character of a word. Words in Indic scripts, Thai and others contain combining marks, which `\\w` does not match."""
_WORD = regex.compile(rf"{WORD_MARKS}+")
_UNSPACED = regex.compile(
    r"((?!\p{M})[\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Han}\p{Script=Hiragana}"
    r"\p{Script=Katakana}]\p{M}*)"
)
"""Thai, Lao, Khmer, Burmese, Japanese and Chinese put no spaces between words, so each character with its marks is one word."""
_LETTERS = str.maketrans({"\x00": " ", "İ": "I", "Ё": "Е", "ё": "е", "\u200c": "", "\u200d": "", "\u0640": ""})
"""Letters with two spellings; zero-width joiners, and the Arabic line (tatweel) that stretches a word."""
_IGNORED_MARKS = regex.compile(
    # Vowel points of Hebrew, Arabic and Syriac, which most writers omit, and combining accents.
    r"[\p{M}&&[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\u064b-\u065f\u0670\u0300-\u036f]]",
    regex.VERSION1,
)
_GREEK = regex.compile(r"\p{Script=Greek}+")
_HANGUL = regex.compile(r"[\uac00-\ud7a3]+")
_PARTICLES = tuple(
    sorted(
        """
        은 는 이 가 을 를 의 에 도 만 로 와 과 랑 나 께 야 아 에서 에게 한테 으로 부터 까지 보다 처럼 하고
        이랑 이나 마다 조차 마저 밖에 대로
        이란 라는 이라는 라고 이라고 께서 에는 에도 로는 님 들
        입니다 이에요 예요 이야 이다 에게서 한테서 으로부터 로부터
        """.split(),
        key=lambda particle: -len(particle),
    )
)
"""Korean particles and noun endings, which are written as part of the word."""
_MAX_PARTICLES_PER_WORD = 3
COMMON = frozenset(
    # English; in other languages no word is left out.
    """
    a an and any are as at be been but by can could did do does for from had has have he her his how i if in is it
    its me my of on or our she so than that the their them then there they this to was we were what when where
    which who will with would you your about please tell again s t d ll m re ve not no whom whose why many much kind kinds
    type
    """.split()
)
"""Words that do not tell the topic of a question."""


ASKING = frozenset(
    # English words about the question itself and the form of the answer.
    """
    ask asked asking mention mentioned mentions mentioning discuss discussed discusses discussing discussion discussions
    talk talked talks talking said say says saying speak spoke conversation conversations chat chats chatting session
    sessions message messages assistant ai remind remember recall recap summarize summarise summary list order ordered
    sequence first only items item throughout across recent recently previous previously return format yyyy mm dd
    answer answers question questions brought bring different various aspects aspect way ways walk through give
    provide complete detail details following option options happened happen event events came later earlier before
    after between during long number times time count distinct day days date dates image images picture pictures photo
    photos file name among shows show shown shared suggest suggested suggestion suggestions recommend recommended
    recommendation recommendations advice help
    """.split()
)
"""Words in questions about earlier conversations that say how to answer, not what the conversation was about."""


def searchable(text: str) -> str:
    """Return a text in the form that is indexed: one spelling per letter, and words separated by spaces.

    A Korean word is followed by its forms without particles, so that a search for the bare noun finds it.
    """
    return str(_HANGUL.sub(lambda match: " ".join([match[0], *_without_particles(match[0])]), _one_way(text)))


def words_of(text: str) -> list[str]:
    """Return the words of a text in order, without added forms."""
    return _lower_words(_one_way(text))


def terms(query: str) -> list[str]:
    """Return the distinct search words of a query; common words are left out unless there are no others."""
    every = list(dict.fromkeys(_lower_words(searchable(query))))
    return [word for word in every if word not in COMMON] or every


def asked_terms(query: str) -> list[str]:
    """Return `terms` without the words of `ASKING`, unless there are no others."""
    every = terms(query)
    return [word for word in every if word not in ASKING] or every


def _lower_words(text: str) -> list[str]:
    # A Greek capital sigma has another lower-case form at the end of a word than inside it.
    words: list[str] = _WORD.findall(text.lower().replace("ς", "σ"))
    return words


def _one_way(text: str) -> str:
    if text.isascii():
        return text.translate(_LETTERS)
    composed = unicodedata.normalize("NFKC", text).translate(_LETTERS)
    plain = _GREEK.sub(lambda match: _IGNORED_MARKS.sub("", unicodedata.normalize("NFD", match[0])), composed)
    return str(_UNSPACED.sub(r" \1 ", _IGNORED_MARKS.sub("", plain)))


def _without_particles(word: str) -> list[str]:
    forms: list[str] = []
    for _ in range(_MAX_PARTICLES_PER_WORD):
        particle = next((one for one in _PARTICLES if word.endswith(one) and len(word) > len(one)), None)
        if particle is None:
            break
        word = word.removesuffix(particle)
        forms.append(word)
    return forms
