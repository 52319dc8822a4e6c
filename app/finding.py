"""What a check of the parts found: it works, it is off, or it is broken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; `broken` keeps a conversation from working, `off` does not."""

    state: Literal["works", "off", "broken"]
    what: str
    detail: str
