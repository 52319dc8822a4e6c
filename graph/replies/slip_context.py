"""What a turn's reply is compared with, taken from the turn's state (pure)."""

from __future__ import annotations

from dataclasses import fields
from functools import lru_cache

from graph.language import language_id
from graph.prompts.compact import TOLD, remembered
from graph.prompts.evidence_lines import NOTES
from graph.prompts.fitting import TITLES
from graph.prompts.texts import Prompts
from graph.replies.slip_rules import Talk
from graph.state import RespondState
from memory.core.records import Recalled

_TITLES = (
    *TITLES.values(),
    NOTES,
    TOLD,
    "Coming up",
    "They say now",
    "User Profile",
    "Big Five scores",
    "Recent Conversations",
    "User Input",
    "Instructions",
)
_COMPARED_REPLIES = 4
"""Number of recent replies that must not be repeated word for word."""
_OF_BACKGROUND = frozenset(
    {"personality", "semantic", "change", "core", "episodic", "procedural", "same_language", "malformed"}
)
"""Prompts that no reply is made from."""


def compared_with(state: RespondState, prompts: Prompts) -> Talk:
    """Return what the turn's reply is compared with.

    Args:
        state: The turn, with the contents of its prompt.
        prompts: The texts of its prompt.
    """
    recent = state["talk"]["turns"]
    language = state.get("language", "")
    found = [entry for past in state.get("rounds", []) for entry in past["found"]]
    return Talk(
        message=state["turn"].text,
        own=(*(turn.text for turn in recent if not turn.by_other), *(text for entry in found for text in _own_words(entry))),
        ours=_texts_of_ours(prompts, language),
        language=language,
        replies=tuple(turn.reply for turn in recent[-_COMPARED_REPLIES:]),
    )


def _own_words(entry: Recalled) -> list[str]:
    return [said.text for said in entry.talk if not said.other] if entry.talk else [entry.text]


@lru_cache(maxsize=64)
def _texts_of_ours(prompts: Prompts, language: str) -> tuple[str, ...]:
    texts = [getattr(prompts, field.name) for field in fields(prompts) if field.name not in _OF_BACKGROUND]
    line = language_id.reply_in(language)
    lines = [remembered(language), *([line] if line else [])]
    return (*(text for text in texts if isinstance(text, str)), *_TITLES, *lines)
