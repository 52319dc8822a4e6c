"""The result of checking one part of an installation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Finding:
    """The state of one part: `broken` prevents conversations, `off` does not."""

    state: Literal["works", "off", "broken"]
    what: str
    detail: str
