"""Grow a run's memory by unrelated content, to test whether its questions still find their answers."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from evals.perf.corpus import SESSION, Life
from evals.solvers import user_of
from evals.types import Person, Question, Said
from memory.core.errors import InvalidInput
from memory.core.records import Line, SemanticMemory, make_id
from memory.embedding.text_embedder import Embedder
from memory.memory import Memory

TURNS = 2_000
FACTS = 500
_TIME_BEFORE = timedelta(days=180)
"""The synthetic turns begin this long before the story, and continue until its last message."""
_NIGHT_HOUR = 3
"""The hour of the synthetic turns: none of them falls into a session of the story."""


def grown(person: Person, life: Life, count: int) -> Person:
    """Return the person with `count` more turns, spread over the story's months and the half year before it."""
    first, last = person.turns[0].time - _TIME_BEFORE, person.turns[-1].time
    return replace(person, turns=tuple(sorted([*person.turns, *_turns(life, count, first, last)], key=lambda said: said.time)))


def moved(question: Question, before: Person, after: Person) -> Question:
    """Return the question with its evidence at the turns' new indices; it is asked after all of them."""
    places = {(said.time, said.user): place for place, said in enumerate(after.turns)}
    there = tuple(places[before.turns[turn].time, before.turns[turn].user] for turn in question.evidence)
    return replace(question, evidence=there, after=None)


def grow(run: Path, target: Path, person: Person, life: Life, embedder: Embedder, facts: int) -> None:
    """Copy the memory of a run that has answered, and add a grown person's turns and facts to it, without a model.

    Args:
        run: The folder of the run.
        target: The folder of the grown run; existing content stays.
        person: As `grown` returns them.
        life: Makes the facts.
        embedder: Makes the vectors.
        facts: Number of facts.

    Raises:
        InvalidInput: The run has no memory.
    """
    if (target / "memory").exists():
        return
    if not (run / "memory").is_dir():
        raise InvalidInput(f"{run} contains no memory to grow. Answer the story first.")
    making = target / "memory.new"
    shutil.rmtree(making, ignore_errors=True)
    target.mkdir(parents=True, exist_ok=True)
    shutil.copytree(run / "memory", making)
    with Memory(making, embedder, asks=False) as memory:
        _add(memory, person, life, facts)
    # Renamed into place: a run that is killed here starts again.
    making.rename(target / "memory")


def _add(memory: Memory, person: Person, life: Life, facts: int) -> None:
    user = user_of(person)
    there = {turn.id for turn in memory.journal.turns(user)}
    memory.ingest(user, [Line(time=said.time, text=said.user, reply=said.assistant) for said in person.turns])
    added = [turn for turn in memory.journal.turns(user) if turn.id not in there]
    for number, (content, keywords) in enumerate(life.facts(facts)):
        turn = added[number * len(added) // facts]
        fact = SemanticMemory(
            id=make_id(user, "semantic", turn.id), turn_id=turn.id, time=turn.time, content=content, keywords=keywords
        )
        memory.memories.commit_remember(user, turn.id, None, fact)
    memory.index(user)


def _turns(life: Life, count: int, first: datetime, last: datetime) -> Iterator[Said]:
    """Yield turns of whole sessions, as many nights apart as the time allows."""
    sessions = -(-count // SESSION)
    for number, made in enumerate(life.turns(count)):
        session, place = divmod(number, SESSION)
        night = (first + (last - first) * session / sessions).replace(hour=_NIGHT_HOUR, minute=0, second=0, microsecond=0)
        yield Said(night + timedelta(minutes=2 * place), made.text, made.reply, ())
