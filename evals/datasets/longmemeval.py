"""LongMemEval as distributed (xiaowu0162/LongMemEval, MIT; not part of this repository): `longmemeval_s.json` and the oracle.

Each question has a history of its own, so each is a conversation of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, Field, TypeAdapter, ValidationError, model_validator

from app.malformed import malformed, read_json
from evals.datasets.evidence import Asked, Conversation, Said
from evals.datasets.histories import in_parts
from memory.core.errors import InvalidInput

_ABSTENTION = "_abs"
"""How the ids of questions end whose right answer is that it was never said: there is nothing to find."""
_TIME = "%Y/%m/%d (%a) %H:%M"


def _text(value: str) -> str:
    value.encode()
    return value


def _some_text(value: str) -> str:
    if not value.strip():
        msg = "it has no words"
        raise ValueError(msg)
    return _text(value)


def _time(value: str) -> str:
    _parsed(value)
    return value


def _parsed(value: str) -> datetime:
    return datetime.strptime(value.strip(), _TIME).replace(tzinfo=UTC)


_Text = Annotated[str, AfterValidator(_text)]
_SomeText = Annotated[str, AfterValidator(_some_text)]
_Time = Annotated[str, AfterValidator(_time)]


class _Message(BaseModel):
    role: Literal["user", "assistant"]
    content: _Text
    has_answer: bool | None = None


class _Question(BaseModel):
    question_id: _SomeText = Field(max_length=200)
    question_type: _SomeText
    question: _SomeText
    question_date: _Time
    haystack_session_ids: list[_SomeText]
    haystack_dates: list[_Time]
    haystack_sessions: list[list[_Message]]
    answer_session_ids: list[str]

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        counts = [len(self.haystack_session_ids), len(self.haystack_dates), len(self.haystack_sessions)]
        if len(set(counts)) > 1:
            msg = "haystack_session_ids has {} entries, haystack_dates {} and haystack_sessions {}".format(*counts)
            raise ValueError(msg)
        unknown = set(self.answer_session_ids) - set(self.haystack_session_ids)
        if unknown and not self.abstains:
            msg = f"answer_session_ids names {min(unknown)!r}, which is not in haystack_session_ids"
            raise ValueError(msg)
        return self

    @property
    def abstains(self) -> bool:
        """Return whether nothing answers it."""
        return self.question_id.endswith(_ABSTENTION)


_ONE = TypeAdapter(_Question)


def load(path: Path) -> list[Conversation]:
    """Load a file of questions; those without evidence, abstention questions among them, are left out.

    Raises:
        InvalidInput: The file cannot be read, or is not in LongMemEval's form.
    """
    entries = read_json(path, "--data: it takes a file of LongMemEval")
    if not isinstance(entries, list):
        raise InvalidInput(f"{path}: this is not a list of LongMemEval's questions. Check --data.")
    found, places = [], dict[str, int]()
    for number, entry in enumerate(entries):
        # The place without its line: to find a line costs minutes in a file of this size.
        where = f"{path}, question {number + 1} of the list"
        try:
            one = _ONE.validate_python(entry)
        except ValidationError as error:
            raise malformed(where, error) from error
        if one.question_id in places:
            raise InvalidInput(
                f"{where}: its question_id {one.question_id!r} is also that of question {places[one.question_id]}. Remove one."
            )
        places[one.question_id] = number + 1
        turns, evidence = _history(one)
        if not one.abstains and turns and (evidence or one.answer_session_ids):
            found.append(Conversation(one.question_id, turns, (_asked(one, evidence),)))
    if not found:
        raise InvalidInput(f"{path} contains no question with evidence. Give --data a file of LongMemEval.")
    return found


def _asked(one: _Question, evidence: tuple[str, ...]) -> Asked:
    sessions = tuple(dict.fromkeys(one.answer_session_ids))
    return Asked(one.question, one.question_type, evidence, sessions, _parsed(one.question_date))


def _history(one: _Question) -> tuple[tuple[Said, ...], tuple[str, ...]]:
    """Return the turns of a question's history in the order of time, and the ids of those that answer it."""
    sessions = zip(one.haystack_session_ids, one.haystack_dates, one.haystack_sessions, strict=True)
    turns, evidence = [], []
    # The oracle's sessions are not in the order of time. A session may be there twice: the place makes the ids unique.
    for place, (name, day, messages) in sorted(enumerate(sessions), key=lambda one: _parsed(one[1][1])):
        for number, (text, reply, answers) in enumerate(_turns(messages)):
            said = Said(f"{place}:{number}", _parsed(day), text, reply, name)
            turns.append(said)
            if answers:
                evidence.append(said.id)
    return tuple(turns), tuple(evidence)


def _turns(messages: Sequence[_Message]) -> Iterator[tuple[str, str, bool]]:
    """Yield each message of the person with the replies that follow, and whether one of these answers the question.

    Replies before the first message belong to it. If the assistant alone speaks, its words are the message.
    """
    written = [one for one in messages if one.content.replace("\x00", "").strip()]
    heads = [place for place, one in enumerate(written) if one.role == "user"] or [0]
    for begin, end in zip([0, *heads[1:]], [*heads[1:], len(written)], strict=True):
        group = written[begin:end]
        if not group:
            continue
        message = next((one for one in group if one.role == "user"), group[0])
        reply = "\n\n".join(one.content for one in group if one is not message)
        answers = any(one.has_answer for one in group)
        *before, last = in_parts(message.content)
        yield from ((part, "", answers) for part in before)
        yield last, reply, answers
