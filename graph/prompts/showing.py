"""Which photos a model is shown, and what it is told about them if it cannot see."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from graph.prompts.sections import PICTURE_TOKENS, Picture
from memory.core.errors import PersonaError
from memory.core.records import PhotoMemory, Recalled, Turn
from memory.photos.vision import OFF

if TYPE_CHECKING:
    from memory.memory import Memory

MOST_BEFORE = 4
"""Photos of earlier messages in a prompt: at most this many, the newest."""
_WINDOW_DIVISOR = 8
"""They take at most an eighth of the window: a message is never refused because of earlier photos."""
BLIND = "I can't see pictures, but I've saved it with your words."


def of_conversation(recent: Sequence[Turn], turn: Turn, memory: Memory, *, sees: bool, window: int) -> list[Picture]:
    """Return the photos of a conversation, oldest first: as images, or as their names.

    Args:
        recent: The turns before.
        turn: The message; all of its photos are shown.
        memory: Where the photos are stored.
        sees: Whether the model takes images.
        window: Its context in tokens.
    """
    ids = chosen(recent, turn, sees=sees, window=window)
    if sees:
        return shown(memory, turn.user_id, ids)
    known = _labels(memory, [*recent, turn])
    return [Picture(photo, None, f"picture: {known.get(photo, 'this model cannot see it')}") for photo in ids]


def chosen(recent: Sequence[Turn], turn: Turn, *, sees: bool, window: int) -> list[str]:
    """Return the ids of a conversation's photos, oldest first; see `of_conversation`."""
    before = [photo for past in recent for photo in past.images if photo not in turn.images]
    if not sees:
        return list(dict.fromkeys([*before, *turn.images]))
    fit = min(MOST_BEFORE, window // _WINDOW_DIVISOR // PICTURE_TOKENS)
    newest = list(dict.fromkeys(reversed(before)))[:fit]
    return list(dict.fromkeys([*reversed(newest), *turn.images]))


def recalled(found: Sequence[Recalled], memory: Memory, user_id: str, before: Sequence[Picture]) -> list[Picture]:
    """Return the photos that a retrieval returned, for a model that sees; not those that it was shown before."""
    there = {picture.photo_id for picture in before}
    ids = [entry.photo_id for entry in found if entry.photo_id and entry.photo_id not in there]
    return shown(memory, user_id, ids, after=sum(picture.url is not None for picture in before))


def shown(memory: Memory, user_id: str, ids: Iterable[str], *, after: int = 0) -> list[Picture]:
    """Return photos as numbered data URLs; a missing or damaged photo becomes a sentence: the words still count."""
    pictures: list[Picture] = []
    for photo in dict.fromkeys(ids):
        try:
            jpeg = memory.photos.for_model(user_id, photo)
        except PersonaError:
            pictures.append(Picture(photo, None, "picture: its file cannot be read any more"))
            continue
        number = after + 1 + sum(picture.url is not None for picture in pictures)
        pictures.append(Picture(photo, data_url(jpeg), f"picture {number}"))
    return pictures


def data_url(jpeg: bytes) -> str:
    """Return an image as the OpenAI chat format takes it."""
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"


def _labels(memory: Memory, turns: Sequence[Turn]) -> dict[str, str]:
    """Return what is remembered of the photos in these turns, by photo: names of objects, else the words said about it."""
    ids = {photo for turn in turns for photo in turn.images}
    if not ids:
        return {}
    seen = [one for one in memory.memories.entries(turns[0].user_id, kind="photo") if isinstance(one, PhotoMemory)]
    known: dict[str, list[PhotoMemory]] = {}
    for one in seen:
        if one.photo_id in ids:
            known.setdefault(one.photo_id, []).append(one)
    named = {photo: [one for one in about if one.category] or about[-1:] for photo, about in known.items()}
    return {photo: ", ".join(dict.fromkeys(one.label for one in about)) for photo, about in named.items()}


def notes(turn: Turn, memory: Memory, *, sees: bool) -> tuple[str, ...]:
    """Return what a person should know about a reply to photos.

    A person is told once, not with every turn, that photos are not found by their content.
    """
    if not turn.images:
        return ()
    said = [] if sees else [BLIND]
    off = memory.sight.off
    if off and turn.seq and not memory.journal.was_noted(turn, OFF):
        said.append(off)
    return tuple(said)
