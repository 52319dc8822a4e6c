"""What is said of the steps that are set aside: which message, what it was remembered without, why, and what to do (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from memory.core import clock
from memory.core.records import Refusal

RETRY = "`persona work --retry` tries again"
_FIRST_WORDS = 60
_LISTED = 10
_WITHOUT = {
    "semantic": "no fact was taken from it",
    "personality": "it moved no trait",
    "change": "its fact was not compared with older ones",
    "episodic": "its topics were not told apart",
    "procedural": "habits and goals stay as they were",
    "core": "the profile stays as it was",
}
_ORDER = tuple(_WITHOUT)
_REMEDIES = {
    "refused": "Another model or server may take it.",
    "too_long": "A model with a larger window may take it.",
    "thought": "Switch the model's thinking off on its server, or use another model.",
}


@dataclass(frozen=True)
class Aside:
    """A message or a session of which steps are set aside.

    Attributes:
        what: Which it is; its first words only where its own person reads it.
        without: What it was remembered without.
        why: The reason.
    """

    what: str
    without: str
    why: str

    @property
    def line(self) -> str:
        """All three as one line."""
        return f"{self.what}: {self.without}. {self.why}"


def asides(refusals: Sequence[Refusal], *, own: bool, named: bool = False) -> list[Aside]:
    """Describe what is set aside, each message or session once.

    Args:
        refusals: As `Refusals.set_aside` returns them.
        own: Whoever reads it is the person who said it: its first words and the server's are shown.
        named: Name the user.
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
    """Say once what to do about it, whatever the number of messages.

    Args:
        refusals: As above, one at least.
        then: What tries again.
    """
    causes = dict.fromkeys(one.cause for one in refusals)
    return " ".join([*(_REMEDIES[cause] for cause in causes), f"{then[0].upper()}{then[1:]}."])


def told(refusals: Sequence[Refusal], *, own: bool, named: bool = False, then: str = RETRY) -> list[str]:
    """Return lines for a person: how much is set aside, what, and what to do; none where there is nothing."""
    if not refusals:
        return []
    described = asides(refusals, own=own, named=named)
    many = "1 message or conversation" if len(described) == 1 else f"{len(described)} messages or conversations"
    lines = [f"Set aside: {many} could not be remembered whole."]
    lines += [f"  {one.line}" for one in described[:_LISTED]]
    lines += [f"  … and {len(described) - _LISTED} more"] if len(described) > _LISTED else []
    return [*lines, f"The messages themselves are kept and found. {remedy(refusals, then)}"]


def as_json(refusals: Sequence[Refusal], *, own: bool) -> list[dict[str, Any]]:
    """Return the same for scripts."""
    rows = [one.model_dump(mode="json") for one in refusals]
    return rows if own else [{**row, "text": None, "reason": None} for row in rows]


def _why(one: Refusal, *, own: bool) -> str:
    match one.cause:
        case "too_long":
            return "It does not fit into the model's window."
        case "thought":
            return "The model used up its tokens on its own thinking."
    status = f"HTTP {one.status}" if one.status is not None else ""
    said = _short(one.reason, 200).rstrip(".") if own else ""
    shown = ": ".join(part for part in (status, said) if part)
    return f"The model server refuses it{f' ({shown})' if shown else ''}."


def _short(text: str, most: int = _FIRST_WORDS) -> str:
    flat = "".join(char if char.isprintable() else " " for char in " ".join(text.split()))
    return flat if len(flat) <= most else f"{flat[:most].rstrip()}…"
