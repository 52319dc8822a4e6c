"""What a list of memories of another program holds (values)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Fact:
    """A memory of another program.

    Attributes:
        text: The memory in that program's words.
        time: When it was noted or last changed; None if the list does not say.
    """

    text: str
    time: datetime | None = None
