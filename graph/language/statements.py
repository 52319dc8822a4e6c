"""Which sentences of a message can say something about the person: no question, request, greeting or thanks (pure rules)."""

from __future__ import annotations

import re

_END = re.compile(r"(?<=[.!?…])[\"'”’»)]*\s+(?=[^\s.!?…])|(?<=[。！？])|\n+")
_NO_END = re.compile(r"(?:\b(?:Dr|Mr|Mrs|Ms|St|Prof|No|Nr|e\.g|i\.e|a\.m|p\.m|bzw|z\.B|Sr|Sra)|\b[A-Z])\.$")
_DAY_OF = re.compile(r"\b\d{1,2}\.$")
_MONTH = re.compile(r"[a-zäöü]|(?:Jan|Feb|M[äa]r|Apr|Ma[iy]|Jun|Jul|Aug|Sep|O[kc]t|Nov|De[zc])", re.UNICODE)
_QUESTION = re.compile(r"[?？؟]\W*$")
_TAIL = re.compile(
    r"(?:,|;| [–—-]|\band\b|\bso\b)\s+(?=(?:what|how|where|when|who|which|why|can you|could you|would you|will you|"
    r"do you|should i|"
    r"is (?:there|it|that)|are there|any (?:ideas?|tips?|advice))\b)",
    re.IGNORECASE,
)
_ASKED = re.compile(
    r"^(?:what|how|where|when|who|whose|whom|which|why|can|could|would|will|do|does|did|is|are|am|was|were|have|has|"
    r"should|shall|may)"
    r"(?:['’]s|['’]re)?\s+(?:you|i|we|he|she|it|they|there|that|this|the|my|your|our|much|many|long|old|is|are|was|were|"
    r"do|does|did|"
    r"about|of|would|should|can|could|to)\b.*$",
    re.IGNORECASE,
)
_REQUEST = re.compile(
    r"^(?:please\b|pls\b|can you|could you|would you|tell me|explain|help me|give me|show me|write|translate|suggest|"
    r"recommend|list|"
    r"summari[sz]e|describe|compare|make (?:me|it|that|this)|find|let['’]?s|pretend|imagine|act as|ignore|forget|"
    r"remind me (?:what|who|"
    r"when|where|of)|i (?:want|need|['’]?d like|would like) you to|bitte\b|erkl[äa]re?\b|erz[äa]hle?\b|schreibe?\b|"
    r"übersetze?\b|nenne\b|"
    r"gib mir|zeig(?:e)? mir|por favor|explica|cu[ée]ntame|escribe|traduce|dame|dime|"
    r"请|帮我|告诉我|解释|翻译|推荐|给我(?!看|们|妈|爸))",
    re.IGNORECASE,
)
_TOLD_TO_REMEMBER = re.compile(
    r"^(?:please |pls |can you |could you )?(?:remember|note|keep in mind|don['’]?t forget|merke? dir|recuerda|"
    r"记住)\s*[:,]?\s+(?:that |dass |que )?",
    re.IGNORECASE,
)
_POLITE_WORDS = """
    hi hello hey hiya morning good evening afternoon night there bye goodbye see you later tomorrow soon thanks thank
    a lot so much very that helps helped helpful was is really great nice perfect ok okay sure yes yeah yep no nope
    please fine cool lol haha hahaha ha one got it never mind welcome cheers wow amazing awesome lovely exactly right
    sounds let's do again for your the help all how are today what's up tip tips advice alright you're and this of
    course i see makes sense to me love hallo guten morgen tag abend nacht danke vielen dank sehr schön super gut
    prima ja nein bitte tschüss bis später morgen hilft mir das hola buenos buenas días tardes noches gracias muchas
    mil vale sí genial adiós hasta luego bonjour salut merci beaucoup bonsoir oui non d'accord ciao grazie
"""
_POLITE = frozenset(_POLITE_WORDS.split())
_POLITE_HAN = re.compile(
    r"^(?:你好|您好|早上好|早安|早|晚上好|晚安|嗨|谢谢(?:你|您)?|多谢|太好了|好的?|是的|不是|再见|明天见|没关系|哈+|嗯+|非常感谢|[\s，。！!,.~～])+$"
)
_MIN_STATEMENT_WORDS = 2
"""Minimum words of a statement."""
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_WHOM = re.compile(r"^(?:hi|hello|hey|good morning|good evening|thanks|thank you)\b[^,.!]{0,20}[,.!]\s*", re.IGNORECASE)


def statements(text: str) -> list[str]:
    """Return the sentences of a message that state something, without the questions and requests they contain.

    An empty list means that the message only asks, greets or thanks.
    """
    found = []
    for sentence in sentences_of(text):
        if is_request(sentence):
            continue
        told = _TOLD_TO_REMEMBER.sub("", sentence)
        if _QUESTION.search(told):
            told = _before_the_question(told)
        if told and not _is_polite(told):
            found.append(told[:1].upper() + told[1:])
    return found


def is_request(sentence: str) -> bool:
    """Return whether a sentence asks the assistant to do something."""
    return _REQUEST.match(sentence) is not None and _TOLD_TO_REMEMBER.match(sentence) is None


def sentences_of(text: str) -> list[str]:
    """Split a text into sentences; the dots in `Dr. Novak` and `on 3. May` end none."""
    parts: list[str] = []
    for part in _END.split(text):
        if parts and (_NO_END.search(parts[-1]) or (_DAY_OF.search(parts[-1]) and _MONTH.match(part.strip()))):
            parts[-1] = f"{parts[-1]} {part.strip()}"
        elif part.strip():
            parts.append(part.strip())
    return parts


def _before_the_question(sentence: str) -> str:
    """Return what a sentence states before its question: `I'm vegan, what should I cook?`; mostly empty."""
    begins = _TAIL.search(sentence)
    before = sentence[: begins.start()].strip(" ,;–—-") if begins else ""
    return "" if _ASKED.match(before) or len(_WORD.findall(before)) < _MIN_STATEMENT_WORDS else f"{before}."


def _is_polite(sentence: str) -> bool:
    """Return whether a sentence only greets, thanks, agrees or laughs."""
    if _POLITE_HAN.match(sentence):
        return True
    words = [word.lower().replace("’", "'") for word in _WORD.findall(sentence)]
    if not words:
        return True
    return all(word in _POLITE or re.fullmatch(r"(?:ha)+h?|h?m+|lo+l", word) for word in words)
