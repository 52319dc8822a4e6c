"""M3Exam's people as distributed (EverM0re/M-3-Exam, Apache-2.0; not part of this repository)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from pydantic import BaseModel, Field, TypeAdapter, field_validator

from app.malformed import Place, checked, read_json
from evals.datasets.evidence import Asked, Conversation, Said, conversations_of

CATEGORIES = {
    "ss": "one session",
    "ms": "several sessions",
    "mr": "figures and tables",
    "tr": "time",
    "fm": "which picture",
    "th": "themes",
    "fj": "choices",
    "ii": "inference",
}
"""M3Exam's question types, in words; an unknown one keeps its name."""
_TALK, _QUESTIONS = "sessions.json", "question.json"
_FIRST_SESSION_TIME = time(6, tzinfo=UTC)
_SESSION_GAP = timedelta(hours=2)
"""Between sessions of one day: the file gives no hours, and they are separate conversations."""


class _Round(BaseModel):
    round: str = Field(min_length=1)
    user: str
    assistant: str = ""
    img_description: str | list[str] | None = None

    @property
    def photo_descriptions(self) -> list[str]:
        """Return the descriptions of its photos: one text for all of them, or one each."""
        shown = self.img_description or []
        return [shown] if isinstance(shown, str) else shown


class _Session(BaseModel):
    day: date = Field(alias="date")
    dialogues: list[_Round]


class _Question(BaseModel):
    question: str = Field(min_length=1)
    supporting_facts: str | list[str] = ""
    type: str = "other"

    @field_validator("question")
    @classmethod
    def _is_text(cls, value: str) -> str:
        if not value.strip():
            msg = "a question has words"
            raise ValueError(msg)
        value.encode()
        return value

    @property
    def rounds(self) -> list[str]:
        named = self.supporting_facts.split(",") if isinstance(self.supporting_facts, str) else self.supporting_facts
        return [name.strip() for name in named]


_SESSIONS, _ASKED = TypeAdapter(list[_Session]), TypeAdapter(list[_Question])


def load(path: Path) -> list[Conversation]:
    """Load one person's folder, or a folder of such folders; questions without any existing round are left out.

    Raises:
        InvalidInput: A file cannot be read, is not in M3Exam's form, or no question has its evidence.
    """
    return conversations_of(path, _TALK, _person, "a person's folder of M3Exam")


def _person(folder: Path) -> Conversation:
    talk, asked = folder / _TALK, folder / _QUESTIONS
    sessions = checked(Place(talk), _SESSIONS, read_json(talk, "--data: it takes a folder of M3Exam"))
    questions = checked(Place(asked), _ASKED, read_json(asked, "--data: it takes a folder of M3Exam"))
    turns = _turns(sessions)
    known = {turn.id for turn in turns}
    kept = []
    for one in questions:
        evidence = tuple(name for name in dict.fromkeys(one.rounds) if name in known)
        if evidence:
            kept.append(Asked(one.question, CATEGORIES.get(one.type, one.type), evidence))
    return Conversation(folder.name, tuple(turns), tuple(kept))


def _turns(sessions: Sequence[_Session]) -> list[Said]:
    turns, of_day = [], Counter[date]()
    for place, session in enumerate(sessions):
        begin = datetime.combine(session.day, _FIRST_SESSION_TIME) + of_day[session.day] * _SESSION_GAP
        of_day[session.day] += 1
        for number, one in enumerate(session.dialogues):
            seen = "".join(f" [{text}]" for text in one.photo_descriptions)
            turns.append(Said(one.round, begin + timedelta(minutes=number), f"{one.user}{seen}", one.assistant, str(place)))
    return turns
