"""BEAM's conversations as distributed (mohammadtavakoli78/BEAM; not part of this repository)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import BaseModel, Field, JsonValue, TypeAdapter, field_validator

from app.malformed import Place, checked, read_json
from evals.datasets.evidence import Asked, Conversation, Said, conversations_of
from evals.datasets.histories import in_parts

TALK, WHAT = "chat.json", "a conversation's folder of BEAM"
_QUESTIONS = "probing_questions.json"
_OPTION = "--data: it takes a folder of BEAM"
_DAY = "%B-%d-%Y"
_DEFAULT_START = datetime(2024, 1, 1, 9, tzinfo=UTC)
"""Start of a conversation without any date."""
_MARK = re.compile(r"\s*->->\s*[\d,.\s]*$")
"""The mark that BEAM's authors left after each message."""


class _Message(BaseModel):
    role: str
    id: int
    content: str
    time_anchor: str | None = None


class _Batch(BaseModel):
    turns: list[list[_Message]]


class Probe(BaseModel):
    """A probing question.

    Attributes:
        rubric: What a right answer holds; for event ordering, the events in their order.
    """

    question: str = Field(min_length=1)
    source_chat_ids: JsonValue = None
    rubric: list[str] = []

    @field_validator("question")
    @classmethod
    def _is_text(cls, value: str) -> str:
        if not value.strip():
            msg = "a question has words"
            raise ValueError(msg)
        value.encode()
        return value

    @field_validator("source_chat_ids")
    @classmethod
    def _is_of_numbers(cls, value: JsonValue) -> JsonValue:
        list(_numbers(value))
        return value

    @property
    def sources(self) -> list[int]:
        """Return the messages that answer it, however they are grouped."""
        return list(dict.fromkeys(_numbers(self.source_chat_ids)))


def _numbers(value: JsonValue) -> Iterator[int]:
    """Yield the ids in a list, or in named or nested groups."""
    match value:
        case None:
            return
        case bool() | float() | str():
            msg = f"an id of a message is a whole number, not {value!r}"
            raise ValueError(msg)
        case int():
            yield value
        case dict():
            for one in value.values():
                yield from _numbers(one)
        case _:
            for one in value:
                yield from _numbers(one)


_BATCH, _ASKED = TypeAdapter(_Batch), TypeAdapter(dict[str, list[Probe]])


@dataclass(frozen=True)
class Talk:
    """One conversation's folder, read.

    Attributes:
        turns: The messages of the person, each with the replies that follow.
        probes: The questions with their ability and their place in the file.
    """

    turns: tuple[Said, ...]
    probes: tuple[tuple[Place, str, Probe], ...]
    _turns_of: dict[int, tuple[str, ...]]

    def evidence(self, probe: Probe) -> tuple[str, ...]:
        """Return the ids of the turns that answer a question."""
        return tuple(dict.fromkeys(turn for name in probe.sources for turn in self._turns_of.get(name, ())))


def load(path: Path) -> list[Conversation]:
    """Load one conversation's folder, or a folder of such folders; questions without evidence are left out.

    Raises:
        InvalidInput: A file cannot be read or is not in BEAM's form, or every question lacks evidence.
    """
    return conversations_of(path, TALK, _conversation, WHAT)


def read(folder: Path) -> Talk:
    """Read one conversation's folder; its questions lie beside the conversation or in a folder of their own.

    Raises:
        InvalidInput: A file cannot be read or is not in BEAM's form; names file and line.
    """
    turns, turns_of = _turns(folder / TALK)
    beside = folder / _QUESTIONS
    path = beside if beside.exists() else folder / "probing_questions" / _QUESTIONS
    place = Place(path if path.exists() else beside)
    asked = checked(place, _ASKED, read_json(place.path, _OPTION))
    probes = [
        (place.at(ability, number), ability.replace("_", " "), one)
        for ability, group in asked.items()
        for number, one in enumerate(group)
    ]
    return Talk(turns, tuple(probes), turns_of)


def _conversation(folder: Path) -> Conversation:
    talk = read(folder)
    kept = [Asked(one.question, ability, evidence) for _, ability, one in talk.probes if (evidence := talk.evidence(one))]
    return Conversation(folder.name, talk.turns, tuple(kept))


def _batches(path: Path) -> Iterator[tuple[Place, _Batch]]:
    """Yield the batches of a conversation; the longest conversations (10M) keep them in named plans."""
    whole = read_json(path, _OPTION)
    entries = whole if isinstance(whole, list) else [whole]
    for number, entry in enumerate(entries):
        place = Place(path, (number,)) if isinstance(whole, list) else Place(path)
        plans = entry if isinstance(entry, dict) and "turns" not in entry else {}
        inside = [
            (place.at(plan, at), one)
            for plan, batches in plans.items()
            if isinstance(batches, list)
            for at, one in enumerate(batches)
        ]
        for where, one in inside or [(place, entry)]:
            yield where, checked(where, _BATCH, one)


def _turns(path: Path) -> tuple[tuple[Said, ...], dict[int, tuple[str, ...]]]:
    """Return the turns, and the ids of the turns that hold each message.

    A turn is a message of the person with the replies that follow, those that begin a later batch among them. Replies before
    the first message belong to it.
    """
    turns: list[Said] = []
    turns_of: dict[int, tuple[str, ...]] = {}
    openings: list[_Message] = []
    begin = _DEFAULT_START - timedelta(days=1)
    for place, batch in _batches(path):
        messages = [(place.at("turns", row, at), one) for row, group in enumerate(batch.turns) for at, one in enumerate(group)]
        begin, here = _begin([one for _, one in messages], begin + timedelta(days=1)), 0
        if turns:
            # The journal takes a history in the order of time, whatever day a later batch names.
            begin = max(begin, turns[-1].time + timedelta(minutes=1))
        for where, one in messages:
            if one.id in turns_of or any(one.id == other.id for other in openings):
                raise where.at("id").wrong(f"another message has the id {one.id} too.")
            parts = in_parts(_MARK.sub("", one.content)) if one.role == "user" else []
            if parts:
                names = [*(f"{one.id}, part {number}" for number in range(1, len(parts))), str(one.id)]
                time = begin + timedelta(minutes=here)
                turns += [Said(name, time, part) for name, part in zip(names, parts, strict=True)]
                turns_of[one.id], here = tuple(names), here + 1
                for opening in openings:
                    _reply(turns, turns_of, opening)
                openings = []
            elif turns:
                _reply(turns, turns_of, one)
            else:
                openings.append(one)
    if not turns:
        raise Place(path).wrong("the person writes no message in it.")
    return tuple(turns), turns_of


def _reply(turns: list[Said], turns_of: dict[int, tuple[str, ...]], said: _Message) -> None:
    """Add a message of the assistant to the reply of the last turn."""
    last = turns[-1]
    # An empty message of the person adds nothing; its id stays known.
    text = said.content if said.role != "user" else ""
    turns[-1] = replace(last, reply="\n\n".join(one for one in (last.reply, text) if one))
    turns_of[said.id] = (last.id,)


def _begin(messages: Sequence[_Message], otherwise: datetime) -> datetime:
    """Return the start of a batch: the day that its first dated message names, else one day after the previous batch."""
    for one in messages:
        if one.time_anchor:
            try:
                return datetime.strptime(one.time_anchor, _DAY).replace(hour=9, tzinfo=UTC)
            except ValueError:
                break
    return otherwise
