"""Steps of background work that are refused, set aside and done again: plain values that graph and journal share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

MOST_TRIES = 3
"""Tries of a step that is refused for good, before it is set aside."""


@dataclass(frozen=True)
class Refused:
    """The steps of one piece of work that the model could not do.

    Attributes:
        set_aside: They are gone on without.
        again: They alone are to be done: the rest of this work was committed before. Empty: all is to be done.
    """

    set_aside: frozenset[str] = frozenset()
    again: frozenset[str] = frozenset()

    def leaves_out(self, step: str) -> bool:
        """Say whether a step was committed before, and is not to be done again."""
        return bool(self.again) and step not in self.again


@dataclass(frozen=True)
class Again:
    """What is done again of a turn that was remembered without some steps.

    Attributes:
        time: When the turn was said.
        fact_id: The fact whose effect on older ones alone is new.
        read: Its words are read now that were refused before: a session that was summed up without them is summed up again.
    """

    time: datetime
    fact_id: str | None = None
    read: bool = False
