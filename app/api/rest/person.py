"""The person whose memory a request uses, and the errors that every operation documents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, Query, Request
from pydantic import BaseModel, Field

from app.api.callers import Caller, caller_of
from memory.core import clock
from memory.core.errors import NotFound
from memory.core.records import Turn

if TYPE_CHECKING:
    from datetime import datetime

    from app.service import PersonaService
    from memory.memory import Memory


class Problem(BaseModel):
    """What went wrong."""

    code: str = Field(description="A short, stable name of the problem, for programs.", examples=["not_found"])
    message: str = Field(description="One sentence that says what to do next, for people.")


class Failure(BaseModel):
    """The answer of an operation that failed; nothing was changed."""

    error: Problem


@dataclass(frozen=True)
class Person:
    """The person whose memory a request uses.

    Attributes:
        id: The user id.
        service: Answers messages.
    """

    id: str
    service: PersonaService

    @property
    def memory(self) -> Memory:
        """The memory; every call passes on `id`."""
        return self.service.memory

    def now(self) -> datetime:
        """Return the time of a change: that of the person's last message, as on the page."""
        return self.memory.journal.last_time(self.id) or clock.now()

    def turn(self, turn_id: str) -> Turn:
        """Return one of the person's messages with its trace.

        Raises:
            NotFound: The person has no such message.
        """
        found = self.memory.browse.turns_by_id(self.id, [turn_id]).get(turn_id)
        if found is None:
            raise NotFound(f"There is no turn {turn_id!r}.")
        return found


def person_of(
    request: Request,
    caller: Annotated[Caller, Depends(caller_of)],
    _user: Annotated[
        str,
        Query(alias="user", description="The person, as long as this machine has no API key; `me` if left out. A key decides."),
    ] = "",
) -> Person:
    """Return the person that a request is about (a FastAPI dependency)."""
    return Person(caller.user_id, request.app.state.service)


Me = Annotated[Person, Depends(person_of)]


_ALWAYS = {
    400: "The request is not valid; the sentence says what to change.",
    401: "This machine has API keys, and the request has no valid one.",
    403: "A page of another site sent the request.",
    408: "No byte of the request came for a while.",
    413: "The request or the message is too large.",
    421: "The server listens on this machine alone, and was called by another name.",
    429: "Too many requests in a minute; `Retry-After` says when to try again.",
    503: "The memory cannot be read or written, or the server is busy or ending.",
}
_SOMETIMES = {
    404: "The person has nothing with this id. Other people's ids are answered in the same way.",
    409: "The time lies before the person's last message.",
    500: "The reply failed in an unexpected way. The message is kept as unanswered.",
    502: "The model server refused the prompt. The message is kept as unanswered.",
}


def failures(*also: int) -> dict[int | str, dict[str, Any]]:
    """Return the error answers of an operation for its OpenAPI description.

    Args:
        also: Statuses beside those that every operation may have.
    """
    told: dict[int, str] = {**_ALWAYS, **{status: _SOMETIMES[status] for status in also}}
    found: dict[int | str, dict[str, Any]] = {
        status: {"model": Failure, "description": told[status]} for status in sorted(told)
    }
    # With this entry, FastAPI does not document its own 422, which this server does not send.
    return found | {"default": {"model": Failure, "description": "Any other error, in the same form."}}
