"""Offers the text embedder for many languages to people who mostly write another language than English."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from app.models.catalogue import MULTILINGUAL_EMBEDDER, TEXT_EMBEDDER
from graph.language.language_id import SURE, guess

if TYPE_CHECKING:
    from app.settings import Settings
    from memory.stores.journal import Journal

_NEWEST_MESSAGES = 60
_MIN_MESSAGES = 5
"""Fewer messages whose language is sure say nothing about a person."""
_OFFER = (
    f"Search works best in English with {TEXT_EMBEDDER}, and most messages here are in another language. "
    f"`persona models use {MULTILINGUAL_EMBEDDER}` downloads a text embedder for about 100 languages and changes to it."
)


def is_mostly_not_english(messages: Iterable[str]) -> bool:
    """Return whether most of a person's messages are in another language than English, among those whose language is sure."""
    guesses = (guess(message) for message in messages)
    sure = [language for language, confidence in guesses if confidence >= SURE]
    return len(sure) >= _MIN_MESSAGES and sum(language != "en" for language in sure) > len(sure) / 2


def offer(settings: Settings, journal: Journal, users: Iterable[str]) -> str | None:
    """Return a sentence that offers the embedder; None if it is in use, or if no one needs it.

    Args:
        settings: The settings.
        journal: The journal.
        users: The people whose messages count.
    """
    if settings.text_embedder != TEXT_EMBEDDER:
        return None
    for user in users:
        if is_mostly_not_english(turn.text for turn in journal.turns(user, limit=_NEWEST_MESSAGES, traces=False)):
            return _OFFER
    return None
