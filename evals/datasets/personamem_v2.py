"""PersonaMem-v2 as distributed (bowen-upenn/PersonaMem-v2; not part of this project): a table, and a file for each history.

Each question has a right reply and several wrong ones, and is asked after the whole history. Questions of type `ask_to_forget`
are about something that the person asked to forget: the right reply does not use it.
"""

from __future__ import annotations

import ast
import hashlib
import json
from pathlib import Path
from string import ascii_lowercase
from typing import Literal, TypeVar

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from app.malformed import Place, checked, malformed, read_json
from evals.datasets.histories import speakable
from evals.datasets.personamem import Message, rows_of, turns_of
from evals.types import Person, Question
from memory.core.errors import InvalidInput

Context = Literal["32k", "128k"]
_Read = TypeVar("_Read")
COLUMN = "chat_history_32k_link"
"""A column that the table of v1 does not have."""
_WRONG, _QUERY = TypeAdapter(list[str]), TypeAdapter(str | Message)
_HISTORY = TypeAdapter(list[Message])


class _Row(BaseModel):
    persona_id: str = Field(min_length=1)
    link: str = Field(min_length=1)
    user_query: str
    correct_answer: str = Field(min_length=1)
    incorrect_answers: str
    pref_type: str = Field(min_length=1)


def is_v2(questions: Path) -> bool:
    """Return whether a table of questions is one of v2, by its columns.

    Raises:
        InvalidInput: It cannot be read.
    """
    return any(COLUMN in row for _, row in rows_of(questions)[:1])


def load(questions: Path, folder: Path, context: Context = "32k") -> tuple[list[Person], list[Question]]:
    """Load questions, and the histories after which they are asked.

    The letters of the options are in an order that depends on their words alone, so that every run asks the same.

    Args:
        questions: The table (CSV).
        folder: The folder from which the table's links begin.
        context: How long the histories are.

    Raises:
        InvalidInput: Something is missing or malformed; names the file and the line.
    """
    people: dict[str, Person] = {}
    cases: list[Question] = []
    for number, (line, cells) in enumerate(rows_of(questions)):
        where = f"{questions}, line {line}"
        row = _row(where, cells, context)
        name = Path(row.link).stem
        if name not in people:
            people[name] = _person(where, name, folder / row.link)
        text = _query(where, row.user_query)
        wrong = _parsed(where, "incorrect_answers", row.incorrect_answers, _WRONG)
        options = [row.correct_answer, *wrong]
        if not wrong or len(set(options)) < len(options) or len(options) > len(ascii_lowercase):
            raise InvalidInput(f"{where}: its {len(options)} options are not different from each other. Correct the row.")
        options.sort(key=lambda option: hashlib.sha256(f"{name}\n{text}\n{option}".encode()).digest())
        choices = dict(zip(ascii_lowercase, options, strict=False))
        answer = next(letter for letter, option in choices.items() if option == row.correct_answer)
        question = Question(
            id=str(number), person=name, aspect="PersonaMem-v2", task=row.pref_type, text=text, choices=choices, answer=answer,
            rule="letters",
        )  # fmt: skip
        cases.append(question)
    if not cases:
        raise InvalidInput(f"{questions} contains no question.")
    return list(people.values()), cases


def _row(where: str, cells: dict[str | None, object], context: Context) -> _Row:
    try:
        return _Row.model_validate({**cells, "link": cells.get(f"chat_history_{context}_link")})
    except ValidationError as error:
        raise malformed(where, error) from error


def _person(where: str, name: str, path: Path) -> Person:
    if not path.is_file():
        raise InvalidInput(f"{where}: there is no file {path}. Give --contexts the folder from which the table's links begin.")
    whole = read_json(path, "--contexts")
    place = Place(path) if isinstance(whole, list) else Place(path, ("chat_history",))
    messages = checked(place, _HISTORY, whole if isinstance(whole, list) else _inside(place, whole))
    turns = turns_of(messages)
    for said in turns:
        speakable(place, said.user)
    return Person(name, turns)


def _inside(place: Place, whole: object) -> object:
    if not isinstance(whole, dict) or "chat_history" not in whole:
        raise place.wrong("it has no chat_history.")
    return whole["chat_history"]


def _query(where: str, text: str) -> str:
    """Return the question: the table writes it as a message, in JSON or in Python, or as plain text."""
    query = _parsed(where, "user_query", text, _QUERY) if text.lstrip().startswith("{") else text
    said = query if isinstance(query, str) else query.content
    if not said.strip():
        raise InvalidInput(f"{where}, user_query: the question is empty. Correct the row.")
    return said


def _parsed(where: str, column: str, text: str, kind: TypeAdapter[_Read]) -> _Read:
    try:
        value = json.loads(text)
    except ValueError:
        try:
            value = ast.literal_eval(text)
        except (ValueError, SyntaxError) as error:
            raise InvalidInput(f"{where}, {column}: it cannot be read ({error}). Correct the row.") from error
    try:
        return kind.validate_python(value)
    except ValidationError as error:
        raise malformed(f"{where}, {column}", error) from error
