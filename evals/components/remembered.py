"""The memories made from a history, as values that can be measured."""

from __future__ import annotations

from dataclasses import dataclass

from evals.solvers import places_of, user_of
from evals.types import Person, Shown
from memory.core.records import BigFive, Episode, Procedure, SemanticMemory
from memory.memory import Memory


@dataclass(frozen=True)
class Kept:
    """What memory contains about a person after their history.

    Attributes:
        facts: Facts extracted from the turns, superseded or not.
        topics: Topics of the sessions.
        procedures: Habits and goals.
        profile: The core profile.
        personality: The final scores; None if there are none yet.
        inferred: The scores that the model inferred from each turn that shows any.
    """

    facts: tuple[Shown, ...]
    topics: tuple[Shown, ...]
    procedures: tuple[str, ...]
    profile: tuple[tuple[str, str], ...]
    personality: BigFive | None
    inferred: tuple[BigFive, ...]


def kept(memory: Memory, person: Person) -> Kept:
    """Return what memory contains about a person."""
    user = user_of(person)
    places = places_of(memory, user)
    entries = memory.memories.entries(user)
    timeline = memory.personality.history(user)
    semantic = [one for one in entries if isinstance(one, SemanticMemory)]
    topics = [one for one in entries if isinstance(one, Episode)]
    return Kept(
        facts=tuple(Shown(one.id, "semantic", one.content, (places[one.turn_id],)) for one in semantic),
        topics=tuple(Shown(one.id, "episodic", one.summary, tuple(places[turn] for turn in one.turn_ids)) for one in topics),
        procedures=tuple(f"{one.key}: {one.text}" for one in entries if isinstance(one, Procedure)),
        profile=tuple(memory.memories.profile(user).values().items()),
        personality=timeline[-1].scores if timeline else None,
        inferred=tuple(point.inferred for point in timeline if point.inferred is not None),
    )
