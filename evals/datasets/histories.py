"""Checks of a history before it is replayed: the journal would refuse the same later, without naming a line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from evals.types import Said
from memory.core import clock
from memory.core.errors import InvalidInput, PersonaError
from memory.core.validation import MAX_TEXT, check_text


class Somewhere(Protocol):
    """A place in a file."""

    def wrong(self, problem: str) -> InvalidInput:
        """Return the error that names it."""


def speakable(place: Somewhere, text: str, images: int = 0) -> str:
    """Return a message as it is.

    Raises:
        InvalidInput: Nobody could send it: it is empty, too long, or not valid text.
    """
    try:
        return check_text(text, images)
    except PersonaError as error:
        raise place.wrong(error.message) from error


def in_parts(text: str) -> list[str]:
    """Return a message in parts that the journal takes, as a person would have to send it; parts without words are left out."""
    parts = [text[at : at + MAX_TEXT] for at in range(0, len(text), MAX_TEXT)]
    return [part for part in parts if part.replace("\x00", "").strip()]


def time_of(place: Somewhere, text: str, zone: str) -> datetime:
    """Parse a time; raise InvalidInput if it is invalid."""
    try:
        return clock.parse_time(text, zone)
    except PersonaError as error:
        raise place.wrong(error.message) from error


def in_order(places: Sequence[Somewhere], turns: Sequence[Said]) -> None:
    """Check that no turn is earlier than the one before it.

    Raises:
        InvalidInput: A turn is.
    """
    for place, before, said in zip(places[1:], turns, turns[1:], strict=False):
        if said.time < before.time:
            raise place.wrong(f"it was said at {clock.show(said.time)}, before the turn before it ({clock.show(before.time)}).")
