"""PersonaMem v1 as distributed (MIT; not part of this project): a table of questions, and the conversations before them."""

from __future__ import annotations

import ast
import csv
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from app.malformed import malformed
from evals.datasets.histories import speakable
from evals.types import Person, Question, Said
from memory.core.errors import InvalidInput

_BEGIN = datetime(2025, 1, 1, 9, tzinfo=UTC)
"""The conversations have no times: each begins on a day of its own, and its turns are two minutes apart."""
_SPEAKER = re.compile(r"^(?:User|Assistant)\s*:\s*")
_OPTION = re.compile(r"^\s*\(([a-z])\)\s*", re.IGNORECASE)


def load(questions: Path, contexts: Path) -> tuple[list[Person], list[Question]]:
    """Load questions, and the histories within which they are asked.

    Args:
        questions: The table (CSV).
        contexts: JSON lines of {id: [{role, content}, …]}.

    Raises:
        InvalidInput: Something is missing or malformed; names the file and the line.
    """
    talks = _talks(contexts)
    people: dict[str, Person] = {}
    cases: list[Question] = []
    for line, row in _rows(questions):
        where = f"{questions}, line {line}"
        talk = talks.get(row.shared_context_id)
        if talk is None:
            raise InvalidInput(f"{where}: {contexts.name} has no conversation {row.shared_context_id!r}.")
        name = row.shared_context_id
        if name not in people:
            people[name] = Person(name, turns_of(talk))
            for said in people[name].turns:
                speakable(_Talk(contexts, name), said.user)
        choices = _choices(where, row.all_options)
        answer = row.correct_answer.strip("() ").lower()
        if answer not in choices:
            raise InvalidInput(f"{where}: the answer {row.correct_answer!r} is none of its options.")
        end = row.end_index_in_shared_context
        if end > len(talk):
            raise InvalidInput(f"{where}: it is asked after {end} messages, but the conversation has {len(talk)}.")
        question = Question(
            id=row.question_id, person=name, aspect="PersonaMem", task=row.question_type, text=row.user_question_or_message,
            choices=choices, answer=answer, rule="letters", after=sum(bool(said.assistant) for said in turns_of(talk[:end])),
        )  # fmt: skip
        cases.append(question)
    if not cases:
        raise InvalidInput(f"{questions} contains no question.")
    return list(people.values()), cases


class _Row(BaseModel):
    question_id: str
    question_type: str
    user_question_or_message: str
    correct_answer: str
    all_options: str
    shared_context_id: str
    end_index_in_shared_context: int = Field(ge=0)


class Message(BaseModel):
    """A message of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


_TALK = TypeAdapter(dict[str, list[Message]])


@dataclass(frozen=True)
class _Talk:
    """A conversation in the file of contexts."""

    path: Path
    name: str

    def wrong(self, problem: str) -> InvalidInput:
        with self.path.open(encoding="utf-8") as file:
            line = next(number for number, text in enumerate(file, start=1) if text.strip() and self.name in json.loads(text))
        return InvalidInput(f"{self.path}, line {line}: {problem}")


def _rows(path: Path) -> list[tuple[int, _Row]]:
    return [(line, _checked(path, line, row)) for line, row in rows_of(path)]


def rows_of(path: Path) -> list[tuple[int, dict[str | None, object]]]:
    """Return the rows of a table of questions, by column, with their lines.

    Raises:
        InvalidInput: It cannot be read.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            return [(reader.line_num, dict[str | None, object](row)) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InvalidInput(f"{path} cannot be read ({error}). Give --questions PersonaMem's table.") from error


def _checked(path: Path, line: int, row: dict[str | None, object]) -> _Row:
    try:
        return _Row.model_validate(row)
    except ValidationError as error:
        raise malformed(f"{path}, line {line}", error) from error


def _talks(path: Path) -> dict[str, list[Message]]:
    talks: dict[str, list[Message]] = {}
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    talks |= _talk(path, number, line)
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{path} cannot be read ({error}). Give --contexts PersonaMem's conversations.") from error
    return talks


def _talk(path: Path, number: int, line: str) -> dict[str, list[Message]]:
    try:
        return _TALK.validate_json(line)
    except ValidationError as error:
        raise malformed(f"{path}, line {number}", error) from error


def turns_of(messages: Sequence[Message]) -> tuple[Said, ...]:
    """Pair each message with its reply; a system message begins another conversation."""
    turns: list[Said] = []
    day, place, asked = -1, 0, ""
    for message in messages:
        text = _SPEAKER.sub("", message.content).strip()
        if message.role == "system" or day < 0:
            day, place = day + 1, 0
        time = _BEGIN + timedelta(days=day, minutes=2 * place)
        if message.role == "user":
            asked = f"{asked}\n{text}".strip()
        elif message.role == "assistant" and asked:
            turns.append(Said(time, asked, text, ()))
            asked, place = "", place + 1
        elif message.role == "assistant" and turns:
            # A reply without a message continues the reply before it.
            turns[-1] = replace(turns[-1], assistant=f"{turns[-1].assistant}\n{text}")
    if asked:
        turns.append(Said(_BEGIN + timedelta(days=day, minutes=2 * place), asked, "", ()))
    return tuple(turns)


def _choices(where: str, text: str) -> dict[str, str]:
    """Parse a list of options as the table writes it: in JSON, or in Python."""
    try:
        options = json.loads(text)
    except ValueError:
        try:
            options = ast.literal_eval(text)
        except (ValueError, SyntaxError) as error:
            raise InvalidInput(f"{where}: its options are not a list ({error}).") from error
    if not isinstance(options, list) or not all(isinstance(one, str) for one in options):
        raise InvalidInput(f"{where}: its options are not a list of texts.")
    found = {match[1].lower(): one[match.end() :] for one in options if (match := _OPTION.match(one))}
    if len(found) != len(options) or not found:
        raise InvalidInput(f"{where}: its options do not begin with (a), (b), …")
    return found
