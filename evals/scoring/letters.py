"""Which option a reply chooses: the published rules, and a strict one (pure functions)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

_THOUGHT = re.compile(r"<think>.*?(?:</think>|\Z)", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"</?(?:answer|final_answer|think)>", re.IGNORECASE)
_MARKS = re.compile(r"[*_`$]")
_BRACKETED = re.compile(r"\(([a-z])\)", re.IGNORECASE)
_ENDS = (
    r"(?=\s*(?:[).,:;!?/\]]|[-–—]\s|\Z|\n)|\s+(?:or|and)\s+(?:option\s+)?\(?[a-z]\b(?!\s+[a-z]{2})|"
    r"(?<!\bi)\s+(?:because|since|as|is|isn['’]t|was|wasn['’]t|would|does|doesn['’]t|fits|matches|seems|looks|mentions|says|describes)\b)"
)
"""Text after a bare letter that shows that it is an option and not an article: a mark, the end, another option, or a verb."""
_LETTER = (
    r"(?:\((?P<in>[a-z])\)|\\boxed\{\(?(?P<boxed>[a-z])\)?\}|option\s+\(?(?P<option>[a-z])\b\)?|"
    rf"\b(?P<bare>[a-z])\b{_ENDS}\)?)"
)
_MENTION = re.compile(_LETTER, re.IGNORECASE)
_VERDICT = re.compile(
    r"(?:\b(?:answer|choice|letter)\b(?:\s+here)?(?:\s+(?:is|would\s+be|has\s+to\s+be))?|\boption\s+(?:is|would\s+be)|\boption(?=\s*:)|"
    r"\b(?:choose|pick|select|prefer|go\s+(?:with|for))|"
    r"\b(?:so|therefore|thus|hence|consequently|which\s+(?:leaves|means)|that\s+(?:leaves|means)|leaving)"
    r"(?:\s+(?:only|just|it\s+is|it['’]s|it\s+must\s+be|i\s+(?:would\s+)?say|i['’]d\s+say|i\s+think|that\s+is|that['’]s|we\s+have))?,?)"
    r"\s*[:=]?\s*\Z",
    re.IGNORECASE,
)
"""Text before a letter that is given as the answer or as a conclusion."""
_CHOSEN_AFTER = re.compile(
    r"\s*(?:fits|matches|wins|it\s+is\b|makes\s+(?:the\s+most|more)\s+sense|"
    r"(?:is|seems|would\s+be|looks)\s+(?:the\s+|clearly\s+|therefore\s+)*(?:best|better|correct|right|answer|one|choice|true)\b)",
    re.IGNORECASE,
)
_DISCUSSED_AFTER = re.compile(
    r"\s*(?:(?:is|was)\s+(?:only\s+|just\s+|more\s+)*about|mentions?|talks?\s+(?:about|of)|speaks?\s+of|describes?|refers?\s+to|"
    r"concerns|focuses\s+on|says|suggests|assumes|contradicts|ignores|sounds|looks|seems)\b",
    re.IGNORECASE,
)
"""Text after an option that is discussed: it may still be the wrong one."""
_DENIED_BEFORE = re.compile(
    r"(?:\bnot\b|n['’]t\b|\bnever\b|\bthan\b|\binstead\s+of\b|"
    r"\bover\b|\brul(?:e|es|ed|ing)\s+out\b|\b(?:eliminat|exclud|dismiss|discard)\w+)(?:(?!between|whether)[^.,;!?]){0,20}\Z",
    re.IGNORECASE,
)
_DENIED_AFTER = re.compile(
    r"\s*(?:(?:is|was|does|did|can|would)\s*(?:not\b|n['’]t)|can['’]t|won['’]t|"
    r"(?:is|was)\s+(?:wrong|false|incorrect|out|off|excluded|eliminated|ruled\s+out|unlikely)\b)",
    re.IGNORECASE,
)
_JOINED = re.compile(r"\s*(?:,\s*(?:or|and)?|/|\bor\b|\band\b)\s*\Z", re.IGNORECASE)


def letter_published(reply: str) -> str | None:
    """Return the chosen letter as the published scorer of Persona-MME determines it: the character before the first `)`.

    Returns:
        The letter in lower case; None if there is no `)` or nothing before it.
    """
    before, bracket, _ = reply.partition(")")
    return before[-1].lower() if bracket and before else None


def letters_in(reply: str, letters: Collection[str]) -> set[str]:
    """Return every option that a reply names in brackets; PersonaMem counts it as correct if it names the right one alone."""
    return {letter.lower() for letter in _BRACKETED.findall(answered(reply))} & set(letters)


def letter_strict(reply: str, letters: Collection[str]) -> str | None:
    """Return the letter that a reply clearly chooses.

    Thoughts and denied options ("(a) is wrong") do not count. In this order: the last letter that it gives as its answer or
    conclusion ("so (b)"), the letter that it begins with unless it only discusses it ("(a) is about tea"), the only one that
    it names. A letter named together with another ("a or b") is no choice.

    Args:
        reply: What the model wrote.
        letters: The options, in lower case.

    Returns:
        The letter; None if the reply chooses none, or more than one.
    """
    said = _MARKS.sub("", answered(reply)).strip()
    named = [one for one in _mentions(said) if one.letter in letters]
    verdicts = [one for one in named if one.verdict]
    if chosen := verdicts[-1:] or [one for one in named[:1] if one.opens and not one.discussed]:
        return None if chosen[0].joined else chosen[0].letter
    only = {one.letter for one in named}
    return only.pop() if len(only) == 1 else None


def answered(reply: str) -> str:
    """Return a reply without the thought before it, and without tags."""
    return _TAG.sub("", _THOUGHT.sub("", reply)).strip()


@dataclass(frozen=True)
class _Mention:
    letter: str
    opens: bool
    verdict: bool
    discussed: bool
    joined: bool


def _mentions(said: str) -> Iterator[_Mention]:
    found = list(_MENTION.finditer(said))
    for number, match in enumerate(found):
        before, after = said[: match.start()], said[match.end() :]
        if _DENIED_BEFORE.search(before) or _DENIED_AFTER.match(after):
            continue
        follows = number + 1 < len(found) and bool(_JOINED.match(said[match.end() : found[number + 1].start()]))
        letter = next(value for value in match.groupdict().values() if value).lower()
        yield _Mention(
            letter,
            opens=not re.search(r"\w", before),
            verdict=bool(_VERDICT.search(before) or _CHOSEN_AFTER.match(after)),
            discussed=bool(_DISCUSSED_AFTER.match(after)),
            joined=follows,
        )
