"""The memory for a question of RL: a person's history from a file, put into a real memory without a model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from app.malformed import Place, checked, read_json
from memory.core import clock
from memory.core.errors import PersonaError
from memory.core.records import TRAITS, BigFive, Episode, PersonalityPoint, SemanticMemory, Turn, make_id
from memory.core.validation import check_text
from memory.facts.acceptance import Changes
from training.data.lessons import MARK, picture_problem

if TYPE_CHECKING:
    from memory.memory import Memory


class Said(BaseModel):
    """One turn; `fact` is what was remembered from it, `replaces` the turns (indices from 0) whose facts it superseded."""

    time: str
    user: str
    assistant: str = ""
    images: list[str] = []
    fact: str | None = None
    keywords: list[str] = []
    replaces: list[Annotated[int, Field(ge=0)]] = []


class Topic(BaseModel):
    """One topic; `turns` are indices in the history, from 0."""

    model_config = ConfigDict(extra="forbid")

    summary: str
    keywords: list[str] = []
    turns: list[Annotated[int, Field(ge=0)]] = Field(min_length=1)


class History(BaseModel):
    """A person's history: our own form, or `user_data.json` of Persona-MME, of which only the turns are used (`sessions`)."""

    turns: list[Said] = []
    sessions: list[list[Said]] = []
    imgs: list[str] = []
    topics: list[Topic] = []
    habits: dict[str, str] = {}
    profile: dict[str, str] = {}
    personality: BigFive = BigFive()


@dataclass(frozen=True)
class Known:
    """A loaded history: its turns in order, with their photos."""

    path: Path
    turns: tuple[Said, ...]
    history: History


_HISTORY: TypeAdapter[History] = TypeAdapter(History)
_MARK = "<img>"


def read(path: Path) -> Known:
    """Load a history.

    Raises:
        InvalidInput: The file is not a history; names file and line.
    """
    place = Place(path)
    given = read_json(path, "memory")
    if isinstance(given, dict):
        # Persona-MME's profiles contain more than profile lines.
        lines = given.get("profile")
        known_lines = lines if isinstance(lines, dict) else {}
        given = {**given, "profile": {key: value for key, value in known_lines.items() if isinstance(value, str)}}
    history = checked(place, _HISTORY, given)
    pictures = iter(history.imgs)
    said = history.turns or [_with_pictures(one, pictures) for session in history.sessions for one in session]
    if not said:
        raise place.wrong("it contains no turns.")
    _check_turns(said, path, [place.at("turns", number) if history.turns else place for number in range(len(said))])
    for number, topic in enumerate(history.topics):
        if max(topic.turns) >= len(said):
            raise place.at("topics", number, "turns").wrong(f"there is no turn {max(topic.turns)}.")
    return Known(path, tuple(said), history)


def _check_turns(said: list[Said], path: Path, places: list[Place]) -> None:
    last: datetime | None = None
    told: set[tuple[datetime, str]] = set()
    for number, (one, where) in enumerate(zip(said, places, strict=True)):
        try:
            time = clock.parse_time(one.time)
            check_text(one.user, len(one.images))
        except PersonaError as error:
            raise where.wrong(f"turn {number}: {error.message}") from error
        if last is not None and time < last:
            raise where.wrong(f"turn {number} is said at {one.time}, before the turn before it.")
        if (time, one.user) in told:
            raise where.wrong(f"turn {number} is said at {one.time} already, in the same words.")
        last = time
        told.add((time, one.user))
        for problem in filter(None, (picture_problem(path.parent / name) for name in one.images)):
            raise where.wrong(f"{problem}.")
        if mark := MARK.search(f"{one.user} {one.assistant} {one.fact}"):
            raise where.wrong(f"turn {number}: {mark[0]} is a chat-template mark, which a text must not contain.")
        if any(replaced >= number for replaced in one.replaces):
            raise where.wrong(f"turn {number} replaces a turn that is not before it.")


def _hold(memory: Memory, user: str, first: Sequence[Turn], scores: BigFive) -> None:
    """Pin the traits to the history's scores, from its first turn on: they are known without messages that show them."""
    for turn in first:
        for trait, score in scores.items():
            memory.personality.pin(user, trait, score, turn.time)


def plant(memory: Memory, user: str, known: Known, upto: int | None = None) -> None:
    """Put a history's first turns into a memory, with what was remembered from them; no model is asked.

    Session summaries (topics, habits, profile) are added if they cover these turns alone, or if all turns are added.
    """
    if memory.journal.turns(user, limit=1):
        return
    turns: list[Turn] = []
    said = known.turns[:upto]
    for one in said:
        ids = [memory.photos.receive(user, (known.path.parent / name).read_bytes()) for name in one.images]
        turn = memory.ingest_turn(user, clock.parse_time(one.time), one.user, one.assistant, ids)
        if turn is not None:
            turns.append(turn)
    memory.journal.end_session(user)
    scores = known.history.personality
    _hold(memory, user, turns[:1], scores)
    for number, (turn, one) in enumerate(zip(turns, said, strict=True)):
        point = PersonalityPoint(turn_id=turn.id, time=turn.time, inferred=BigFive(), scores=scores, m=number, pinned=TRAITS)
        fact = None
        if one.fact:
            fact = SemanticMemory(
                id=make_id(user, "semantic", turn.id),
                turn_id=turn.id,
                time=turn.time,
                content=one.fact,
                keywords=tuple(one.keywords),
            )
        older = [place for place in one.replaces if place < number and said[place].fact]
        changes = Changes(supersedes=tuple(make_id(user, "semantic", turns[place].id) for place in older))
        memory.memories.commit_remember(user, turn.id, point, fact, changes)
    whole = len(said) == len(known.turns)
    topics: dict[int, list[Topic]] = {}
    for topic in known.history.topics:
        if max(topic.turns) < len(turns):
            topics.setdefault(turns[topic.turns[0]].session, []).append(topic)
    for session in dict.fromkeys(turn.session for turn in turns):
        of = [turn for turn in turns if turn.session == session]
        last = session == turns[-1].session
        memory.memories.commit_consolidation(
            user,
            session,
            of[-1].time,
            episodes=_episodes(user, session, topics.get(session, []), turns),
            procedures=known.history.habits if whole and last else None,
            profile=known.history.profile if whole and last else None,
        )
    memory.index(user)


def _episodes(user: str, session: int, topics: list[Topic], turns: list[Turn]) -> list[Episode]:
    return [
        Episode(
            id=make_id(user, "episodic", session, ordinal),
            session=session,
            time=turns[topic.turns[0]].time,
            summary=topic.summary,
            keywords=tuple(topic.keywords),
            turn_ids=tuple(turns[place].id for place in topic.turns),
        )
        for ordinal, topic in enumerate(topics)
    ]


def _with_pictures(said: Said, pictures: Iterator[str]) -> Said:
    names = [next(pictures, "") for _ in range(said.user.count(_MARK))]
    return said.model_copy(update={"user": said.user.replace(_MARK, "").strip(), "images": names})
