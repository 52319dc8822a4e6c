"""Text about steps that are set aside: the message, what is missing, the reason, and what to do (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from memory.core import clock
from memory.core.retry import Refusal

RETRY = "`persona work --retry` tries again"
_MAX_EXCERPT_CHARACTERS = 60
_MAX_LISTED = 10
_WITHOUT = {
    "semantic": "no fact was extracted",
    "personality": "it changed no personality score",
    "change": "its fact was not compared with older ones",
    "episodic": "its topics were not extracted",
    "procedural": "habits and goals were not updated",
    "core": "the profile was not updated",
}
_ORDER = tuple(_WITHOUT)
_REMEDIES = {
    "refused": "Another model or server may accept it.",
    "too_long": "A model with a larger context window may accept it.",
    "thought": "Switch the model's thinking off on its server, or use another model.",
}


@dataclass(frozen=True)
class Aside:
    """A message or a session with steps that are set aside.

    Attributes:
        what: Its time and user; with its first words if its own user reads it.
        without: What is missing in memory.
        why: The reason.
    """

    what: str
    without: str
    why: str

    @property
    def line(self) -> str:
        """Return all three in one line."""
        return f"{self.what}: {self.without}. {self.why}"


def asides(refusals: Sequence[Refusal], *, own: bool, named: bool = False) -> list[Aside]:
    """Return descriptions of what is set aside, one per message or session.

    Args:
        refusals: The result of `Refusals.set_aside`.
        own: The reader is the user who wrote it, so its first words and the server's answer are shown.
        named: Include the name of the user.
    """
    described = []
    for _, steps in groupby(refusals, key=lambda one: (one.user_id, one.kind, one.subject)):
        together = sorted(steps, key=lambda one: _ORDER.index(one.step))
        first = together[0]
        began = "" if first.kind == "remember" else "the conversation that began "
        who = f"{first.user_id}, " if named else ""
        said = f' "{_short(first.text)}"' if own and first.text else ""
        what = f"{who}{began}{clock.show(first.time)}{said}"
        without = ", ".join(_WITHOUT[one.step] for one in together)
        whys = dict.fromkeys(_why(one, own=own) for one in together)
        described.append(Aside(what, without, " ".join(whys)))
    return described


def remedy(refusals: Sequence[Refusal], then: str = RETRY) -> str:
    """Return what to do about it, once for all messages.

    Args:
        refusals: At least one.
        then: The clause that says how to try again.
    """
    causes = dict.fromkeys(one.cause for one in refusals)
    return " ".join([*(_REMEDIES[cause] for cause in causes), f"{then[0].upper()}{then[1:]}."])


def told(refusals: Sequence[Refusal], *, own: bool, named: bool = False, then: str = RETRY) -> list[str]:
    """Return lines for a reader: how much is set aside, what, and what to do; empty if nothing is."""
    if not refusals:
        return []
    described = asides(refusals, own=own, named=named)
    many = "1 message or conversation" if len(described) == 1 else f"{len(described)} messages or conversations"
    lines = [f"Set aside: {many} could not be remembered completely."]
    lines += [f"  {one.line}" for one in described[:_MAX_LISTED]]
    lines += [f"  … and {len(described) - _MAX_LISTED} more"] if len(described) > _MAX_LISTED else []
    return [*lines, f"The messages themselves are saved and can be searched. {remedy(refusals, then)}"]


def as_json(refusals: Sequence[Refusal], *, own: bool) -> list[dict[str, Any]]:
    """Return the same as JSON objects."""
    rows = [one.model_dump(mode="json") for one in refusals]
    return rows if own else [{**row, "text": None, "reason": None} for row in rows]


def _why(one: Refusal, *, own: bool) -> str:
    match one.cause:
        case "too_long":
            return "It does not fit into the context window of the model."
        case "thought":
            return "The model used all its tokens for thinking."
    status = f"HTTP {one.status}" if one.status is not None else ""
    said = _short(one.reason, 200).rstrip(".") if own else ""
    shown = ": ".join(part for part in (status, said) if part)
    return f"The model server rejects it{f' ({shown})' if shown else ''}."


def _short(text: str, most: int = _MAX_EXCERPT_CHARACTERS) -> str:
    flat = "".join(char if char.isprintable() else " " for char in " ".join(text.split()))
    return flat if len(flat) <= most else f"{flat[:most].rstrip()}…"
