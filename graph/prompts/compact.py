"""The prompt of a small model: few instructions, recent turns as messages, and search results as dated lines (pure functions).

The parts that change least come first, so that a prefix cache hits: instructions, the person, the conversation, and last the
search results for this message with the message itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from graph.prompts.data_text import as_entry, as_message
from graph.prompts.plain_replies import heard
from graph.prompts.sections import Picture, human
from memory.core.records import Turn

TOLD = "What I told you before:"
_REMEMBERED = {"": "I remember.", "en": "I remember.", "de": "Das weiß ich noch."}
_EARLIER = "(Earlier talk of this hour is left out here.)"


def remembered(language: str) -> str:
    """Return the assistant's reply to its notes, in a language (ISO 639-1).

    In Spanish and Chinese, "I remember" was given as the answer to the question that follows; thanks are not (decision 062).
    """
    return _REMEMBERED.get(language) or heard(language)


def rules(instructions: str, profile: Sequence[str], manner: Sequence[str], today: str = "") -> SystemMessage:
    """Return the part that stays the same across the turns of one person and day."""
    known = [line for line in profile if not line.endswith("name: unknown")]
    parts = [instructions, *(["About this person: " + "; ".join(known)] if known else []), *manner]
    return SystemMessage("\n".join([*parts, *([f"Today is {today}."] if today else [])]))


def recent_messages(turns: Sequence[Turn], pictures: dict[str, str]) -> list[BaseMessage]:
    """Return recent turns as the messages that they were."""
    messages: list[BaseMessage] = []
    for turn in turns:
        seen = "".join(f"[{as_entry(pictures.get(photo, 'a picture'))}]\n" for photo in turn.images)
        messages.append(HumanMessage(seen + "\n".join([as_message(turn.text), *map(as_entry, turn.corrected)])))
        messages.append(AIMessage(as_message(turn.reply) or "(nothing)"))
    return messages


def last_messages(
    said: str,
    lines: Sequence[str],
    pictures: Sequence[Picture],
    *,
    due: Sequence[str] = (),
    left_out: bool = False,
    language: str = "",
) -> list[BaseMessage]:
    """Return the last messages: the search results and upcoming events, then the person's message alone.

    The notes are an exchange of their own before the message: after notes, dates and a heading in the same message, a small
    model repeats the message instead of answering it (docs/decisions/055).
    """
    parts = [_EARLIER] if left_out else []
    if lines:
        parts.append("\n".join([TOLD, *lines]))
    if due:
        parts.append("\n".join(["Coming up:", *map(as_entry, due)]))
    before: list[BaseMessage] = [HumanMessage("\n\n".join(parts)), AIMessage(remembered(language))] if parts else []
    return [*before, human(said, pictures)]
