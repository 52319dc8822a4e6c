"""The prompt of a small model: few instructions, recent talk as messages, and what was found as dated lines (pure functions).

What changes least comes first, so that a prefix cache holds: instructions, the person, the talk, and last what was found for
this message, with the message itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from graph.prompts.data_text import as_entry, as_said
from graph.prompts.plain_replies import heard
from graph.prompts.sections import Picture, human
from memory.core.records import Turn

TOLD = "What I told you before:"
_REMEMBERED = {"": "I remember.", "en": "I remember.", "de": "Das weiß ich noch."}
_EARLIER = "(Earlier talk of this hour is left out here.)"


def remembered(language: str) -> str:
    """Return what the assistant replies to its notes, in a language (ISO 639-1).

    In Spanish and Chinese, "I remember" was given as the answer to the question that follows; thanks are not (decision 062).
    """
    return _REMEMBERED.get(language) or heard(language)


def rules(instructions: str, profile: Sequence[str], manner: Sequence[str], today: str = "") -> SystemMessage:
    """Return what stays the same from turn to turn of one person and day."""
    known = [line for line in profile if not line.endswith("name: unknown")]
    parts = [instructions, *(["About this person: " + "; ".join(known)] if known else []), *manner]
    return SystemMessage("\n".join([*parts, *([f"Today is {today}."] if today else [])]))


def talked(turns: Sequence[Turn], pictures: dict[str, str]) -> list[BaseMessage]:
    """Show recent talk as the messages that it was."""
    messages: list[BaseMessage] = []
    for turn in turns:
        seen = "".join(f"[{as_entry(pictures.get(photo, 'a picture'))}]\n" for photo in turn.images)
        messages.append(HumanMessage(seen + "\n".join([as_said(turn.text), *map(as_entry, turn.corrected)])))
        messages.append(AIMessage(as_said(turn.reply) or "(nothing)"))
    return messages


def asked(
    said: str,
    lines: Sequence[str],
    pictures: Sequence[Picture],
    *,
    due: Sequence[str] = (),
    left_out: bool = False,
    language: str = "",
) -> list[BaseMessage]:
    """Write the last messages: what was found and what is coming up, and then what the person says, alone.

    The notes are an exchange of their own before the message: behind notes, dates and a heading in the same message, a small
    model gives the message back instead of answering it (docs/decisions/055).
    """
    parts = [_EARLIER] if left_out else []
    if lines:
        parts.append("\n".join([TOLD, *lines]))
    if due:
        parts.append("\n".join(["Coming up:", *map(as_entry, due)]))
    before: list[BaseMessage] = [HumanMessage("\n\n".join(parts)), AIMessage(remembered(language))] if parts else []
    return [*before, human(said, pictures)]
