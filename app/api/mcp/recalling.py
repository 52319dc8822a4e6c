"""The tools that read: recall, profile, personality, timeline, and one memory by its id.

What is pending approval is in none of them, as in every prompt.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from app.api.mcp import times
from app.api.mcp.results import Entry, KindName, Personality, Profile, Recollection, Timeline, Trait
from graph.prompts import manner
from memory.core import clock
from memory.core.errors import InvalidInput, NotFound
from memory.core.query import Query, SearchBudget
from memory.core.records import TRAITS, Episode, PhotoMemory, Procedure, ProfileEntry, Recalled, SemanticMemory, Spoken
from memory.core.speakers import spoken
from memory.core.validation import check_text

if TYPE_CHECKING:
    from app.service import PersonaService
    from memory.core.time_window import TimeWindow
    from memory.memory import Memory
    from memory.storage.memory_rows import MemoryRecord

_OF_TIME = ("semantic", "episodic", "photo")
"""The kinds of memory that happened at a time; profile and habits hold until they are replaced."""
_MOST = 100
"""Most memories of one timeline."""
_BYTES, _NOTE_BYTES = 8_000, 900
"""Most bytes of one recollection, and of one message in it."""
_BEYOND_WINDOW = 5
"""A search of one kind knows no time window: this many times as many memories are searched, and those outside are dropped."""
_NAME, _UNKNOWN = "name", "unknown"
"""The key of the profile's line that is always there, and its value as long as the person has not told it."""


def recall(
    service: PersonaService,
    user_id: str,
    query: str,
    window: TimeWindow,
    kinds: Sequence[KindName] | None,
    limit: int,
) -> Recollection:
    """Search all kinds of memory together as a reply does, with its relevance floor; or some kinds one by one.

    Args:
        service: The service.
        user_id: The person.
        query: The search text.
        window: Only what was said, or names a day, in this time.
        kinds: Only these kinds; None: all, in one ranking.
        limit: Most memories.

    Raises:
        InvalidInput: The search text is empty, too long, or not valid Unicode.
    """
    if not query.strip():
        raise InvalidInput("The search text is empty. Enter one or more words.")
    check_text(query)
    memory = service.memory
    lines: list[Entry] = []
    if kinds:
        found = _of_kinds(memory, user_id, query, window, kinds, limit)
    else:
        found = _together(memory, user_id, query, window, limit)
        # The search leaves out the lines that every prompt has.
        lines = [of_record(one) for one in _known_lines(memory, user_id) if one.edited or one.key == _NAME]
    when = " in that time" if window.is_bounded else ""
    said = f"{_counted(len(found), 'memory', 'memories')} found{when}." if found else f"Nothing found{when}."
    return Recollection(said=said, profile=lines, memories=[_recalled(one) for one in found])


def _together(memory: Memory, user_id: str, query: str, window: TimeWindow, limit: int) -> list[Recalled]:
    asked = Query(message=query, keywords="", time=clock.now(times.zone_of(memory, user_id)), window=window)
    found = memory.search_jointly(user_id, asked, SearchBudget(size=_BYTES, note=_NOTE_BYTES, most=limit))
    # A prompt is shown what other times hold if nothing is in the window. Here the window is a condition.
    return [] if found.widened else sorted(found.memories, key=lambda one: -one.score)[:limit]


def _of_kinds(
    memory: Memory, user_id: str, query: str, window: TimeWindow, kinds: Sequence[KindName], limit: int
) -> list[Recalled]:
    searched = limit * _BEYOND_WINDOW if window.is_bounded else limit
    named = {
        one.id: one
        for kind in dict.fromkeys(kinds)
        for one in memory.search(user_id, query, kind=kind, limit=searched)
        if window.contains(one.time.timestamp())
    }
    return sorted(named.values(), key=lambda one: -one.score)[:limit]


def profile(service: PersonaService, user_id: str) -> Profile:
    """Return the profile as it holds now, and the habits and goals."""
    lines = [of_record(one) for one in _known_lines(service.memory, user_id)]
    habits = [of_record(one) for one in service.memory.memories.entries(user_id, kind="procedural")]
    kept = _counted(len(habits), "habit or goal", "habits and goals")
    said = f"{_counted(len(lines), 'line', 'lines')} of the profile, and {kept}."
    if not lines and not habits:
        said = "Nothing is known yet: no profile, and no habits."
    return Profile(said=_with_backlog(service, user_id, said), profile=lines, habits=habits)


def personality(service: PersonaService, user_id: str) -> Personality:
    """Return the traits that several messages have shown, and how the person asked to be written to."""
    evidence = service.memory.personality.evidence(user_id)
    known = manner.known(evidence)
    pinned = evidence.point.pinned if evidence.point else ()
    traits = [
        Trait(name=trait, score=round(known[trait], 2) if trait in known else None, pinned=trait in pinned) for trait in TRAITS
    ]
    scores = ", ".join(f"{one.name} {one.score:.1f}" for one in traits if one.score is not None)
    said = f"From 1 to 5: {scores}." if scores else "It is too early to tell the personality: a score needs several messages."
    wishes = manner.newest_wishes(evidence)
    asked = [f"Call them {wish.name}." if wish.kind == "name" else wish.sentence for wish in wishes]
    return Personality(said=said, traits=traits, wishes=list(dict.fromkeys(asked)))


def timeline(service: PersonaService, user_id: str, window: TimeWindow) -> Timeline:
    """Return facts, topics and pictures of a time, oldest first; of many, the newest."""
    records, total = service.memory.browse.memories(user_id, _OF_TIME, window, limit=_MOST)
    shown = [record for record in reversed(records) if _may_be_shown(record)]
    when = " in that time" if window.is_bounded else ""
    said = f"{_counted(len(shown), 'memory', 'memories')}{when}." if shown else f"Nothing is remembered{when}."
    more = max(0, total - _MOST)
    if more:
        said += f" {_counted(more, 'older one is', 'older ones are')} left out; an earlier `until` shows more."
    return Timeline(said=_with_backlog(service, user_id, said), memories=[of_record(one) for one in shown], more=more)


def by_id(memory: Memory, user_id: str, memory_id: str) -> Entry:
    """Return one memory or message.

    Raises:
        NotFound: The person has none with that id, or it is pending approval.
    """
    record = next(iter(memory.memories.entries(user_id, ids=[memory_id])), None)
    if record is not None:
        return of_record(record)
    turn = memory.browse.turns_by_id(user_id, [memory_id]).get(memory_id)
    if turn is None or turn.held is not None:
        raise NotFound(f"There is no memory {memory_id!r} of this user. `persona memory list` shows their ids.")
    return Entry(id=turn.id, kind="turn", time=times.stated(turn.time), text=_spoken(spoken(turn)))


def of_record(record: MemoryRecord) -> Entry:
    """Return a stored memory as an entry."""
    kind: KindName
    match record:
        case SemanticMemory():
            kind, text = "semantic", record.told
        case Episode():
            kind, text = "episodic", " ".join([record.summary, *record.corrected])
        case Procedure():
            kind, text = "procedural", " ".join([f"{record.key}: {record.text}", *record.corrected])
        case PhotoMemory():
            kind, text = "photo", " ".join([record.told, *record.corrected])
        case ProfileEntry():
            kind, text = "core", " ".join([f"{record.key}: {record.value}", *record.corrected])
    return Entry(id=record.id, kind=kind, time=times.stated(record.time), text=text)


def _recalled(found: Recalled) -> Entry:
    if len(found.talk) > 1:
        text = "\n".join(f"At {times.stated(one.time)}: {_spoken(one)}" for one in found.talk)
    else:
        text = _spoken(found.talk[0]) if found.talk else found.text
    return Entry(id=found.id, kind=found.kind, time=times.stated(found.time), text=text)


def _spoken(one: Spoken) -> str:
    who = f"{one.other} said to the person" if one.other else "The person said"
    parts = [f"{who}{' (in part)' if one.excerpt else ''}: {one.text or '(a picture without words)'}"]
    parts += [f"The assistant replied: {one.reply}"] if one.reply else []
    return "\n".join([*parts, *one.corrected])


def _known_lines(memory: Memory, user_id: str) -> list[ProfileEntry]:
    entries = memory.memories.profile(user_id).entries
    return [one for one in entries if not (one.key == _NAME and one.value == _UNKNOWN)]


def _may_be_shown(record: MemoryRecord) -> bool:
    if isinstance(record, SemanticMemory | PhotoMemory) and record.held is not None:
        return False
    return not (isinstance(record, SemanticMemory) and record.same_as is not None)


def _with_backlog(service: PersonaService, user_id: str, said: str) -> str:
    """Add how many messages are not in memory yet, so that `nothing` is not taken for `never said`."""
    left = service.memory.work.backlog(user_id).messages
    return f"{said} {_counted(left, 'message is', 'messages are')} not in memory yet; `recall` finds them." if left else said


def _counted(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"
