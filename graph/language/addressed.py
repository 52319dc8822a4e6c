"""Rewrite what memory says about "the user" so that it addresses the person who reads it (pure rules; English).

Memories are in the third person, because a model reads them. On the person's own page, `The user has a daughter` reads as
`You have a daughter`. Text that the rules do not cover stays as it is.
"""

from __future__ import annotations

import re

from graph.language.verbs import ADVERBS, BASES, is_past, present

_WORD = r"[^\W\d_]+(?:['’][^\W\d_]+)?"
_SENTENCE = re.compile(r"[^.!?\n]*(?:[.!?\n]+|$)")
_NOT_THE_PERSON = "interface|experience|manual|guide|group|base|account|data|id|name|research|journey|stor(?:y|ies)|tests?"
_USER = re.compile(rf"\bthe user\b(?!\s+(?:{_NOT_THE_PERSON})\b)(?P<own>['’]s\b)?", re.IGNORECASE)
"""Not in "the user interface": a person may write software."""
_CLAUSE_STARTS = frozenset(
    [
        "and",
        "but",
        "or",
        "so",
        "that",
        "when",
        "because",
        "if",
        "while",
        "since",
        "where",
        "before",
        "after",
        "until",
        "whether",
        "as",
        "though",
    ]
)
_AUXILIARIES = {
    "is": "are", "was": "were", "has": "have", "does": "do", "isn't": "aren't", "wasn't": "weren't", "hasn't": "haven't",
    "doesn't": "don't",
}  # fmt: skip
_THEIRS = {
    "their": "your", "theirs": "yours", "them": "you", "they": "you", "themself": "yourself", "themselves": "yourself",
}  # fmt: skip
_NO_PLURAL = frozenset(
    [
        "always",
        "sometimes",
        "perhaps",
        "besides",
        "afterwards",
        "towards",
        "thus",
        "this",
        "his",
        "its",
        "as",
        "us",
        "plus",
        "ours",
        "across",
    ]
)
_BETWEEN = "|".join(["no longer", *sorted(ADVERBS)])
_JOINED = re.compile(rf"(?P<lead>\b(?:and|but|then)\s+)(?P<between>(?:(?:{_BETWEEN})\s+)*)(?P<verb>{_WORD})")


def addressed(text: str) -> str:
    """Return a memory's text with "you" instead of "the user".

    Args:
        text: One or more sentences.

    Example:
        >>> addressed("The user has a daughter and lives with her.")
        'You have a daughter and live with her.'
    """
    return "".join(_sentence(match[0]) for match in _SENTENCE.finditer(text))


def _sentence(sentence: str) -> str:
    found = list(_USER.finditer(sentence))
    if not found:
        return sentence
    out, place = "", 0
    subject_first = False
    for match in found:
        out += sentence[place : match.start()]
        starts = not re.search(r"\w", out)
        if match["own"]:
            out, place = out + ("Your" if match[0][0] == "T" else "your"), match.end()
            continue
        out += "You" if match[0][0] == "T" else "you"
        place = match.end()
        if starts or _begins_clause(out[: -len("you")]):
            said, place = _verb(sentence, place)
            out += said
            subject_first |= starts
    rest = sentence[place:]
    if subject_first:
        rest = _theirs(rest, sentence[: len(sentence) - len(rest)])
        rest = _JOINED.sub(_joined, rest)
    return out + rest


def _begins_clause(before: str) -> bool:
    words = re.findall(rf"{_WORD}|[,;:(]", before.lower())
    return bool(words) and (words[-1] in _CLAUSE_STARTS or not words[-1].isalpha())


def _verb(sentence: str, place: int) -> tuple[str, int]:
    """Return adverbs and the verb that follow a subject, in the second person, and the position after them."""
    said = ""
    for match in re.finditer(rf"\s+({_WORD})", sentence[place:]):
        if match.start() != len(said):
            break
        word = match[1]
        if word.lower() in ADVERBS or (word.lower().endswith("ly") and word.lower() not in ("relies", "applies", "replies")):
            said += match[0]
            continue
        base = _base(word)
        return said + match[0][: -len(word)] + base, place + len(said) + len(match[0])
    return said, place + len(said)


def _base(word: str) -> str:
    """Return the form after "you" of a verb after "the user"; a past form, or another word, stays."""
    low = word.lower()
    if low in _AUXILIARIES:
        return _AUXILIARIES[low]
    if is_past(low) or not low.endswith("s") or low.endswith("ss"):
        return word
    candidates = [low[:-1], low[:-2]] + ([f"{low[:-3]}y"] if low.endswith("ies") else [])
    # "goes" is of "go" and "bakes" of "bake": the base is the one whose regular form is this word.
    fitting = [one for one in candidates if len(one) > 1 and present(one) == low]
    return next((one for one in fitting if one in BASES), fitting[-1] if fitting else word)


def _joined(match: re.Match[str]) -> str:
    """Put a verb after `and` into the second person, if it is surely a verb."""
    verb = match["verb"].lower()
    base = _base(verb)
    if verb in _AUXILIARIES or (base != verb and (base in BASES or match["between"])):
        return f"{match['lead']}{match['between']}{base}"
    return match[0]


def _theirs(rest: str, before: str) -> str:
    """Put "their" into the second person, as long as no other people were named that it may belong to."""
    out, place = "", 0
    for match in re.finditer(r"\b(?:their|theirs|them|they|themself|themselves)\b", rest, re.IGNORECASE):
        words = [word.lower() for word in re.findall(_WORD, before + rest[: match.start()])][2:]
        if any(_may_be_several(word) for word in words[1:]):
            break
        said = _THEIRS[match[0].lower()]
        out += rest[place : match.start()] + (said.capitalize() if match[0][0].isupper() else said)
        place = match.end()
    return out + rest[place:]


def _may_be_several(word: str) -> bool:
    is_plural = word.endswith("s") and not word.endswith(("ss", "'s", "’s")) and word not in _NO_PLURAL
    return (is_plural and word not in _AUXILIARIES and _base(word) not in BASES) or word in ("people", "children", "parents")
