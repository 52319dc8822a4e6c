"""Compares facts in the same frame: sentences that differ only in one value, of which there is one at a time (pure; English).

`memory.facts.slots` lists what people have one of. Here the sentence itself shows it: `The user's flight leaves from gate B12`
and `… from gate C3` differ in one place only, and a flight leaves from one gate.
"""

from __future__ import annotations

import re

from memory.facts import change_phrases as words
from memory.facts.statement import Statement, read, stem

_WORD = re.compile(r"[\w'’.:/&-]*\w")
_SAID_OF_NOW = {"now", "currently", "new", "newly", "already", "again"}
_MAX_VALUE_WORDS = 4
"""A value has at most this many words. Facts that differ in more words are different sentences."""
_PREPOSITION = (
    r"(?: (?:on|with|from|at|in|via|by|under|for|to|as|next to|opposite|beside))"
    r"(?: (?:platform|gate|room|hall|track|terminal|line|floor|university|college|school|of|the|an?|their|her|his))*$"
)
_ONE_PLACE = re.compile(
    rf"^(?!the user\b(?!['’]s)|an? )(?:the user['’]s |the )?(?!(?:[\w-]+ )?(?:{words.PERSONS})\b)(?P<what>[\w' -]+?) "
    r"(?:leaves|departs|starts|begins|ends|arrives|runs|meets|takes place|stands|hangs|lies|expires|lasts|opens"
    rf"|(?:is|are) (?:\w+ed|held|kept|built|made|sold|paid)){_PREPOSITION}"
)
"""The frame of a thing with one state at a time: `The user's car is insured with …`, `The choir meets in …`."""
_ONE_STATE = re.compile(
    r"^the user (?:reports(?= to)|answers(?= to)|lives|sleeps|sits|stays|parks|heats|keeps|stores|banks|commutes|lodges"
    r"|is (?:enrolled|registered|employed|insured|stationed|based)(?= at| with)|is a (?:pupil|student|patient|tenant|customer)"
    rf"|has an? (?:[\w-]+ )*contract(?= with))(?: (?:the|their|her|his) [\w-]+)?{_PREPOSITION}"
)
"""The frame of a person with one state at a time. Most verbs, such as those of going and meeting, can have many objects."""
_DIES = re.compile(r"^the user['’]s (?:[\w-]+ ){1,4}?(?:has )?(?:died|passed away|is dead)\b", re.IGNORECASE)
_LASTS = re.compile(r"\b(?:called|named|name|was|were|born)\b")
_FORBIDS = re.compile(
    r"\b(?:can only|may only|cannot|can't|not allowed to|must not|mustn't|not able to|unable to) (?P<verb>\w+)"
)
_ALLOWS = re.compile(r"\b(?:can|may|is allowed to|is able to)(?: now)? (?P<verb>\w+)\b.*?(?P<again>\b(?:again|now)\b)?\W*$")
_STARTS = re.compile(r"\b(?:leaves?|departs?|starts?|begins?|opens?|check-in)\b")
_ENDS = re.compile(r"\b(?:arrives?|ends?|finishes|closes?|lands?|gets in|check-?out)\b")
_OF_ONES_OWN = re.compile(r"\b(?:her|his|their) own\b")
_HAS_NONE = re.compile(r"\b(?:has no|has not got|(?:does not|doesn't) (?:have|own)) (?:an? |any )?(\w+)")
_THING = re.compile(r"^(?:the user's|the) (?P<what>[\w-]+(?: [\w-]+)?)\b")
_COLOUR = r"(?:white|black|gr[ea]y|red|blue|green|yellow|brown|orange|pink|purple|silver|beige|turquoise|blond|blonde|ginger)"
_DONE = (
    (re.compile(r"(?:has )?(?:extended|renewed|shortened)"), re.compile(r"\b(?:runs?|ends?|expires?|until|lasts?)\b")),
    (re.compile(r"(?:has )?(?:lowered|raised|cut|reduced)"), re.compile(r"\d")),
    (re.compile(r"(?:has )?(?:painted|repainted|dyed)|had"), re.compile(rf"\b{_COLOUR}\W*$")),
)
"""Pairs: what a person does to a thing, and what the older fact then says about that thing."""
_TROUBLE = re.compile(
    r"\b(?:broken?|leak\w*|stuck|out of order|dead|flat|not|\w+n't|no longer|cracked|lost|stolen|blocked|faulty|hurts?|sore"
    r"|jammed|defective|down|off|too \w+)\b"
)
_CONTRASTS = re.compile(
    r"\b(?:out|back|return|outward|outbound|inbound|first|second|third|fourth|last|next|left|right|upper|lower|front|rear|old"
    r"|former|single|double|morning|evening|night|big|small|upstairs|downstairs)\b"
)
_OF_TWO = {"old", "former", "back", "return", "second", "third"}
_INNER = re.compile(r"\b(?:on|with|from|at|in|by|for|to|and|or)\b")
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
_TOGETHER = re.compile(
    r"^the user and (?P<who>[\w' -]+?) (?P<how>(?:do|have|are|fell|made|get|talk"
    r"|speak)\b.*?)(?: (?:to|with) each other)?\W*$"
)
_OPPOSITES = {
    frozenset(pair[0].split("/"))
    for pair in re.finditer(
        r"\S+",
        """
        on/off open/closed full/empty high/low hot/cold good/bad better/worse loud/silent loud/quiet easy/hard easy/difficult
        healthy/ill healthy/sick tidy/messy clean/dirty long/short big/small thin/thick strong/weak busy/free dead/alive
        happy/sad broken/intact early/late cheap/expensive enabled/disabled public/private active/inactive mandatory/optional
        full-time/part-time sweet/sour vacant/occupied married/single together/apart with/without in/out wet/dry up/down
        """,
    )
}
_BUYS_A_HOME = re.compile(
    r"\b(?:bought|has bought|owns) (?:an?|the|her|his|their) (?:own )?(?:[\w-]+ )?(?:flat|house|apartment|home|cottage)\b"
)
_NO_HOME = re.compile(
    r"\b(?:holiday|summer|weekend|investment|second|garage|parking|storage|office|car|to let|son|daughter|parents)\b"
)
_NO_MEAL = re.compile(
    r"\b(?:(?:not|n't|never|no longer) (?:eat|have|take)|skips|eats no|has no) (?P<meal>breakfast|lunch|dinner)\b"
)
_BEFORE_VERB = re.compile(r"^.+?(?=\b(?:is|are|starts?|begins?|ends?|lasts?|costs?|takes?|leaves?|has|was|will|\w+ed)\b)")
_DOES = {"is", "has", "get", "take", "pai", "own", "use", "need"}


def in_one_frame(new: Statement, old: Statement) -> bool:
    """Return whether both give the place, provider or state of the same thing, and the newer one gives another."""
    ours, theirs = (_words(one.text) for one in (new, old))
    start = _common(ours, theirs)
    end = _common(ours[start:][::-1], theirs[start:][::-1])
    values = [one[start : len(one) - end] for one in (ours, theirs)]
    stems = [{stem(word.lower()) for word in value} for value in values]
    if (
        not all(0 < len(value) <= _MAX_VALUE_WORDS for value in values)
        or any(_INNER.search(" ".join(value)) for value in values)
        or new.circumstances != old.circumstances
        or stems[0] <= stems[1]
        or stems[1] <= stems[0]
    ):
        return False
    frame = " ".join(ours[:start]).lower()
    if match := _ONE_PLACE.match(frame):
        return not words.MANY_OF.search(match["what"])
    if frame == "the user uses":
        return end > 0 and ours[len(ours) - end] == "for"
    return bool(_ONE_STATE.match(frame))


def has_another_colour(new: Statement, old: Statement) -> bool:
    """Return whether the newer fact gives the same thing another colour."""
    ours, theirs = (_IS_OF_COLOUR.match(one.lower) for one in (new, old))
    return bool(ours and theirs and ours["what"] == theirs["what"] and ours["value"] != theirs["value"])


def is_the_opposite(new: Statement, old: Statement) -> bool:
    """Return whether both are the same except for one word that is now its opposite: `switched off`, `switched on`."""
    ours, theirs = (_words(one.lower) for one in (new, old))
    start = _common(ours, theirs)
    end = _common(ours[start:][::-1], theirs[start:][::-1])
    one, other = (" ".join(said[start : len(said) - end]) for said in (ours, theirs))
    subject = _BEFORE_VERB.match(" ".join(ours[: start + 1]))
    if subject is None or len(subject[0].split()) >= start or re.search(r"\b(?:has|have|an?|likes?|loves?)\b", new.lower):
        # A person can like big dogs and small dogs. Only the state of one thing turns into its opposite.
        return False
    negated = any(
        a.removeprefix(prefix) == b for a, b in ((one, other), (other, one)) for prefix in ("un", "in", "not ") if a != b
    )
    return frozenset((one, other)) in _OPPOSITES or (negated and bool(one and other))


def are_at_peace_or_odds(new: Statement, old: Statement) -> bool:
    """Return whether one tells of a quarrel and the other of peace with the same person."""
    ours, theirs = (_TOGETHER.sub(r"the user \g<how> with \g<who>", one.lower) for one in (new, old))
    for one, other in ((ours, theirs), (theirs, ours)):
        odds, peace = _AT_ODDS.search(one), _AT_PEACE.search(other)
        if odds and peace and not _AT_ODDS.search(other) and odds["who"] == peace["who"]:
            return True
    return False


def has_the_meal(new: Statement, old: Statement) -> bool:
    """Return whether one says that a meal is skipped and the other what is eaten at that meal."""
    for one, other in ((new, old), (old, new)):
        match = _NO_MEAL.search(one.lower)
        if match and re.search(rf"\bfor {match['meal']}\b", other.lower) and not words.NONE.search(other.lower):
            return True
    return False


def is_its_counterpart(new: Statement, old: Statement) -> bool:
    """Return whether they are about two parts of a pair: the flight out and the flight back, the first and the second exam."""
    named = [_BEFORE_VERB.match(one.lower) for one in (new, old)]
    if not all(named) or not (new.is_definite and old.is_definite):
        return False
    ours, theirs = (set(_CONTRASTS.findall(part[0])) for part in named if part)
    return ours != theirs and bool((ours and theirs) or (ours ^ theirs) & _OF_TWO)


def have_another_subject(new: Statement, old: Statement) -> bool:
    """Return whether they differ in subject, not only in value: `The shift on Monday …`, `leads a team`, `coaches a team`."""
    named = [_BEFORE_VERB.match(one.lower) for one in (new, old)]
    days = [
        {match[0] for kind in ("date", "weekday") for match in words.VALUES[kind].finditer(part[0] if part else "")}
        for part in named
    ]
    if days[0] and days[1] and days[0] != days[1]:
        return True
    phases = [(bool(_STARTS.search(one.lower)), bool(_ENDS.search(one.lower))) for one in (new, old)]
    if {(True, False), (False, True)} == set(phases):
        return True
    verbs = [one.verbs - _DOES for one in (new, old)]
    return not new.is_definite and not old.is_definite and bool(verbs[0] and verbs[1]) and verbs[0].isdisjoint(verbs[1])


def has_died(new: Statement, old: Statement) -> bool:
    """Return whether the newer fact tells of a death, so that the older one about that person or animal has ended."""
    return bool(old.owner.role and _DIES.match(new.text) and not _DIES.match(old.text) and not _LASTS.search(old.lower))


def is_allowed(new: Statement, old: Statement) -> bool:
    """Return whether the person can do again what they could not: `can only eat soup`, `can eat everything again`."""
    forbidden, allowed = _FORBIDS.search(old.lower), _ALLOWS.search(new.lower)
    if not (forbidden and allowed) or _FORBIDS.search(new.lower) or forbidden["verb"] != allowed["verb"]:
        return False
    return bool(allowed["again"] or (new.topics & old.topics) - {stem(allowed["verb"])})


def has_its_own(new: Statement, old: Statement) -> bool:
    """Return whether the person now owns a thing that they shared or borrowed."""
    shared = re.search(r"\b(?:shares?|borrows?|uses? [\w ]+'s) (?:an? |the |her |his |their )?([\w-]+)", old.lower)
    return bool(shared and _OF_ONES_OWN.search(new.lower) and stem(shared[1]) in new.topics)


def has_a_new_one(new: Statement, old: Statement) -> bool:
    """Return whether there is, for example, a new boss, so that the older fact about the boss is over."""
    match = re.search(rf"\b(?:has|got|gets|found|chose) (?:an? )?new (?P<who>{words.ONE_OF})\b", new.lower)
    return bool(match and not new.owner.role and re.match(rf"the user's {match['who']}\b", old.lower) and not old.is_past)


def has_none(new: Statement, old: Statement) -> bool:
    """Return whether the person has none left of something: `has one flatmate`, `has no flatmates`."""
    match = _HAS_NONE.search(new.lower)
    if match is None or words.NONE.search(old.lower) or not re.search(r"\b(?:has|owns|have)\b", old.lower):
        return False
    return stem(match[1]) in old.topics and new.topics <= old.topics and not new.circumstances


def is_done_to_it(new: Statement, old: Statement) -> bool:
    """Return whether the person has changed the known thing of the older fact, or it is back to normal."""
    thing = _THING.match(old.lower) if old.is_definite and not old.owner.role else None
    if thing is None:
        return False
    for does, tells in _DONE:
        match = re.match(rf"the user (?:{does.pattern}) (?:the|her|his|their) (?P<what>[\w-]+)", new.lower)
        if match and match["what"] in thing["what"].split() and tells.search(old.lower):
            return not match[0].endswith(f"had the {match['what']}") or bool(re.search(_COLOUR, new.lower))
    again = re.search(r"\b(?:again|back to normal)\W*$", new.lower)
    same = _THING.match(new.lower)
    return bool(again and same and _TROUBLE.search(old.lower) and same["what"].split()[0] == thing["what"].split()[0])


def is_switched(new: Statement, old: Statement) -> bool:
    """Return whether the known thing of the older fact was switched: `switched to Telekom for the phone contract`."""
    match = _BEFORE_VERB.match(old.lower) if old.is_definite and not old.owner.role else None
    about = read(match[0]).topics if match else frozenset()
    return bool(about and about <= new.topics and re.search(r"^the user (?:has )?(?:switched|changed)\b.*\bto\b", new.lower))


def has_bought_a_home(new: Statement, old: Statement) -> bool:
    """Return whether a person who rents their home has bought one."""
    rents = re.search(
        r"\b(?:(?:rents|is renting) (?:an?|the) (?:[\w-]+ )?(?:flat|house|apartment|room|studio|home)"
        r"|pays [\w ]*rent|is a tenant)\b",
        old.lower,
    )
    return bool(rents and _BUYS_A_HOME.search(new.lower) and not _NO_HOME.search(old.lower + new.lower))


def says_instead(new: Statement, old: Statement) -> bool:
    """Return whether the person now does the same with something else instead, or only with something else."""
    return bool(
        re.search(r"\binstead\b(?! of)|\bonly\b.*\bnow\b|\bnow\b.*\bonly\b", new.lower)
        and new.verbs & old.verbs
        and not new.circumstances - old.circumstances
    )


RULES = (
    in_one_frame,
    has_another_colour,
    is_the_opposite,
    is_switched,
    has_bought_a_home,
    are_at_peace_or_odds,
    has_the_meal,
    says_instead,
    has_died,
    is_allowed,
    has_its_own,
    has_none,
    has_a_new_one,
    is_done_to_it,
)
"""Rules by which a newer fact supersedes an older one about the same person; each takes (newer, older)."""


def _words(text: str) -> list[str]:
    said = _WORD.findall(text)
    return [word.lower() if place == 0 else word for place, word in enumerate(said) if word.lower() not in _SAID_OF_NOW]


def _common(one: list[str], other: list[str]) -> int:
    return next((place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
