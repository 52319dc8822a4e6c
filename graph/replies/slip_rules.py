"""The rules that decide whether a sentence of a reply is a slip, may still become one, or is none (pure)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import regex

from graph.language import language_id
from graph.language.message_kind import asks
from graph.language.question_words import (
    CLAIMS,
    FIRST_PERSON,
    HAN,
    SECOND_PERSON,
    asks_for_its_words,
    content,
    is_opening,
    is_question,
    offers_options,
    overlap,
    sentences_of,
    tokens,
    without_opening,
)
from graph.prompts.plain_replies import you_said
from graph.replies.said_before import may_become, sentences_said

Kind = Literal["prompt text", "echo", "wrong person", "letter", "wrong language", "repetition"]

_MARKS = regex.compile(
    r"(?:</?(?:think|answer|retrieve)>|(?:[-*•] ?)?\[?\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d)?(?: ?\(\p{L}+\))?\s?(?:\]:?|:(?!\d)|[–—-](?=\s))"
    r"|(?:[-*•] ?)?\[\d{4}-\d\d-\d\d[^\]\n]{0,40}\]:?|(?:assistant|companion|reply|answer|you answered|they say now)\s?[:：])[ \t]*",
    regex.IGNORECASE,
)
"""Characters that precede one of our lines, and never a reply."""
_NEXT_TURN = regex.compile(r"(?:user|human|the person)\s?[:：]", regex.IGNORECASE)
"""At this mark a small model continues the conversation by itself."""
_TALKS = re.compile(r"\b(?:user|dialog\w*|chat|script|skript|conversation|interview|gespräch|diálogo)\b|对话", re.IGNORECASE)
_THE_USER = re.compile(r"^\W*(?:the user(?:'s|’s)?|der nutzer|die nutzerin|el usuario|la usuaria|用户)\b", re.IGNORECASE)
_BRACKETS = re.compile(r"^\s*\(([^()\n]{1,40})\)?\s*[.。]?\s*$")
_LETTER = re.compile(r"^\s*(?:\(([a-h])\)|([a-h])\))\s*", re.IGNORECASE)
_ALONE = re.compile(r"^\W*[a-hA-H]\W*$")
_OF_ITSELF = re.compile(
    r"^\W*(?:i['’]?m (?:\w+ )?(?:sorry|glad|happy|here|afraid|not|an?|your|just|doing|fine|good|ready|excited|delighted|proud)"
    r"|i (?:hope|think|understand|know|can|can['’]?t|cannot|don['’]?t|do not|see|remember|hear|would|could|will|have no|haven['’]?t|didn['’]?t"
    r"|believe|suggest|recommend|wish)|i['’](?:ll|d|ve)|my (?:apologies|pleasure|suggestion|advice|guess|memory|mistake|name is (?!\w+$))"
    r"|ich (?:verstehe|hoffe|denke|glaube|kann|weiß|bin (?:ein|hier|für|dein|nicht)|freue|würde|wünsche|empfehle|schlage|erinnere|habe (?:kein|leider))"
    r"|meine? (?:empfehlung|vorschlag|tipp)|lo siento|espero|entiendo|me alegr|puedo|no (?:lo )?(?:sé|tengo|puedo)|creo|estoy (?:aquí|bien|list)"
    r"|soy (?:un|una|tu)|mi (?:consejo|recomendación)|我(?:很|不|没|可以|是|理解|明白|能|会|觉得|希望|知道|建议|推荐|也))",
    re.IGNORECASE,
)
"""How an assistant refers to itself."""
_HOW_ARE_YOU = re.compile(
    r"^\W*(?:and |und |y |et )?(?:how(?: a|['’]?s|['’]?re| is| was)|wie (?:geht|war|läuft)|cómo|como (?:est|te|va)|qué tal)",
    re.IGNORECASE,
)
_HEDGES = re.compile(
    r"\bi (?:believe|think|guess|suppose|hope|see|know|remember|recall|understand)\b|\b(?:glaube|denke|vermute|hoffe|meine) ich\b"
    r"|\bich (?:glaube|denke|vermute|hoffe)\b|\bje (?:crois|pense)\b|我(?:想|觉得|认为|记得|相信|猜)",
    re.IGNORECASE,
)
_INTRODUCES = re.compile(
    r"^\W*(?:ich (?:bin|heiße)|i ?['’]?a?m|my name is|mein name ist|soy|me llamo|mi nombre es|je m['’]appelle|mi chiamo)\b|^\W*我(?:叫|是|的名字)",
    re.IGNORECASE,
)
_TOO = re.compile(r"\b(?:too|also|as well|auch|también|aussi|anche|também|ook)\b|也", re.IGNORECASE)
_MAX_WAIT_CHARS = 240
"""Maximum characters of one sentence that are buffered."""
_MIN_PROMPT_WORDS, _MIN_PROMPT_CHARS = 4, 18
"""Consecutive words and characters from which a match with one of our sentences is no accident."""
_MIN_ECHO_WORDS, _MIN_ECHO_CHARS = 4, 6
"""Minimum length of a sentence that can be an echo: a greeting may be returned."""
_SAME, _MOST_OF_THEIRS = 0.85, 0.7
_SAME_CONTENT, _HALF = 0.6, 0.5
_MAX_NEW_WORDS = 3
"""Content words that may be new if the person asks about themselves: `I am 41 years old`."""
_MAX_WORDS_BEFORE_I = 4
"""Words that may precede the "I" that shows whose words they are, as in `Am liebsten trinke ich`; one in English (`So I …`)."""
_MIN_BEGUN_CHARS = 3
"""Letters of an incomplete word from which it is informative."""
_MIN_LANGUAGE_CHARS = 28
_MIN_OTHER_LANGUAGE_CONFIDENCE = 0.8
_MAX_QUOTED_CHARS = 160
_MIN_PASTED_CHARS = 1_500
"""Characters from which a message is a text to work on rather than a statement."""


@dataclass(frozen=True)
class Talk:
    """What a reply is compared with.

    Attributes:
        message: What the person wrote.
        own: What they wrote before, as far as the prompt shows it.
        ours: Every text of ours in the prompt, and the titles of its sections.
        language: Language of the reply, ISO 639-1; empty if unknown, or if the person may want another one.
        replies: Earlier replies of this conversation; the last one may have offered options.
    """

    message: str
    own: tuple[str, ...] = ()
    ours: tuple[str, ...] = ()
    language: str = ""
    replies: tuple[str, ...] = ()


@dataclass(frozen=True)
class Pass:
    """The sentence is no slip: it is shown as it arrives."""


@dataclass(frozen=True)
class Wait:
    """The text so far may still be a slip."""


@dataclass(frozen=True)
class Cut:
    """A slip.

    Attributes:
        kind: Its type.
        length: Number of characters that are left out.
        instead: What is shown in its place.
        is_prefix: The text after it belongs to the same sentence.
        ends: The rest of the reply is left out as well.
    """

    kind: Kind
    length: int
    instead: str = ""
    is_prefix: bool = False
    ends: bool = False


Verdict = Pass | Wait | Cut


class Judge:
    """Judges the sentences of one reply.

    Args:
        talk: What the sentences are compared with.
    """

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._ours = _sentences_of_ours(talk.ours)
        self._frees = asks_for_its_words(talk.message)
        self._options = offers_options(talk.message) or offers_options("".join(talk.replies[-1:]))
        self._talks = bool(_TALKS.search(talk.message))
        self._theirs = [] if self._frees else sentences_of([talk.message])
        if len(talk.message) > _MIN_PASTED_CHARS:
            # If the person shows a long text, the reply may quote its sentences.
            self._theirs = [sentence for sentence in self._theirs if sentence.is_of_me]
        self._known = [] if self._frees else [*sentences_of(talk.own), *self._theirs]
        self._asks = is_question(talk.message)
        # A repeated question gets the same answer.
        self._said_before = frozenset() if asks(talk.message) else sentences_said(talk.replies)
        self._asks_of_me = self._asks and bool(FIRST_PERSON.search(_flat(talk.message)))
        self._before_i = 1 if talk.language == "en" else _MAX_WORDS_BEFORE_I
        self._asks_of_it = bool(SECOND_PERSON.search(_flat(talk.message))) and not FIRST_PERSON.search(_flat(talk.message))

    def judge(self, text: str, ahead: str, *, whole: bool, first: bool, final: bool) -> Verdict:
        """Judge a sentence, or its beginning.

        Args:
            text: The sentence without leading space.
            ahead: The text so far, from the sentence's first letter on.
            whole: The sentence is complete.
            first: Nothing was shown before it.
            final: No text follows.
        """
        if first and isinstance(language := self._language(ahead, final=final), Wait | Cut):
            return language
        waits, last = False, final and text == ahead
        for verdict in self._verdicts(text, whole=whole, first=first, last=last):
            if isinstance(verdict, Cut):
                return verdict
            waits = waits or isinstance(verdict, Wait)
        return Wait() if waits and not whole and len(text) < _MAX_WAIT_CHARS else Pass()

    def _verdicts(self, text: str, *, whole: bool, first: bool, last: bool) -> list[Verdict]:
        found = [self._marks(text, whole=whole), self._prompt_text(text, whole=whole), self._repetition(text, whole=whole)]
        if first:
            found.append(self._letter(text, last=last))
        found.append(self._echo(text, whole=whole, first=first))
        if first:
            found.append(self._wrong_person(text, whole=whole))
        return found

    def _marks(self, text: str, *, whole: bool) -> Verdict:
        match = _NEXT_TURN.match(text, partial=not whole) if not self._talks else None
        if match and not match.partial:
            return Cut("prompt text", len(text), ends=True)
        waits = match is not None
        match = _MARKS.match(text, partial=not whole)
        if match and self._talks and text[:1].isalpha():
            match = None
        if match and not match.partial and match.end():
            return Cut("prompt text", match.end(), is_prefix=True)
        return Wait() if waits or match is not None else Pass()

    def _prompt_text(self, text: str, *, whole: bool) -> Verdict:
        heading = text.strip(" #:*.。\n").lower()
        if whole and heading in self._ours.titles:
            return Cut("prompt text", len(text))
        if not whole and any(title.startswith(heading) for title in self._ours.titles):
            return Wait()
        return self._ours.match(tokens(text), text, whole=whole)

    def _repetition(self, text: str, *, whole: bool) -> Verdict:
        """Judge whether a sentence repeats an earlier one word for word: a small model may repeat one sentence after every
        message.
        """
        words, partial = _words(text, whole=whole)
        if whole:
            return Cut("repetition", len(text)) if tuple(words) in self._said_before else Pass()
        return Wait() if may_become(words, partial, self._said_before) else Pass()

    def _letter(self, text: str, *, last: bool) -> Verdict:
        if self._options:
            return Pass()
        if (match := _LETTER.match(text)) and (last or len(text) > match.end()):
            return Cut("letter", match.end(), is_prefix=True)
        if last and _ALONE.match(text):
            return Cut("letter", len(text))
        if match := _BRACKETS.match(text):
            return Cut("letter", len(text), instead=match[1]) if last and text.rstrip(" .。\n").endswith(")") else Wait()
        return Wait() if len(text) < 3 and re.match(r"^\W*[a-hA-H]?\W*$", text) else Pass()  # noqa: PLR2004 - `b)`

    def _language(self, text: str, *, final: bool) -> Verdict:
        """Judge the language of the text so far; a name alone has none."""
        wanted = self._talk.language
        if not wanted or self._frees or len(text) >= 2 * _MIN_LANGUAGE_CHARS:
            return Pass()
        spoken, confidence = language_id.guess(text)
        if spoken == wanted:
            return Pass()
        if confidence >= _MIN_OTHER_LANGUAGE_CONFIDENCE and len(text) >= _MIN_LANGUAGE_CHARS:
            return Cut("wrong language", len(text), ends=True)
        return Pass() if final else Wait()

    def _echo(self, text: str, *, whole: bool, first: bool) -> Verdict:
        words, partial = _words(without_opening(text), whole=whole)
        stems = [word[:5] for word in words]
        least = _MIN_ECHO_CHARS if HAN.search(text) else _MIN_ECHO_WORDS
        of_me = bool(FIRST_PERSON.search(_flat(text)))
        to_you = bool(SECOND_PERSON.search(_flat(text)))
        for sentence in self._theirs:
            if not first and not sentence.is_of_me:
                continue
            shared, size = overlap(stems, sentence.tokens), sentence.tokens.total()
            if not whole:
                misses = len(stems) - shared
                begun = not partial or any(stem.startswith(partial[:5]) for stem in sentence.tokens)
                # `is` for `ist`: one word may differ once the first word is the person's.
                may_differ = max(1, len(stems) // 5) if stems and stems[0] in sentence.tokens else 0
                if misses <= may_differ and len(stems) <= size and (begun or may_differ) and size >= least:
                    return Wait()
                continue
            # `How are you today?` may be asked in return, and `your sister` belongs to the person.
            turned = (to_you and not of_me) or bool(_HOW_ARE_YOU.match(text))
            if (
                len(stems) >= least
                and not turned
                and shared >= _SAME * len(stems)
                and (of_me or shared >= _MOST_OF_THEIRS * size)
            ):
                return Cut("echo", len(text))
        return Pass()

    def _wrong_person(self, text: str, *, whole: bool) -> Verdict:
        words, partial = _words(without_opening(text), whole=whole)
        # An incomplete word may become another word.
        begun = partial or ("你" if not whole and text.endswith("你") else "")
        flat = _flat(text[: len(text) - len(begun)])
        if _THE_USER.match(text) and not _TALKS.search(self._talk.message):
            return Cut("wrong person", len(text)) if whole else Wait()
        too = _TOO.search(flat) and not _TOO.search(self._talk.message)
        of_itself = SECOND_PERSON.search(flat) or too or _OF_ITSELF.match(without_opening(text))
        if self._known and not whole and is_opening(text):
            return Wait()
        if not self._known or (of_itself and not self._repeats(words, partial, whole=whole)):
            return Pass()
        if not whole and any(isinstance(self._wrong_person(part, whole=True), Cut) for part in _clauses(text)):
            # However the sentence continues, it has said the person's words as "I".
            return Wait()
        if not whole:
            return self._may_be_theirs(words, partial, of_me=bool(CLAIMS.search(flat)))
        verdicts = [self._whose(part, text) for part in (text, *_clauses(text))]
        return next((one for one in verdicts if isinstance(one, Cut)), Pass())

    def _may_be_theirs(self, words: Sequence[str], partial: str, *, of_me: bool) -> Verdict:
        """Judge whether the beginning of a sentence may become one that says the person's words as "I"."""
        content_words = content(words)
        shared = max(overlap(content_words, sentence.content) for sentence in self._known)
        begun = not partial or any(stem.startswith(partial[:5]) for one in self._known for stem in one.tokens)
        if of_me:
            may_be = len(content_words) - shared <= (_MAX_NEW_WORDS if self._asks_of_me else 1) and bool(begun or shared)
        else:
            may_be = (
                len(words) <= self._before_i
                and len(content_words) == shared
                and (begun or bool(shared) or len(partial) < _MIN_BEGUN_CHARS)
            )
            may_be = may_be and any(sentence.is_of_me for sentence in self._known)
        return Wait() if may_be else Pass()

    def _repeats(self, words: Sequence[str], partial: str, *, whole: bool) -> bool:
        """Return whether these are the person's words in the same order, and enough of them to be no accident."""
        if whole and len(words) <= _MIN_ECHO_WORDS:
            return False
        said = " ".join(words)
        start = f"{said} {partial}".strip() if not whole else said
        return any(sentence.plain.startswith(start) for sentence in self._known if sentence.is_of_me)

    def _whose(self, part: str, text: str) -> Verdict:
        """Judge a sentence, or one of its clauses, that may say the person's words as "I"."""
        if not CLAIMS.search(_flat(part)):
            return Pass()
        content_words = content(_words(without_opening(part), whole=True)[0])
        best = max(self._known, key=lambda sentence: overlap(content_words, sentence.content))
        shared = overlap(content_words, best.content)
        of_message = any(best.text == one.text for one in self._theirs)
        least = 3 if HAN.search(part) else 2
        same = shared >= least and shared >= (_SAME_CONTENT if shared == least else _HALF) * len(content_words)
        same = same or (bool(shared) and shared == len(content_words) and bool(_INTRODUCES.match(without_opening(part))))
        same = same or (self._asks_of_me and not of_message and bool(shared))
        same = same or self._repeats(tokens(without_opening(part)), "", whole=True)
        if not same or (of_message and self._asks_of_it) or not best.is_of_me:
            return Pass()
        if self._asks and not of_message:
            # The person asks for what they said: it is returned as a quotation of them.
            return Cut("wrong person", len(text), instead=you_said(self._talk.language, best.text[:_MAX_QUOTED_CHARS]))
        return Cut("wrong person", len(text))


@dataclass(frozen=True)
class _Ours:
    """Our sentences, by their first word."""

    by_first: dict[str, tuple[tuple[str, ...], ...]]
    titles: frozenset[str]

    def match(self, words: Sequence[str], text: str, *, whole: bool) -> Verdict:
        if not words:
            return Pass()
        begun, partial = (words, "") if whole or not text[-1:].isalnum() else (words[:-1], words[-1])
        if not begun:
            return Wait() if any(first.startswith(partial) for first in self.by_first) else Pass()
        waits = False
        for sentence in self.by_first.get(begun[0], ()):
            same = next(
                (n for n, (one, other) in enumerate(zip(begun, sentence, strict=False)) if one != other),
                min(len(begun), len(sentence)),
            )
            if same >= min(_MIN_PROMPT_WORDS + 1, len(sentence)) and len(" ".join(sentence[:same])) >= _MIN_PROMPT_CHARS:
                return Cut("prompt text", len(text)) if whole else Wait()
            if same == len(begun) and same < len(sentence) and sentence[same].startswith(partial):
                waits = True
        return Wait() if waits else Pass()


@lru_cache(maxsize=4)
def _sentences_of_ours(texts: tuple[str, ...]) -> _Ours:
    by_first: dict[str, set[tuple[str, ...]]] = {}
    titles = set()
    for text in texts:
        if len(text) < 40 and "\n" not in text:  # noqa: PLR2004 - a title
            titles.add(text.strip(" #:.。").lower())
        for part in re.split(r"[.!?:]+\s|\n", text):
            words = tuple(tokens(part))
            if len(words) >= _MIN_PROMPT_WORDS and len(part) >= _MIN_PROMPT_CHARS:
                by_first.setdefault(words[0], set()).add(words)
    return _Ours({first: tuple(sorted(of)) for first, of in by_first.items()}, frozenset(titles))


def _words(text: str, *, whole: bool) -> tuple[list[str], str]:
    """Return the complete words, and the incomplete one at the end."""
    words = tokens(text)
    # After an apostrophe the word continues: `you'` is not complete.
    if whole or not words or not (text[-1:].isalnum() or text[-1:] in "'’") or HAN.match(text[-1]):
        return words, ""
    return words[:-1], words[-1]


def _clauses(text: str) -> list[str]:
    """Return the parts of a sentence that end with a comma."""
    return [text[: match.start()] for match in re.finditer(r"[,;:，；](?=\s|$)|，", text)]


def _flat(text: str) -> str:
    """Remove apostrophes, and the "I" of `I think`."""
    return _HEDGES.sub("", re.sub(r"(?<=\w)['’](?=\w)", "", text))
