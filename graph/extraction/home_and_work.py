"""Sentences that plainly say where their speaker now lives or what they now work as (pure rules; English)."""

from __future__ import annotations

import re

_NOW = r"(?:(?:now|just|currently|recently|finally|actually) )*"
_HOME = re.compile(
    rf"\b(?:i|we)(?:['’]ve| have)? {_NOW}"
    r"(?:live|moved(?: (?:home|back|house))?(?: from (?:the )?[A-Z][\w'’ -]{0,40}?)?) (?:now )?(?:in|to)(?:to)? "
    r"(?P<place>(?-i:[A-Z][\w'’-]*(?: [A-Z][\w'’-]*){0,3}))",
    re.IGNORECASE,
)
_WORK = re.compile(
    rf"\b(?:i|we)(?:['’]ve| have|['’]m| am)? {_NOW}(?:work(?:ing)?|started(?: work(?:ing)?| a (?:new )?job)?) {_NOW}as an? "
    r"(?P<what>[\w'’-]+(?: (?!and\b|but\b|so\b|because\b|since\b|which\b"
    r"|where\b|who\b|until\b|when\b|while\b|next\b|last\b|this\b|today\b|yesterday\b|on\b)[\w'’-]+){0,6})",
    re.IGNORECASE,
)
_NOT_NOW = re.compile(
    r"\b(?:19|20)\d\d\b|\b(?:ago|when i|as a (?:child|kid|teenager|student)|used to|back then|before|until"
    r"|for (?:a|two|three|four|five|\d+) "
    r"(?:days?|weeks?|months?|years?)|if|would|might|wish|dream\w*|never|not|was|were|had)\b|n['’]t\b",
    re.IGNORECASE,
)
_MONTHS = re.compile(r"^(?:January|February|March|April|May|June|July|August|September|October|November|December)\b")


def home_of(sentence: str) -> str:
    """Return where a sentence says that its speaker lives now; empty if it does not say so for certain."""
    match = _HOME.search(sentence)
    if match is None or _NOT_NOW.search(sentence) or _MONTHS.match(match["place"]) or _is_anothers(sentence, match):
        return ""
    return match["place"].strip()


def work_of(sentence: str) -> str:
    """Return what a sentence says that its speaker works as now; empty if it does not say so for certain."""
    match = _WORK.search(sentence)
    return "" if match is None or _NOT_NOW.search(sentence) or _is_anothers(sentence, match) else match["what"].strip()


def _is_anothers(sentence: str, match: re.Match[str]) -> bool:
    """Return whether another person says it: `She said I live in …`, or a quotation."""
    before = sentence[: match.start()]
    return bool(re.search(r"\b(?:said|says|thinks?|asked|told)\b|[\"“„«]", before, re.IGNORECASE))
