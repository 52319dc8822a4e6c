"""Decides by words whether a newer fact can supersede an older one: same person, same thing, another value (pure).

A model sees a change in two pets, two tastes and two trips (docs/decisions/011, 043), so its judgement alone is not believed.
A newer fact supersedes an older one if both are about the same person and the same thing, and one of these is true:

* A person has only one such thing at a time (`memory.facts.slots`), and its value is another.
* It is one known thing (`The user's flight …`) with another date, hour, price, number or name.
* The newer fact says that the older one has ended, was completed, was replaced or turned into its opposite.

A fact that adds something (`also`, `another`), states an intention, is over, or applies at other times excludes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime

from memory.core.temporal import named_window
from memory.facts import change_phrases as words
from memory.facts import frames
from memory.facts.change_words import is_against, is_in_favour
from memory.facts.other_languages import is_english, replaces_abroad
from memory.facts.slots import differ, slots_of
from memory.facts.statement import Statement, read, stem

_TASTES = re.compile(
    r"\b(?:likes?|loves?|enjoys?|eats?|drinks?|adores?|can't stand|hates?|dislikes?|fond of|keen on"
    r"|prefers?)\b"
)
_LIKES = re.compile(r"\b(?:likes?|loves?|enjoys?|hates?|dislikes?|fond of|keen on|allergic|prefers?)\b")
_LIVING_ROLES = re.compile(rf"\b(?:{words.PERSONS})\b")
_ONE_OF = re.compile(rf"(?P<which>\b[\w-]+ )?\b(?P<role>{words.ONE_OF})(?:'s name)?\b")
_NAME_OF = re.compile(
    rf"\b(?:{words.ONE_OF})(?:'s name)?,? (?:is (?:now )?(?:called |named )?|called |named )?"
    rf"(?:(?:Mrs?|Ms|Miss|Dr|Prof|Professor|Doctor)\.? )?([A-Z]\w+(?: [A-Z]\w+)*)"
)
_NO_KIND = {"user's", "a", "an", "the", "new", "current", "old", "her", "his", "their", "own", "main", "usual"}
_DIRECTION = re.compile(rf"\b(?:to|from) (?!(?:{words.DAY_OR_MONTH})\b)[A-Z]\w+")
_ACHIEVED = re.compile(
    r"\b(?:has|holds|earned|got|completed) an? (?:[\w']+ )?(?:degree|diploma|bachelor|master|ph\.?d|doctorate)"
)
_WITHOUT = re.compile(r"\b(?:without|no) (?:any )?(\w+)")
_IS = re.compile(
    r"^(?:the user['’]s|the(?! user\b))\s(?P<what>[\w' -]+?)\s(?:is|are|has been|was)\s(?P<now>now\s|currently\s)?"
    r"(?P<how>an?\s|the\s|with\s|in\s|at\s|on\s|by\s|from\s|about\s|for\s|against\s|near\s|under\s|of\s"
    r"|to\s|called\s|named\s|not\s)?(?P<value>.+?)[.]?$",
    re.IGNORECASE,
)
_ITSELF = re.compile(
    r"^the user's (?:[\w-]+ )*?(\w+)(?: (?:to|from|with|for|in|at|on|of) [\w ]+?)? (?:is|was|has been|has"
    r"|came|will|no longer)\b"
)
_NO_LONGER = re.compile(r"\b(?:no longer|any ?more|any longer|lost|died|has no)\b")
_SINGLE = re.compile(
    r"\b(?:address|e-?mail|name|nickname|surname|birthday|size|grade|level|bank|provider|insurer|insurance"
    r"|job|position|title|school|major"
    r"|subject|degree|deadline|status|shift|team|seat|room|gate|venue|location|employer|contract|salary"
    r"|plan|topic|theme|route|number|password|platform|bedtime)$"
)
"""The last word of the name of something that has only one value, whatever type of word gives that value."""
_DATED = ("date", "weekday")


def may_replace(new: str, old: str, said: datetime, before: datetime) -> bool:
    """Return whether a newer fact can supersede an older one, by the words of both.

    Args:
        new: The newer fact.
        old: The older fact.
        said: When the newer fact was said.
        before: When the older one was said.
    """
    if not (is_english(new) and is_english(old)):
        return replaces_abroad(new, old)
    newer, older = read(new), read(old)
    if words.ADDS.search(newer.lower) or (older.is_past and not words.CORRECTS.search(newer.lower)):
        return False
    if words.INTENDS.search(newer.lower) and not words.ENDS.search(newer.lower):
        # A plan can only supersede an earlier plan.
        return bool(words.INTENDS.search(older.lower)) and _other_value(newer, older, said, before)
    if frames.is_its_counterpart(newer, older) or _is_on_the_way(newer, older):
        return False
    if not newer.owner.may_be(older.owner):
        return frames.has_a_new_one(newer, older) or _ends_between(newer, older)
    rules: tuple[Callable[[Statement, Statement], bool], ...] = (
        _names_what_is_replaced,
        _other_slot_value,
        _other_name,
        _other_state,
        _is_so_now,
        _has_ended,
        _turned,
        _completed,
        _recovered,
        _came_true,
        *frames.RULES,
    )
    return _other_value(newer, older, said, before) or any(rule(newer, older) for rule in rules)


def _is_on_the_way(new: Statement, old: Statement) -> bool:
    """Return whether the newer fact tells the progress towards a number that is the older fact's goal. The goal stays valid."""
    is_goal = bool(words.INTENDS.search(old.lower)) and not words.INTENDS.search(new.lower)
    ours, theirs = new.values.get("number"), old.values.get("number")
    return is_goal and bool(ours and theirs and ours.isdisjoint(theirs)) and not words.ENDS.search(new.lower)


def same_subject(one: str, other: str) -> bool:
    """Return False if one fact is about, for example, the user's sister and the other never mentions her.

    Args:
        one: A fact.
        other: Another fact.
    """
    owners = read(one).owner, read(other).owner
    if owners[0].may_be(owners[1]):
        return True
    if owners[0].role and owners[1].role:
        return False
    owner_of_one, told = (owners[0], other) if owners[0].role else (owners[1], one)
    return any(
        re.search(rf"\b{re.escape(word)}", told, re.IGNORECASE) for word in (owner_of_one.role, owner_of_one.name) if word
    )


def _shared(new: Statement, old: Statement) -> frozenset[str]:
    return new.topics & old.topics


def _one_thing(new: Statement, old: Statement) -> bool:
    """Return whether both are about the same thing: they share a topic, and at most one of them has topics of its own."""
    shared = _shared(new, old)
    if not shared or new.qualifiers(shared) != old.qualifiers(shared) or new.compounds(shared) or old.compounds(shared):
        return False
    ways = [set(_DIRECTION.findall(one.text)) for one in (new, old)]
    if ways[0] and ways[1] and ways[0].isdisjoint(ways[1]):
        # The train to Prague is not the train from Prague.
        return False
    return new.particular <= old.topics or old.particular <= new.topics


def _other_value(new: Statement, old: Statement, said: datetime, before: datetime) -> bool:
    """Return whether both are about the same thing, with another amount, number, hour or day."""
    other = {kind for kind in new.values.keys() & old.values.keys() if new.values[kind].isdisjoint(old.values[kind])}
    if (
        not other
        or new.is_past
        or frames.have_another_subject(new, old)
        or not (
            _is_age(new, old)
            or new.frame == old.frame
            or (_one_thing(new, old) and (other != {"number"} or _shared(new, old) - _people(new)))
        )
    ):
        return False
    moved = bool(words.MOVES_IN_TIME.search(new.lower))
    if other & set(_DATED):
        # Two appointments have two days. Only a known appointment, or one that is said to be moved, has a new day.
        return moved or (new.is_definite and not _is_over(old, before, said))
    return new.circumstances == old.circumstances or moved


def _people(fact: Statement) -> set[str]:
    """Return the stems that name the fact's person. Sharing these does not mean that two facts share an attribute."""
    return {stem(word) for word in fact.owner.role.split()} | ({stem(fact.owner.name.lower())} if fact.owner.name else set())


def _is_age(new: Statement, old: Statement) -> bool:
    aged = [
        re.search(
            rf"\b(?:is|turned|has turned) (?:now )?(?:\d{{1,3}}|{words.COUNTS})(?: years old)?(?=[.,;]|$"
            rf"| (?:and|now|years)\b)",
            one.lower,
        )
        for one in (new, old)
    ]
    return all(aged)


def _is_over(old: Statement, before: datetime, said: datetime) -> bool:
    if "date" not in old.values:
        return False
    window = named_window(old.text, before, "current_period")
    return window is not None and window.end <= said.timestamp()


def _is_so_now(new: Statement, old: Statement) -> bool:
    """Return whether the newer fact says that the thing is so now or again, or the older one said that there was none."""
    if not _one_thing(new, old) or new.is_past or _restricts(new, old):
        return False
    if not (_shared(new, old) - words.GENERIC - _people(new)):
        return False
    none = [bool(words.NONE.search(one.lower)) for one in (new, old)]
    tastes = all(_LIKES.search(one.lower) for one in (new, old))
    if words.STILL.search(new.lower) and not tastes:
        return True
    done = new.verbs & old.verbs or all(words.HAS.search(one.lower) for one in (new, old))
    return none == [False, True] and bool(done) and not _LIKES.search(new.lower)


def _limited(new: Statement, old: Statement) -> bool:
    """Return whether one fact applies at times at which the other does not."""
    return new.circumstances != old.circumstances and not words.NOW.search(new.lower)


def _other_slot_value(new: Statement, old: Statement) -> bool:
    """Return whether the newer fact gives another home, job, partner, diet, subject, car or way to work."""
    ours, theirs = slots_of(new), slots_of(old)
    hours = [{part: value for part, value in slots.get("work", {}).items() if part == "hours"} for slots in (ours, theirs)]
    if differ("work", hours[0], hours[1], new.lower) and not (new.circumstances or new.is_past):
        return True
    if new.is_past or _limited(new, old):
        return False
    for slot in ours.keys() & theirs.keys():
        if (slot == "work" and _is_side_job(new, ours[slot])) or (slot == "study" and _ACHIEVED.search(old.lower)):
            continue
        if slot in ("car", "phone", "drives") and words.INTENDS.search(old.lower):
            continue
        if differ(slot, ours[slot], theirs[slot], new.lower):
            return True
        if words.NOW.search(new.lower) and slot in ("work", "study") and not ours[slot].keys() & theirs[slot].keys():
            return True
        if slot == "home" and re.search(r"\bmoved\b", new.lower) and not ours[slot].keys() & theirs[slot].keys():
            return "place" not in theirs[slot] or "place" in ours[slot]
    return False


def _is_side_job(new: Statement, parts: Mapping[str, str]) -> bool:
    named = parts.keys() & {"profession", "employer"}
    return bool(named and words.SIDE_JOB.search(new.lower) and not words.NOW.search(new.lower))


def _other_name(new: Statement, old: Statement) -> bool:
    """Return whether a person of whom one has one at a time has another name."""
    roles = [_ONE_OF.search(one.lower) for one in (new, old)]
    names = [set(match[1].split()) if (match := _NAME_OF.search(one.text)) else set() for one in (new, old)]
    if roles[0] is None or roles[1] is None or roles[0]["role"] != roles[1]["role"]:
        return False
    # The maths tutor is not the French tutor.
    which = [{(match["which"] or "").strip()} - _NO_KIND - {""} for match in roles if match]
    return which[0] == which[1] and bool(names[0] and names[1]) and not (names[0] <= names[1] or names[1] <= names[0])


def _other_state(new: Statement, old: Statement) -> bool:
    """Return whether `The user's X is …` gives the same X another value of the same type."""
    ours, theirs = _IS.match(new.text), _IS.match(old.text)
    if ours is None or theirs is None:
        return False
    what = [re.sub(r"^new ", "", match["what"].lower()) for match in (ours, theirs)]
    if what[0] != what[1] or words.MANY_OF.search(what[0]) or _limited(new, old):
        return False
    kinds = [_kind(match) for match in (ours, theirs)]
    values = [{stem(word) for word in match["value"].lower().split()} for match in (ours, theirs)]
    refined = values[0] <= values[1] or values[1] <= values[0]
    single = bool(_SINGLE.search(what[0]))
    return (single or kinds[0] == kinds[1] != "how" or bool(ours["now"])) and not refined


def _kind(match: re.Match[str]) -> str:
    """Return the type of the value after `is`: `what` for a thing or a name, its preposition, or `how` for any other word."""
    lead = (match["how"] or "").strip().lower()
    if lead in ("a", "an", "the", "called", "named") or match["value"][:1].isupper() or match["value"][:1].isdigit():
        return "what"
    if "favourite" in match["what"].lower() or "favorite" in match["what"].lower():
        return "what"
    return lead or "how"


def _names_what_is_replaced(new: Statement, old: Statement) -> bool:
    """Return whether the newer fact names the older one's thing as replaced: `switched from X to Y`, `Y instead of X`."""
    match = words.REPLACED.search(new.lower)
    if match is None:
        return False
    what = read(f"the user has {match['what']}").topics
    return bool(what & old.topics) and not _likes_only(old)


def _likes_only(old: Statement) -> bool:
    return bool(re.search(r"\b(?:likes?|loves?|knows?|visited)\b", old.lower))


def _has_ended(new: Statement, old: Statement) -> bool:
    """Return whether the state in the older fact has ended, or the person no longer has its thing."""
    shared = _shared(new, old) - words.GENERIC or (
        _shared(new, old) if new.is_definite or old.is_definite or new.topics <= old.topics else frozenset()
    )
    if not shared or _restricts(new, old) or not _one_thing(new, old):
        return False
    match = _ITSELF.match(new.lower)
    if match and stem(match[1]) not in old.topics:
        # The flight to Rome was cancelled, not Rome.
        return False
    if words.ENDS.search(new.lower) and not words.ENDS.search(old.lower):
        return not is_against(old.text) or not is_in_favour(new.text)
    if words.PARTS_WITH.search(new.lower) and not words.LET_GO.search(new.lower):
        return bool(words.HAS.search(old.lower)) and new.qualifiers(shared) == old.qualifiers(shared)
    return bool(re.search(r"\bback\b", new.lower) and old.is_definite and new.is_definite)


def _restricts(new: Statement, old: Statement) -> bool:
    """Return whether the newer fact only restricts the older one: `no meat on Fridays`."""
    return bool(new.circumstances - old.circumstances)


def _turned(new: Statement, old: Statement) -> bool:
    """Return whether one fact is for a thing and the other against it: `loves coriander`, `can't stand coriander`."""
    shared = _shared(new, old)
    if not shared or _restricts(new, old) or not _one_thing(new, old):
        return False
    if _without(new, old) or _without(old, new):
        return True
    against = [is_against(one.text) or not is_in_favour(one.text) or "cannot" in one.lower for one in (new, old)]
    if against[0] == against[1]:
        return False
    if all(_TASTES.search(one.lower) for one in (new, old)):
        # Ginger beer is not beer, and a fish shop is not fish.
        return not new.compounds_of_kinds(shared) and len(new.particular - old.topics) <= 1
    if "allergic" in new.lower or "allergic" in old.lower:
        return False
    verbs = [match[1] for one in (new, old) if (match := words.NEGATES.search(one.lower)) and match[1]]
    return any(stem(verb) in shared or stem(verb) in map(stem, old.lower.split()) for verb in verbs) or bool(
        re.search(r"\bagain\b", new.lower)
    )


def _without(one: Statement, other: Statement) -> bool:
    """Return whether one fact excludes a part that the other includes: `tea without sugar`, `takes sugar in the tea`."""
    match = _WITHOUT.search(one.lower)
    if match is None or words.NONE.search(other.lower):
        return False
    part = stem(match[1])
    return part in other.topics and bool((one.topics & other.topics) - {part} - one.verbs)


def _completed(new: Statement, old: Statement) -> bool:
    """Return whether something that was being learned, written or prepared is completed."""
    if not (words.COMPLETES.search(new.lower) and words.STOOD_BEFORE.search(old.lower)) or words.UNDERTAKES.search(new.lower):
        return False
    if re.search(r"\bfailed\b", old.lower) and not re.search(r"\bpassed\b", new.lower):
        return False
    if _shared(new, old) and (_one_thing(new, old) or not (_shared(new, old) <= words.GENERIC)):
        return True
    ours, theirs = slots_of(new).get("study"), slots_of(old).get("study")
    return ours is not None and theirs is not None and not ours.keys() & theirs.keys()


def _recovered(new: Statement, old: Statement) -> bool:
    """Return whether an illness is over, or an expected baby is born."""
    if words.EXPECTING.search(old.lower) and words.BIRTH.search(new.lower):
        return True
    if not (words.RECOVERS.search(new.lower) and words.AILS.search(old.lower)) or words.RECOVERS.search(old.lower):
        return False
    return bool(_shared(new, old)) or bool(words.ACUTE.search(old.lower) and words.WELL.search(new.lower))


def _came_true(new: Statement, old: Statement) -> bool:
    """Return whether the person got what they had wished for, planned or searched for."""
    if (
        not (words.INTENDS.search(old.lower) or words.NEEDS.search(old.lower))
        or not words.GETS.search(new.lower)
        or _likes_only(new)
    ):
        return False
    periods = {kind: one.values.get("date") for kind, one in (("new", new), ("old", old))}
    if periods["new"] and periods["old"] and periods["new"] != periods["old"]:
        return False
    return bool(_shared(new, old) - words.GENERIC) and _one_thing(new, old)


def _ends_between(new: Statement, old: Statement) -> bool:
    """Return whether one fact says that the person or animal of the other has left, died or was given away; both name them."""
    names = set(re.findall(r"(?<!^)(?<![.!?] )\b[A-Z]\w+", old.text)) & set(re.findall(r"(?<!^)\b[A-Z]\w+", new.text))
    roles = set(_LIVING_ROLES.findall(new.lower)) & set(_LIVING_ROLES.findall(old.lower))
    if not (names or roles) or not (new.owner.role == "" or old.owner.role == ""):
        return False
    if {one.owner.role for one in (new, old)} & roles or names:
        ours, theirs = slots_of(new).get("status"), slots_of(old).get("status")
        over = ours is not None and ours["state"] in ("single", "divorced", "widowed", "engaged", "married")
        if over and (theirs is not None or (_ONE_OF.search(old.lower) and _NAME_OF.search(old.text))):
            return True
        if _NO_LONGER.search(new.lower) and old.owner.role in roles:
            return not old.owner.name or old.owner.name in new.text or not re.search(r"[A-Z]\w+", new.text[8:])
        return bool(words.PARTS_WITH.search(new.lower) and words.HAS.search(old.lower) and not words.LET_GO.search(new.lower))
    return False
