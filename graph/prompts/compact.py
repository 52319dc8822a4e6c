"""The prompt of a small model: few instructions, recent turns as messages, and search results as dated lines (pure functions).

The parts that change least come first, so that a prefix cache hits: instructions, the person, the conversation, and last the
search results for this message with the message itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from graph.prompts.data_text import as_entry, as_said
from graph.prompts.evidence_lines import line_of
from graph.prompts.plain_replies import heard
from graph.prompts.sections import Picture, human
from memory.core import clock
from memory.core.records import Recalled, Turn

TOLD = "What I told you before:"
_REMEMBERED = {"": "I remember.", "en": "I remember.", "de": "Das weiß ich noch."}
_CONVERSATIONS, _QUESTION = "## Conversations", "## Question"
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


def talked(turns: Sequence[Turn], pictures: dict[str, str]) -> list[BaseMessage]:
    """Return recent turns as the messages that they were."""
    messages: list[BaseMessage] = []
    for turn in turns:
        seen = "".join(f"[{as_entry(pictures.get(photo, 'a picture'))}]\n" for photo in turn.images)
        messages.append(HumanMessage(seen + "\n".join([as_said(turn.text), *map(as_entry, turn.corrected)])))
        messages.append(AIMessage(as_said(turn.reply) or "(nothing)"))
    return messages


def before_options(said: str, found: Sequence[Recalled], now: datetime, pictures: Sequence[Picture]) -> HumanMessage:
    """Return one message with the conversations found, and below them a message that offers options.

    To choose a letter, a small model does better with whole turns in one message than with notes as an exchange of their own
    (docs/decisions/064).
    """
    shown = [_conversation(entry) for entry in found]
    parts = [_CONVERSATIONS, "\n\n".join(shown)] if shown else []
    return human("\n".join([*parts, *([""] if parts else []), _QUESTION, f"[{clock.show(now)}]", said]), pictures)


def _conversation(entry: Recalled) -> str:
    if not entry.talk:
        return line_of(entry)
    return "\n".join(
        line
        for one in entry.talk
        for line in (
            f"[{clock.show(one.time)}]",
            f"User: {as_said(one.text)}",
            *([f"Assistant: {as_said(one.reply)}"] if one.reply else []),
            *map(as_entry, one.corrected),
        )
    )


def asked(
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
