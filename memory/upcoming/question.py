"""Recognises messages that ask what is coming up, and how many days ahead (pure; English, German, Spanish, Chinese)."""

from __future__ import annotations

import re

from memory.upcoming.agenda import DAYS
from memory.upcoming.date_words import COUNTS, UNITS
from memory.upcoming.plan_words import one_of

_SOON = r"(?:this|next|the coming) (?:week|month|weekend|\w+ days)|the next \w+ (?:days|weeks)|soon"
_ASKS = one_of(
    r"what(?:['’]s| is|s)? (?:do i have )?(?:coming up|up(?:coming)? (?:next|this)|upcoming|ahead(?: of me)?)",
    rf"what(?:['’]s| is| do i have| have i got) (?:on|planned|scheduled|coming|due)(?: for me)?,?(?: on| for| in)? (?:{_SOON})",
    r"what do i have (?:coming up|planned|ahead)|what have i got (?:coming up|planned)",
    r"what are my (?:next )?(?:plans|appointments)",
    rf"(?:is there |do i have )?(?:anything|something) (?:coming up|planned|due|on)(?: for| in)? (?:{_SOON})",
    r"(?:show|list|tell) (?:me )?(?:my )?(?:next|upcoming) (?:appointments|plans|dates|events)",
    r"was (?:steht|kommt|liegt)(?: (?:bei mir|als nächstes|denn|so|demnächst|(?:diese|nächste) woche|in nächster zeit))* an",
    r"was habe ich (?:.{0,25} )?vor|was ist (?:als nächstes )?geplant|welche termine",
    r"qué (?:tengo|hay) (?:pendiente|próximamente|(?:para )?(?:esta|la próxima) semana|planeado|en los próximos)|qué se viene",
    r"qué viene|mis próximas? citas?",
    unspaced="接下来有什么|最近有什么安排|有什么(?:安排|计划|日程)|[这本下]周有什么",
)
_FAR = re.compile(
    rf"\b(?:next|coming|nächsten|próximos) (?P<count>\d{{1,3}}|{'|'.join(COUNTS)}) (?P<unit>{'|'.join(UNITS)})\b"
    r"|(?P<month>\b(?:this|next) month\b|\b(?:diesen|nächsten) monat\b|\b(?:este|próximo) mes\b|下个?月|这个月)"
    r"|(?P<week>\bnext week\b|\bnächste woche\b|\bpróxima semana\b|下周)",
    re.IGNORECASE,
)
_UNIT_DAYS = {"days": 1, "weeks": 7, "fortnights": 14, "months": 31}
_NEXT_WEEK_DAYS, _MONTH_DAYS, _YEAR_DAYS = 14, 31, 366
_MAX_CHARACTERS = 160
"""A message of more characters asks for more than this."""


def asked_days(text: str) -> int | None:
    """Return how many days ahead a message like "what is coming up?" asks for; None if it asks nothing of that sort."""
    if len(text) > _MAX_CHARACTERS or _ASKS.search(text) is None:
        return None
    far = _FAR.search(text)
    if far is None:
        return DAYS
    if far["count"]:
        said = far["count"].lower()
        return min((int(said) if said.isdigit() else COUNTS[said]) * _UNIT_DAYS[UNITS[far["unit"].lower()]], _YEAR_DAYS)
    return _MONTH_DAYS if far["month"] else _NEXT_WEEK_DAYS
