"""Steps of background work that are refused, set aside and repeated: plain values that graph and journal share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from memory.core.records import Record

MOST_TRIES = 3
"""A step that the server keeps refusing is set aside after this number of tries."""


@dataclass(frozen=True)
class Refused:
    """The steps of one piece of work that the model could not do.

    Attributes:
        set_aside: Steps that the work goes on without.
        again: The only steps to do, since the others were committed before; empty: do all steps.
    """

    set_aside: frozenset[str] = frozenset()
    again: frozenset[str] = frozenset()

    def leaves_out(self, step: str) -> bool:
        """Return whether a step was committed before and must not be repeated."""
        return bool(self.again) and step not in self.again


@dataclass(frozen=True)
class Again:
    """The repeated part of remembering a turn, which was remembered without some steps before.

    Attributes:
        time: When the turn was said.
        fact_id: A fact that is stored already; only its effect on older facts is new.
        read: The model now accepts words of the turn that it refused before, so a session that was summarised without them is
            summarised again.
    """

    time: datetime
    fact_id: str | None = None
    read: bool = False


RefusalCause = Literal["refused", "too_long", "thought"]
"""Why a step is set aside: the server refuses the call, the prompt is too long, or the model's thought used up all tokens."""


class Refusal(Record):
    """A step of background work that is set aside.

    Attributes:
        subject: A turn's id, or a session's number as text.
        step: `personality`, `semantic` or `change` of a turn; `episodic`, `procedural` or `core` of a session.
        cause: Why it failed.
        status: The server's HTTP status, if it sent one.
        reason: The server's own words; they may repeat the prompt.
        at: When it was set aside.
        time: When the message was said, or the session began.
        text: The message, or the first message of the session.
    """

    user_id: str
    kind: Literal["remember", "consolidate"]
    subject: str
    step: str
    cause: RefusalCause
    status: int | None
    reason: str
    at: datetime
    time: datetime
    text: str
