"""Two facts in one frame: the same words but for one value that a thing or a person has once (pure; English).

`memory.slots` knows what people have one of; here the sentence itself shows it: `The user's flight leaves from gate B12`
and `… from gate C3` differ in one place only, and a flight leaves from one gate.
"""

from __future__ import annotations

import re

from memory import change_phrases as words
from memory.statement import Statement, stem

_WORD = re.compile(r"[\w'’.:/&-]*\w")
_SAID_OF_NOW = {"now", "currently", "new", "newly", "already", "again"}
_LONGEST = 4
"""Words of a value, at most: what differs in more is another sentence."""
_ONE_PLACE = re.compile(
    rf"^(?:the user['’]s|the(?! user\b)) (?!(?:[\w-]+ )?(?:{words.PERSONS})\b)(?P<what>[\w' -]+?) "
    r"(?:leaves|departs|starts|begins|ends|arrives|runs|stops|meets|takes place|stands|hangs|lies|expires|goes off"
    r"|(?:is|are) (?:\w+ed|held|kept|built|made|sold|paid))"
    r"(?: (?:on|with|from|at|in|via|by|under|for))(?: (?:platform|gate|room|hall|track|terminal|line|floor|the|a|an))*$"
)
"""The frame of a thing that is in one state: `The user's car is insured with …`, `The choir meets in …`."""
_COLOUR = r"(?:white|black|gr[ea]y|red|blue|green|yellow|brown|orange|pink|purple|silver|beige|turquoise|blond|blonde|ginger)"
_IS_OF_COLOUR = re.compile(
    rf"^(?:the user['’]s|the(?! user\b)) (?P<what>[\w' -]+?) (?:is|are|has been|was) "
    rf"(?:now |painted |dyed |repainted |dark |light |bright )*(?P<value>{_COLOUR})\W*$"
)
_AT_ODDS = re.compile(
    r"\b(?:not on (?:speaking|good) terms|fell out|has fallen out|(?:not|n't) (?:talk|speak|talking|speaking)|estranged"
    r"|not in touch|no contact|lost touch|lost contact)(?: to| with| from) (?P<who>.+?)\W*$"
)
_AT_PEACE = re.compile(
    r"\b(?:made up|reconciled|on (?:good|speaking) terms|gets? on well|gets? along|is (?:back )?in (?:touch|contact)"
    r"|(?:talks?|speaks?|talking|speaking))(?: again)?(?: to| with) (?P<who>.+?)(?: again)?\W*$"
)
_NO_MEAL = re.compile(r"\b(?:(?:not|n't|never|no longer) (?:eat|have|take)|skips|eats no|has no) (?P<meal>breakfast|lunch|dinner)\b")
_BEFORE_VERB = re.compile(r"^.+?(?=\b(?:is|are|starts?|begins?|ends?|lasts?|costs?|takes?|leaves?|has|was|will|\w+ed)\b)")
_DOES = {"is", "has", "get", "take", "pai", "own", "use", "need"}


def in_one_frame(new: Statement, old: Statement) -> bool:
    """Say whether both tell of one thing's one place, provider, time or colour, and the newer one of another."""
    colours = [_IS_OF_COLOUR.match(one.lower) for one in (new, old)]
    if colours[0] and colours[1]:
        return colours[0]["what"] == colours[1]["what"] and colours[0]["value"] != colours[1]["value"]
    ours, theirs = (_words(one.text) for one in (new, old))
    start = _common(ours, theirs)
    end = _common(ours[start:][::-1], theirs[start:][::-1])
    values = [one[start : len(one) - end] for one in (ours, theirs)]
    if not all(0 < len(value) <= _LONGEST for value in values) or new.circumstances != old.circumstances:
        return False
    stems = [{stem(word.lower()) for word in value} for value in values]
    match = _ONE_PLACE.match(" ".join(ours[:start]).lower())
    return bool(match and not words.MANY_OF.search(match["what"]) and not stems[0] <= stems[1] and not stems[1] <= stems[0])


def are_at_peace_or_odds(new: Statement, old: Statement) -> bool:
    """Say whether they fell out with, or made up with, the same person."""
    for one, other in ((new, old), (old, new)):
        odds, peace = _AT_ODDS.search(one.lower), _AT_PEACE.search(other.lower)
        if odds and peace and not _AT_ODDS.search(other.lower) and odds["who"] == peace["who"]:
            return True
    return False


def has_the_meal(new: Statement, old: Statement) -> bool:
    """Say whether one of them leaves out a meal for which the other says what is eaten."""
    for one, other in ((new, old), (old, new)):
        match = _NO_MEAL.search(one.lower)
        if match and re.search(rf"\bfor {match['meal']}\b", other.lower) and not words.NONE.search(other.lower):
            return True
    return False


def have_another_subject(new: Statement, old: Statement) -> bool:
    """Say whether a value is a part of what each is about: `The shift on Monday starts …`, `leads a team`, `coaches a team`."""
    named = [_BEFORE_VERB.match(one.lower) for one in (new, old)]
    days = [
        {match[0] for kind in ("date", "weekday") for match in words.VALUES[kind].finditer(part[0] if part else "")}
        for part in named
    ]
    if days[0] and days[1] and days[0] != days[1]:
        return True
    verbs = [one.verbs - _DOES for one in (new, old)]
    return not new.is_definite and not old.is_definite and bool(verbs[0] and verbs[1]) and verbs[0].isdisjoint(verbs[1])


def says_instead(new: Statement, old: Statement) -> bool:
    """Say whether the newer fact does the same with something else instead."""
    return bool(re.search(r"\binstead\b(?! of)", new.lower) and new.verbs & old.verbs and not new.circumstances - old.circumstances)


def _words(text: str) -> list[str]:
    said = _WORD.findall(text)
    return [word.lower() if place == 0 else word for place, word in enumerate(said) if word.lower() not in _SAID_OF_NOW]


def _common(one: list[str], other: list[str]) -> int:
    return next((place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
