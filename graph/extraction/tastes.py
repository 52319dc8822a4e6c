"""Sentences that say what their speaker likes or dislikes (pure rules)."""

from __future__ import annotations

import re

from graph.extraction.said_words import content, unsaid
from graph.language.whose import is_own

_SELF = (
    r"\b(?:i|we)(?:['’](?:ve|m|ll|re|d))?\s+"
    r"(?:(?:also|really|still|just|always|now|so|do|absolutely|totally|quite|actually|have|am|even|only|'ve) )*"
)
_LIKED = (
    r"(?:love|loved|like|liked|enjoy|enjoyed|adore|prefer|fond of|"
    r"keen on|crazy about|mad about|a (?:big |huge )?fan of|into|fell in love with)"
)
_DISLIKED = (
    r"(?:hate|hated|dislike|detest|loathe|can['’]?t (?:stand|bear|abide)|cannot (?:stand|bear)"
    r"|(?:don['’]?t|do not|didn['’]?t|never) (?:really )?(?:like|enjoy|love)"
    r"|(?:not|no) (?:a )?(?:big |huge )?(?:fan of|keen on|fond of|into)|sick of|tired of|avoid)"
)
_LIKES = re.compile(
    rf"(?:{_SELF}|(?<=\bbut )|(?<=\band )){_LIKED}\b(?! it when)"
    r"|\b(?:ich (?:mag|liebe)(?! \w* ?kein)|mir (?:gefällt|gefallen|schmeckt|schmecken)"
    r"|me (?:gustan?|encantan?)|adoro|j['’](?:aime|adore))\b"
    r"|我(?:很|最|也|真|特别|非常|现在)*(?:喜欢|爱)",
    re.IGNORECASE,
)
_DISLIKES = re.compile(
    rf"(?:{_SELF}|(?<=\bbut )|(?<=\band )){_DISLIKED}\b"
    r"|\b(?:ich (?:hasse|mag kein\w*|mag \w+ nicht|kann \w+ nicht (?:leiden|ausstehen))|odio|detesto"
    r"|no (?:me gustan?|soporto)|je (?:déteste|n['’]aime pas))\b"
    r"|我(?:很|最|也|真|特别|非常|现在)*(?:讨厌|不喜欢|受不了)",
    re.IGNORECASE,
)
_NO_LIKE = re.compile(r"\bno\s*$", re.IGNORECASE)
_FAVOURITE = re.compile(r"\bmy (?:\w+ )?favou?rite\b|\bmein(?:e)? liebling\w*|\bmi \w+ favorit[oa]\b", re.IGNORECASE)
_CLAUSE_ENDS = re.compile(
    r"[.;!?。！；]|\b(?:but|because|although|though|while|aber|weil|pero|porque|mais)\b|但", re.IGNORECASE
)
_TURNED = re.compile(r"ich (?:mag|kann) (?P<thing>\w+) nicht", re.IGNORECASE)


def is_liked(thing: str, sentence: str) -> bool:
    """Return whether a sentence says that its speaker likes a thing."""
    if _FAVOURITE.search(sentence) and not unsaid(thing, content(sentence)):
        return True
    return _named(thing, sentence, _LIKES)


def is_disliked(thing: str, sentence: str) -> bool:
    """Return whether a sentence says that its speaker dislikes a thing."""
    return _named(thing, sentence, _DISLIKES)


def _named(thing: str, sentence: str, signs: re.Pattern[str]) -> bool:
    for sign in signs.finditer(sentence):
        if _NO_LIKE.search(sentence[: sign.start()]) or not is_own(sentence, sign.end()):
            continue
        if signs is _LIKES and any(no.start() == sign.start() for no in _DISLIKES.finditer(sentence)):
            continue
        turned = _TURNED.match(sign[0])
        rest = turned["thing"] if turned else _object(sentence[sign.end() :])
        if content(thing) and not unsaid(thing, content(rest)):
            return True
    return False


def _object(rest: str) -> str:
    """Return what a like or dislike is about: the words up to the end of its clause, or to the next such phrase."""
    ends = [match.start() for signs in (_LIKES, _DISLIKES, _CLAUSE_ENDS) if (match := signs.search(rest))]
    return rest[: min(ends, default=len(rest))]
