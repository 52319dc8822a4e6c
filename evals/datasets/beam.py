"""BEAM's conversations as distributed (mohammadtavakoli78/BEAM; not part of this repository)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import BaseModel, Field, JsonValue, TypeAdapter, field_validator

from app.malformed import Place, checked, read_json
from evals.datasets.evidence import Asked, Conversation, Said, conversations_of

_TALK, _QUESTIONS = "chat.json", "probing_questions.json"
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


class _Question(BaseModel):
    question: str = Field(min_length=1)
    source_chat_ids: JsonValue = None

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


_BATCHES, _ASKED = TypeAdapter(list[_Batch]), TypeAdapter(dict[str, list[_Question]])


def load(path: Path) -> list[Conversation]:
    """Load one conversation's folder, or a folder of such folders; questions without evidence are left out.

    Raises:
        InvalidInput: A file cannot be read or is not in BEAM's form, or every question lacks evidence.
    """
    return conversations_of(path, _TALK, _conversation, "a conversation's folder of BEAM")


def _conversation(folder: Path) -> Conversation:
    talk, asked = folder / _TALK, folder / _QUESTIONS
    batches = checked(Place(talk), _BATCHES, read_json(talk, "--data: it takes a folder of BEAM"))
    questions = checked(Place(asked), _ASKED, read_json(asked, "--data: it takes a folder of BEAM"))
    turns, turn_of = [], dict[int, str]()
    for said, ids in _turns(batches):
        turns.append(said)
        turn_of |= dict.fromkeys(ids, said.id)
    kept = []
    for ability, group in questions.items():
        for one in group:
            evidence = tuple(dict.fromkeys(turn_of[name] for name in one.sources if name in turn_of))
            if evidence:
                kept.append(Asked(one.question, ability.replace("_", " "), evidence))
    return Conversation(folder.name, tuple(turns), tuple(kept))


def _turns(batches: Sequence[_Batch]) -> Iterator[tuple[Said, list[int]]]:
    """Yield each message of the person with the replies that follow, and the ids of all of these."""
    begin = _DEFAULT_START - timedelta(days=1)
    for batch in batches:
        messages = [one for group in batch.turns for one in group]
        begin = _begin(messages, begin + timedelta(days=1))
        heads = [place for place, one in enumerate(messages) if one.role == "user" or not place]
        for number, (head, end) in enumerate(zip(heads, [*heads[1:], len(messages)], strict=True)):
            said = messages[head:end]
            text = _MARK.sub("", said[0].content) if said[0].role == "user" else ""
            reply = "\n\n".join(one.content for one in said if one.role != "user")
            yield Said(str(said[0].id), begin + timedelta(minutes=number), text, reply), [one.id for one in said]


def _begin(messages: Sequence[_Message], otherwise: datetime) -> datetime:
    """Return the start of a batch: the day that its first dated message names, else one day after the previous batch."""
    for one in messages:
        if one.time_anchor:
            try:
                return datetime.strptime(one.time_anchor, _DAY).replace(hour=9, tzinfo=UTC)
            except ValueError:
                break
    return otherwise
