"""Decides whether a fact in another language than English supersedes an older one, if that is safe to say (pure).

The words of a change are known in English only. In other languages, a change is accepted in three cases: both facts are the
same sentence with another number (but no date, because two appointments have two dates); both begin alike and name a home or a
job; or the newer fact has a word of ending and both share two words. All other facts stay valid side by side.
"""

from __future__ import annotations

import re

_ENGLISH = re.compile(r"\b(?:the user|the|is|has|are|and|with|now|her|his|their|costs?|at|an|no longer)\b", re.IGNORECASE)
_DATE = re.compile(r"\d{4}-\d\d-\d\d|\d{1,2}\.\d{1,2}\.|\d{1,2}/\d{1,2}|(?<!\d)\d{1,2}\.? ?[^\W\d_]{3,}")
_SLOT = re.compile(
    r"\b(?:(?P<home>wohnt in|lebt in|habite (?:à|en|au)|vive (?:en|a|in)|abita a|mora em|woont in|bor i)|"
    r"(?P<work>arbeitet (?:als|bei)|travaille (?:comme|chez)|trabaja (?:como|en)|lavora (?:come|per)"
    r"|trabalha como|werkt (?:als|bij)))\b"
)
_ADDS = re.compile(r"\b(?:auch|außerdem|zusätzlich|aussi|également|también|además|anche|inoltre|também|ook|noch ein\w*)\b")
_ENDS = re.compile(
    r"\b(?:nicht mehr|kein\w* \w+ mehr|ne \w+ plus|n'\w+ plus|ya no|non \w+ più|já não|não \w+ mais"
    r"|niet meer|geen \w+ meer|inte längre)\b"
)


def is_english(fact: str) -> bool:
    """Return whether a fact is written in English, as the facts of our extraction are."""
    return (
        (fact.isascii() and bool(_ENGLISH.search(fact)))
        or len(_ENGLISH.findall(fact)) > 1
        or fact.lower().startswith("the user")
    )


def replaces_abroad(new: str, old: str) -> bool:
    """Return whether a newer fact in another language supersedes an older one.

    Args:
        new: The newer fact.
        old: The older fact.
    """
    rest = [re.sub(r"\d+(?:[.,:]\d+)*", "#", one.strip().rstrip(".").lower()) for one in (new, old)]
    if rest[0] == rest[1] and "#" in rest[0] and new != old and not _DATE.search(new):
        return True
    homes = [match for one in (new, old) if (match := _SLOT.search(one.lower()))]
    if len(homes) == len(rest) and homes[0].lastgroup == homes[1].lastgroup and not _ADDS.search(new.lower()):
        return new.lower()[: homes[0].start()] == old.lower()[: homes[1].start()]
    shared = set(re.findall(r"\w{4,}", new.lower())) & set(re.findall(r"\w{4,}", old.lower()))
    return bool(_ENDS.search(new.lower()) and not _ENDS.search(old.lower()) and len(shared) > 1)
