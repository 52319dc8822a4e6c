"""The prompt of a small model: few instructions, recent talk as messages, and what was found as dated lines (pure functions).

What changes least comes first, so that a prefix cache holds: instructions, the person, the talk, and last what was found for
this message, with the message itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from graph.data_text import as_entry, as_said
from graph.evidence_lines import NOTES, day
from graph.sections import Picture, human
from memory.records import Turn

_EARLIER = "(Earlier talk of this hour is left out here.)"


def rules(instructions: str, profile: Sequence[str], manner: Sequence[str]) -> SystemMessage:
    """Return what stays the same from turn to turn of one person."""
    known = [line for line in profile if not line.endswith("name: unknown")]
    parts = [instructions, *(["About this person: " + "; ".join(known)] if known else []), *manner]
    return SystemMessage("\n".join(parts))


def talked(turns: Sequence[Turn], pictures: dict[str, str]) -> list[BaseMessage]:
    """Show recent talk as the messages that it was."""
    messages: list[BaseMessage] = []
    for turn in turns:
        seen = "".join(f"[{as_entry(pictures.get(photo, 'a picture'))}]\n" for photo in turn.images)
        messages.append(HumanMessage(seen + "\n".join([as_said(turn.text), *map(as_entry, turn.corrected)])))
        messages.append(AIMessage(as_said(turn.reply) or "(nothing)"))
    return messages


def asked(
    turn: Turn,
    said: str,
    lines: Sequence[str],
    pictures: Sequence[Picture],
    *,
    due: Sequence[str] = (),
    left_out: bool = False,
    closing: str = "",
) -> HumanMessage:
    """Write the last message: what was found, what is coming up, and then what the person says."""
    parts = [_EARLIER] if left_out else []
    if lines:
        parts.append("\n".join([f"{NOTES}:", *lines]))
    if due:
        parts.append("\n".join(["Coming up:", *map(as_entry, due)]))
    parts.append(f"Today is {day(turn.time)}, {turn.time:%H:%M}. They say now:\n{said}")
    return human("\n\n".join([*parts, *([closing] if closing else [])]), pictures)
