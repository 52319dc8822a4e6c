"""A first day with the assistant: fictional people write naturally, and every reply is stored for reading and counting."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.events import Answered
from evals.datasets.drawings import Scene, draw
from memory.core.errors import InvalidInput, NothingWritten
from memory.core.records import SPOKEN, Turn, TurnState

if TYPE_CHECKING:
    from app.service import PersonaService

LOG = "first_day.jsonl"
_SESSION_GAP = timedelta(minutes=60)
"""The gap that ends a session: the messages before it are remembered then."""


class Message(BaseModel):
    """One message of a day.

    Attributes:
        kind: Its type: `greeting`, `feelings`, `minutes ago`, `next day`, …
        must: What the reply must contain, each a regular expression; none if many replies are right.
        must_not: What it must not contain, the same.
        scene: The scene of the photo that is sent with it.
        language: Language of the reply, if it is not the person's own (`any`: it does not matter).
    """

    model_config = ConfigDict(extra="forbid")

    time: datetime
    text: str
    kind: str
    must: tuple[str, ...] = ()
    must_not: tuple[str, ...] = ()
    scene: Scene | None = None
    language: str | None = None


class Person(BaseModel):
    """A person on their first day; `id` is the name of their file, `language` an ISO 639-1 code."""

    model_config = ConfigDict(extra="forbid")

    id: str = ""
    name: str
    language: str
    messages: list[Message] = Field(min_length=1)


class Line(BaseModel):
    """One message with its reply: a line of the log."""

    person: str
    number: int
    kind: str
    time: datetime
    text: str
    reply: str = ""
    first_word_ms: float = 0.0
    total_ms: float = 0.0
    steps: int = 0
    warnings: tuple[str, ...] = ()


class Transcripts:
    """The conversation so far, one JSON line per turn; a line that a crash cut off is dropped.

    Args:
        path: The file; created if missing.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self.lines = list(self._read()) if path.exists() else []

    def add(self, line: Line) -> None:
        """Write a line so that it survives a crash."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(line.model_dump_json() + "\n")
            file.flush()
            os.fsync(file.fileno())
        self.lines.append(line)

    def of(self, person: Person) -> list[Line]:
        """Return a person's lines.

        Raises:
            InvalidInput: They answer other messages.
        """
        lines = [line for line in self.lines if line.person == person.id]
        for line, message in zip(lines, person.messages, strict=False):
            if line.text != message.text:
                raise InvalidInput(f"{self.path} contains other messages of {person.id}. Give another --out.")
        return lines

    def _read(self) -> Iterator[Line]:
        data = self.path.read_bytes()
        whole = data[: data.rfind(b"\n") + 1]
        if whole != data:
            self.path.write_bytes(whole)
        for number, line in enumerate(whole.splitlines(), start=1):
            try:
                yield Line.model_validate_json(line)
            except ValidationError as error:
                raise InvalidInput(f"{self.path}, line {number}: not a log of first days. Give another --out.") from error


def load(folder: Path) -> list[Person]:
    """Load the people of a folder, one JSON file each.

    Raises:
        InvalidInput: There is none, or one cannot be read.
    """
    people = []
    for path in sorted(folder.glob("*.json")):
        try:
            person = Person.model_validate_json(path.read_bytes())
        except (OSError, ValidationError) as error:
            raise InvalidInput(f"{path} is not a person's first day: {error}") from error
        people.append(person.model_copy(update={"id": path.stem}))
    if not people:
        raise InvalidInput(f"{folder} contains no people. Give --data evals/data/first_day.")
    return people


def live(
    service: PersonaService,
    people: Sequence[Person],
    transcripts: Transcripts,
    *,
    remember: bool = True,
    limit: int | None = None,
    on_done: Callable[[Line], None] = lambda _line: None,
) -> None:
    """Send the messages that people have not sent yet; each session is remembered before the next one begins.

    An interrupted run continues after the last answered message: memory is as far as the journal says.

    Args:
        service: The assistant, without background threads.
        people: The people, one after another.
        transcripts: The conversation so far; new lines are added to it.
        remember: Off: nothing is extracted, and a search finds raw turns alone.
        limit: Stop after this many more replies.
        on_done: Called with every reply.

    Raises:
        PersonaError: The model does not answer. The conversation so far is kept.
    """
    added = 0
    for person in people:
        there = len(transcripts.of(person))
        lived = [turn for turn in service.memory.journal.turns(person.id) if turn.state is not TurnState.REPLACED]
        for number, message in enumerate(person.messages):
            if number < there:
                continue
            if added == limit:
                return
            added += 1
            before = person.messages[number - 1].time if number else message.time
            if remember and message.time - before >= _SESSION_GAP:
                service.wait(person.id)
            turn = lived[number] if number < len(lived) else None
            line = _line(person, number, message, _answered(service, person, message, turn))
            transcripts.add(line)
            on_done(line)
        if remember:
            service.wait(person.id)


def _answered(service: PersonaService, person: Person, message: Message, turn: Turn | None) -> Turn | None:
    """Return the turn of a message with its reply; None if the model wrote nothing that can be shown."""
    if turn is not None and turn.state in SPOKEN:
        return turn
    if turn is not None:
        events = service.answer_again(person.id, turn.id)
    else:
        events = service.stream(person.id, message.text, images=_pictures(message), time=message.time)
    try:
        return next(event.turn for event in events if isinstance(event, Answered))
    except NothingWritten:
        return None


def _pictures(message: Message) -> list[bytes]:
    if message.scene is None:
        return []
    file = io.BytesIO()
    draw(message.scene).save(file, format="PNG")
    return [file.getvalue()]


def _line(person: Person, number: int, message: Message, turn: Turn | None) -> Line:
    line = Line(person=person.id, number=number, kind=message.kind, time=message.time, text=message.text)
    if turn is None or turn.trace is None:
        return line.model_copy(update={"warnings": ("no reply",)})
    trace = turn.trace
    told = {
        "reply": turn.reply,
        "first_word_ms": trace.timings_ms.get("first_answer", 0.0),
        "total_ms": trace.timings_ms.get("total", 0.0),
        "steps": len(trace.steps),
        "warnings": (*(step.warning for step in trace.steps if step.warning), *trace.notes),
    }
    return line.model_copy(update=told)
