"""Word lists for the rules on replies: who "I" is, what a message asks for, where a sentence ends (pure)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import regex

HAN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
_TOKEN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W_\u3040-\u30ff\u3400-\u9fff]+")
_APOSTROPHE = re.compile(r"(?<=\w)['’](?=\w)")
_STEM_CHARS = 5
"""Letters that two forms of a word have in common."""
_MAX_SENTENCE_TOKENS = 60
"""Maximum tokens of a sentence that is compared; longer ones are pasted."""
_MAX_SENTENCE_CHARS = 600
_MAX_SENTENCES = 120
BOUNDARY = re.compile(r"[.!?…]+[\"'”’»)\]*_]*(?=\s)|[。！？]|\n")
"""Where a sentence ends: the text after it is judged separately."""
FIRST_PERSON = re.compile(
    r"\b(?:i|im|ive|id|my|mine|me|myself|we|our|ich|mein\w{0,2}|mir|mich|wir|unser\w{0,2}|yo|mis?|mí|soy|estoy|tengo|vivo|trabajo"
    r"|nuestr[oa]s?|je|j|mon|ma|mes|moi|io|mio|mia|miei|sono|eu|meu|minha|ik|mijn)\b|[我咱私僕]|\b(?:я|мой|моя|мне|меня)\b",
    re.IGNORECASE,
)
CLAIMS = re.compile(
    r"\b(?:i|im|ive|id|my|mine|ich|mein\w{0,2}|mir geht|mir gefällt|yo|mis?|soy|estoy|tengo|vivo|trabajo|me (?:gusta|encanta|llamo|duele)\w*"
    r"|je|j|mon|ma|mes|io|mio|mia|miei|sono|eu|meu|minha|ik|mijn)\b|(?<![让给对跟和叫])[我私僕]|\b(?:я|мой|моя)\b",
    re.IGNORECASE,
)
"""Where a speaker says something about themselves; `let me see` does not."""
SECOND_PERSON = re.compile(
    r"\b(?:you|your|yours|youre|youve|yourself|du|dein\w{0,2}|dir|dich|euch|euer|eure\w?|ihnen|ihr\w{0,2}|tú|tus?|ti|te|usted|contigo|tienes"
    r"|eres|tien|tienne|toi|vous|votre|vos|tuo|tua|tuoi|sei|hai|você|seu|sua|jij|jouw)\b"
    r"|[您]|你(?!好)|あなた|\b(?:ты|тебе|тебя|твой|твоя|вы|вам|вас|ваш)\b",
    re.IGNORECASE,
)
_STOP = frozenset(
    "a an the and or but is are am was were be been to of in on at with for from by that this it its i im my me we our you your do "
    "does did have has had not so as if just too very and der die das den dem des ein eine einen einem einer und oder aber ist sind "
    "bin war waren zu von mit für auf an in im am bei es ich mein meine meinen meinem du dein deine nicht auch noch ja so wie was hab "
    "habe hat haben sich wir el la los las un una unos unas y o pero es son soy estoy era de del a en con por para que se lo le me mi "
    "mis yo tu no muy más le les des une et ou est sont je mon ma mes il di e è un uno una che per non io mio mia o os um uma eu meu".split()
)
_STOP_HAN = frozenset("的了是我你您在有一不吗呢吧啊呀也都就很和跟这那个们还要来去好么什说得着过")
_REPEAT = re.compile(
    r"\b(?:repeat|word for word|verbatim|translat\w+|proofread|rephrase|rewrite|paraphrase|quote|wiederhol\w*|wörtlich|wortwörtlich"
    r"|übersetz\w*|korrigier\w*|umformulier\w*|zitier\w*|repite\w*|repetir|repítelo|traduc\w*|corrig\w*|reescrib\w*|répète\w*|tradui\w*"
    r"|ripeti\w*|tradurre|traduci)\b"
    r"|\b(?:correct|spell|fix) (?:this|that|my|it)\b|\bwhat (?:exactly )?did i (?:just |exactly )?(?:say|write|tell)"
    r"|\bsay (?:it|that|this) again\b|\b(?:write|give me|show me) my (?:sentence|message|words)\b|\bwhat i (?:just )?(?:said|wrote)\b"
    r"|\bwas (?:genau )?hab(?:e)? ich (?:\w+ ){0,3}(?:gesagt|geschrieben)|\bmeinen? (?:satz|nachricht|worte)\b"
    r"|\bqué (?:te )?(?:dije|he dicho|escribí)|\bmi (?:frase|mensaje)\b|重复|复述|翻译|改写|润色|纠正|我(?:刚才|刚刚)?(?:说|写)了?什么|原话",
    re.IGNORECASE,
)
_DRAFT = re.compile(
    r"(?:^|[.!?,;]\s*|\b(?:help me|can you|could you|would you|will you|please|pls|to)\s+)(?:please\s+|pls\s+|me\s+)?"
    r"(?:write|draft|compose|formulate|word)\b"
    r"|\b(?:schreib|formulier|verfass|entwirf|escribe|escríbeme|redacta|écris|rédige|scrivi|escreva)\w*\b|写(?:一|个|封|段|首|篇|条)|帮我写",
    re.IGNORECASE,
)
_QUESTION = re.compile(
    r"[?？؟]"
    r"|^\W*(?:(?:hey|hi|ok|okay|oh|and|so|btw|oye|hola|hallo|moin|morgen|morning|na|also|aber|but|und|y|e|et)[\s,.!]+)?(?:"
    # Statements may begin like this too: "when i was seven", "wo ich wohne".
    r"(?:who|what|which|why|how)(?! (?:an?|i|we|he|she|they|it|you|my|our|the)\b)"
    r"|(?:when|where)(?= (?:is|are|was|were|did|do|does|will|can|should)\b)"
    r"|whos|whats|wheres|do|does|did|is|are|was|can|could|(?:wer|was|wann|wo|woher|wohin|welche\w?|warum|wie)(?! (?:ich|wir|er|sie|es|du|mein\w*|für ein\w*)\b)|weißt|kannst|hast"
    r"|quién|qué|cuándo|dónde|cómo|cuál|sabes|te acuerdas)\b"
    r"|什么|几点|哪|谁|怎么|为什么|来着|吗",
    re.IGNORECASE,
)
_OPTION = re.compile(r"(?:^|[\s(])(?:[a-h]|\d)[).:]\s|\([a-h]\)", re.IGNORECASE | re.MULTILINE)
_OPENING = regex.compile(
    r"\W*(?:(?:oh|ah|ach|aha|ja|ok(?:ay)?|so|nun|na|well|hey|hi|hallo|hola|hello|moin|yes|yeah|sure|sí|bueno|claro|good (?:morning|evening)"
    r"|guten (?:morgen|tag|abend)|buenos días|thanks?|danke|gracias)[\s,.!:]+|(?:好的|哦|啊|嗯|你好[呀啊]?|您好|早上好|谢谢)[，。！,!\s]+)",
    regex.IGNORECASE,
)


def tokens(text: str) -> list[str]:
    """Return the words of a text in lower case, without apostrophes; each character for Chinese and Japanese."""
    return [token.lower() for token in _TOKEN.findall(_APOSTROPHE.sub("", text))]


def content(words: Iterable[str]) -> list[str]:
    """Return the stems of the content words."""
    return [word[:_STEM_CHARS] for word in words if word not in _STOP and word not in _STOP_HAN]


def without_opening(text: str) -> str:
    """Return a sentence without its opening: `Oh, …`, `Ja, …`."""
    match = _OPENING.match(text)
    return text[match.end() :] if match else text


def is_opening(text: str) -> bool:
    """Return whether a sentence that has just begun may still be at its opening."""
    match = _OPENING.fullmatch(text, partial=True)
    return match is not None


def asks_for_its_words(message: str) -> bool:
    """Return whether a message asks to repeat, translate or correct words, or to write for the person: then "I" is the person."""
    return asks_to_repeat(message) or bool(_DRAFT.search(message))


def asks_to_repeat(message: str) -> bool:
    """Return whether a message asks to repeat, translate or correct words."""
    return bool(_REPEAT.search(message))


def is_question(message: str) -> bool:
    """Return whether a message asks a question, with or without a question mark."""
    return bool(_QUESTION.search(message))


def offers_options(text: str) -> bool:
    """Return whether a text offers options to choose from, such as `(a) … (b) …`."""
    return len(_OPTION.findall(text)) > 1


@dataclass(frozen=True)
class Sentence:
    """One sentence of the person, prepared for comparison with replies."""

    text: str

    @cached_property
    def tokens(self) -> Counter[str]:
        """Return its words by their stems."""
        return Counter(word[:_STEM_CHARS] for word in tokens(self.text))

    @cached_property
    def content(self) -> Counter[str]:
        """Return its content words."""
        return Counter(content(tokens(self.text)))

    @cached_property
    def plain(self) -> str:
        """Return its words in lower case."""
        return " ".join(tokens(self.text))

    @cached_property
    def is_of_me(self) -> bool:
        """Return whether it says "I"."""
        return bool(FIRST_PERSON.search(_APOSTROPHE.sub("", self.text)))


def sentences_of(texts: Sequence[str]) -> list[Sentence]:
    """Return the sentences of texts; a short text is also a sentence as a whole."""
    found: dict[str, None] = {}
    for text in texts:
        for part in (text, *BOUNDARY.split(text)):
            if len(found) == _MAX_SENTENCES:
                break
            if len(part) <= _MAX_SENTENCE_CHARS and 0 < len(tokens(part)) <= _MAX_SENTENCE_TOKENS:
                found.setdefault(part.strip())
    return [Sentence(part) for part in found]


def overlap(words: Iterable[str], known: Counter[str]) -> int:
    """Return how many of the words a sentence contains, counting each as often as the sentence does."""
    return (Counter(words) & known).total()
