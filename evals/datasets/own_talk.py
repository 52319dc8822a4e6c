"""Talks of our own in six languages (`evals/data/languages`): made-up people, and questions whose answering turns are known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, NaiveDatetime, TypeAdapter

from app.malformed import Place, checked, read_json
from evals.datasets.evidence import Asked, Conversation, Said
from memory.core.errors import InvalidInput

FOLDER = Path(__file__).parents[1] / "data" / "languages"
_OPTION = "--data: it takes the folder of our own talks, or one of its files"


def _written(value: str) -> str:
    if not value.strip():
        msg = "it has no words"
        raise ValueError(msg)
    value.encode()
    return value


_Text = Annotated[str, AfterValidator(_written)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Turn(_Part):
    id: _Text
    time: NaiveDatetime
    message: _Text
    reply: str


class _Session(_Part):
    session: _Text
    turns: list[_Turn] = Field(min_length=1)


class _Question(_Part):
    question: _Text
    category: _Text
    evidence: list[str] = Field(min_length=1)
    asked: NaiveDatetime
    window: tuple[date, date] | None = None


class _Talk(_Part):
    language: _Text
    person: _Text
    sessions: list[_Session] = Field(min_length=1)
    questions: list[_Question]


_TALK = TypeAdapter(_Talk)


@dataclass(frozen=True)
class NamedTime:
    """A text, and the days that it names.

    Attributes:
        language: Its language, as a code of two letters.
        asked: When it is asked.
        text: The text.
        days: The first and the last day that it names; None if it names none.
    """

    language: str
    asked: datetime
    text: str
    days: tuple[date, date] | None


def load(path: Path) -> list[Conversation]:
    """Load one talk, or a folder of talks. A question's category is its language: figures by category are figures by language.

    Raises:
        InvalidInput: A file cannot be read or is malformed, or the folder has none.
    """
    return [_conversation(talk) for talk in _talks(path)]


def named_times(path: Path) -> list[NamedTime]:
    """Return the questions of one talk, or of a folder of talks, that name a time.

    Raises:
        InvalidInput: A file cannot be read or is malformed, or the folder has none.
    """
    return [
        NamedTime(talk.language, one.asked.replace(tzinfo=UTC), one.question, one.window)
        for talk in _talks(path)
        for one in talk.questions
        if one.window
    ]


def _talks(path: Path) -> Iterator[_Talk]:
    files = sorted(path.glob("*.json")) if path.is_dir() else [path]
    if not files:
        raise InvalidInput(f"{path} contains no talk (*.json). Give --data the folder of our own talks, or one of its files.")
    for file in files:
        talk = checked(Place(file), _TALK, read_json(file, _OPTION))
        _check(Place(file), talk)
        yield talk


def _check(place: Place, talk: _Talk) -> None:
    """Check what one value alone does not show.

    Raises:
        InvalidInput: An id is there twice or names no turn, the turns are not in order, or a window ends before it begins.
    """
    known, last = set[str](), datetime.min  # noqa: DTZ901 - the file's times have no zone
    for number, session in enumerate(talk.sessions):
        for which, turn in enumerate(session.turns):
            here = place.at("sessions", number, "turns", which)
            if turn.id in known:
                raise here.at("id").wrong(f"the id {turn.id!r} is there twice. Give each turn its own.")
            if turn.time <= last:
                raise here.at("time").wrong("this turn is not later than the one before. Put the turns in the order of time.")
            known.add(turn.id)
            last = turn.time
    for number, question in enumerate(talk.questions):
        here = place.at("questions", number)
        if missing := [name for name in question.evidence if name not in known]:
            raise here.at("evidence").wrong(f"no turn has the id {missing[0]!r}. Name the turns that answer the question.")
        if question.window and question.window[0] > question.window[1]:
            raise here.at("window").wrong("it ends before it begins. Give the first and the last day.")


def _conversation(talk: _Talk) -> Conversation:
    turns = [
        Said(turn.id, turn.time.replace(tzinfo=UTC), turn.message, turn.reply, session.session)
        for session in talk.sessions
        for turn in session.turns
    ]
    questions = [
        Asked(one.question, talk.language, tuple(one.evidence), time=one.asked.replace(tzinfo=UTC)) for one in talk.questions
    ]
    return Conversation(talk.language, tuple(turns), tuple(questions))
