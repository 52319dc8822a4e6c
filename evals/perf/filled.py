"""Data folders with years of content, made once per machine: everything that conversations leave behind except photos."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import islice
from pathlib import Path

from app.models.weights import models_folder
from evals.perf.corpus import SESSION, Life
from evals.perf.retrieval import DrawnEmbedder
from memory.core.records import BigFive, Episode, PersonalityPoint, SemanticMemory, Turn, make_id
from memory.embedding.text_embedder import Embedder
from memory.memory import Memory
from memory.personality.pem import evolve

_CONTENT_VERSION = 2
"""Increment when the content of a folder changes: older folders are then rebuilt."""
_TURNS_EACH = 54
"""For many users: 54 facts, 8 topics, 13 profile lines and 5 habits are 80 memories."""
_PROGRESS_TURNS = 1_000
"""Turns between two lines of progress."""
USER = "bench"
Say = Callable[[str], None]


@contextmanager
def one_user(turns: int, embedder: Embedder, say: Say) -> Iterator[Path]:
    """Copy a folder in which one user has this many turns, for the length of the block."""
    # Every second turn taught a fact.
    with _copy(_made(f"turns-{turns}", lambda folder: _fill(folder, [USER], turns, 2, embedder, say)), say) as folder:
        yield folder


@contextmanager
def many_users(users: int, embedder: Embedder, say: Say) -> Iterator[Path]:
    """Copy a folder with this many users, each with 80 memories, for the length of the block."""
    names = [user(number) for number in range(users)]
    made = _made(f"users-{users}", lambda folder: _fill(folder, names, _TURNS_EACH, 1, embedder, say))
    with _copy(made, say) as folder:
        yield folder


def user(number: int) -> str:
    """Return the id of one of many users."""
    return f"person {number}"


def life_of(name: str) -> Life:
    """Return the generator of this user's conversation: each user has their own."""
    return Life(sum(name.encode()))


def kept_folder(name: str) -> Path:
    """Return where a filled folder is kept: in the cache, beside the models."""
    return models_folder().parent / "bench" / f"{_CONTENT_VERSION}-{name}"


def _made(name: str, fill: Callable[[Path], None]) -> Path:
    """Return a filled folder, which is kept: a big one takes an hour to make."""
    kept = kept_folder(name)
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept.parent) as making:
            fill(Path(making) / "data")
            (Path(making) / "data").rename(kept)
    return kept


@contextmanager
def _copy(kept: Path, say: Say) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="persona-bench-", dir=kept.parent) as copy:
        say(f"Copying {kept.name}")
        yield Path(shutil.copytree(kept, Path(copy) / "data"))


def _fill(folder: Path, names: Sequence[str], turns: int, fact_every: int, embedder: Embedder, say: Say) -> None:
    drawn = DrawnEmbedder(embedder, Life().words)
    drawn.filling = True
    # Nothing in synthetic words is sensitive, and the classifier takes time.
    with Memory(folder, drawn, asks=False) as memory:
        fill(memory, names, say, turns, fact_every)


def fill(memory: Memory, names: Sequence[str], say: Say, turns: int = _TURNS_EACH, fact_every: int = 1) -> None:
    """Let people live in a memory; by default each has 80 memories afterwards."""
    for number, name in enumerate(names):
        _live(memory, name, turns, fact_every, say)
        if len(names) > 1 and (number + 1) % 50 == 0:
            say(f"{number + 1:,} of {len(names):,} people")


def _live(memory: Memory, name: str, count: int, fact_every: int, say: Say) -> None:
    life = life_of(name)
    facts = life.facts(count)
    scores = BigFive()
    session: list[Turn] = []
    said = life.turns(count)
    for number, one in enumerate(islice(said, count)):
        turn = memory.ingest_turn(name, one.time, one.text, one.reply)
        if turn is None:
            continue
        if session and turn.session != session[-1].session:
            _sum_up(memory, name, session)
            session = []
        session.append(turn)
        inferred = BigFive(openness=1 + number % 5, neuroticism=1 + number // 7 % 5)
        scores = evolve(scores, inferred, number, ())
        point = PersonalityPoint(turn_id=turn.id, time=one.time, inferred=inferred, scores=scores, m=number)
        fact = _fact(name, turn, next(facts)) if number % fact_every == 0 else None
        memory.memories.commit_remember(name, turn.id, point, fact)
        if (number + 1) % _PROGRESS_TURNS == 0:
            say(f"{number + 1:,} of {count:,} turns")
            memory.index(name)
    memory.index(name)


def _fact(name: str, turn: Turn, fact: tuple[str, tuple[str, ...]]) -> SemanticMemory:
    content, keywords = fact
    return SemanticMemory(
        id=make_id(name, "semantic", turn.id), turn_id=turn.id, time=turn.time, content=content, keywords=keywords
    )


def _sum_up(memory: Memory, name: str, session: Sequence[Turn]) -> None:
    halves = [session[: SESSION // 2], session[SESSION // 2 :]]
    episodes = [
        Episode(
            id=make_id(name, "episodic", session[0].session, ordinal),
            session=session[0].session,
            time=half[0].time,
            summary=f"The user said: {half[0].text}",
            keywords=tuple(half[0].text.split()[:3]),
            turn_ids=tuple(turn.id for turn in half),
        )
        for ordinal, half in enumerate(halves)
        if half
    ]
    words = session[0].text.rstrip(".").split()
    profile = {"name": "Ada"} | {f"line {number}": " ".join(words[number : number + 3]) for number in range(12)}
    habits = {f"habit {number}": f"The user does {word} every week." for number, word in enumerate(words[:5])}
    memory.memories.commit_consolidation(
        name, session[0].session, session[-1].time, episodes=episodes, procedures=habits, profile=profile
    )


def last_said(memory: Memory, name: str) -> datetime:
    """Return the time of this user's last message."""
    last = memory.journal.last_time(name)
    if last is None:
        raise ValueError(f"{name} has said nothing")
    return last
