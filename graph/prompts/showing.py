"""What a model is shown of pictures, and what it is told of them where it cannot see."""

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
"""Pictures of earlier messages that a prompt carries: the newest."""
_SHARE = 8
"""They take at most an eighth of the window: a message is never refused for what was shown before it."""
BLIND = "This model cannot see: the picture is kept, and it was told what is known of it in words."


def of_conversation(recent: Sequence[Turn], turn: Turn, memory: Memory, *, sees: bool, window: int) -> list[Picture]:
    """Return the pictures that a conversation carries, oldest first: to be seen, or what they are called.

    Args:
        recent: The turns before.
        turn: The message; all of its pictures are shown.
        memory: Where the pictures are.
        sees: Whether the model takes pictures.
        window: Its context in tokens.
    """
    ids = chosen(recent, turn, sees=sees, window=window)
    if sees:
        return shown(memory, turn.user_id, ids)
    known = _labels(memory, [*recent, turn])
    return [Picture(photo, None, f"picture: {known.get(photo, 'this model cannot see it')}") for photo in ids]


def chosen(recent: Sequence[Turn], turn: Turn, *, sees: bool, window: int) -> list[str]:
    """Return the ids of the pictures that a conversation carries, oldest first; see `of_conversation`."""
    before = [photo for past in recent for photo in past.images if photo not in turn.images]
    if not sees:
        return list(dict.fromkeys([*before, *turn.images]))
    fit = min(MOST_BEFORE, window // _SHARE // PICTURE_TOKENS)
    newest = list(dict.fromkeys(reversed(before)))[:fit]
    return list(dict.fromkeys([*reversed(newest), *turn.images]))


def recalled(found: Sequence[Recalled], memory: Memory, user_id: str, before: Sequence[Picture]) -> list[Picture]:
    """Return the pictures that a look into memory brought, for a model that sees; not those that it was shown before."""
    there = {picture.photo_id for picture in before}
    ids = [entry.photo_id for entry in found if entry.photo_id and entry.photo_id not in there]
    return shown(memory, user_id, ids, after=sum(picture.url is not None for picture in before))


def shown(memory: Memory, user_id: str, ids: Iterable[str], *, after: int = 0) -> list[Picture]:
    """Return pictures as data URLs, numbered; one whose file is gone or damaged as a sentence: the words still count."""
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
    """Return a picture as an image part of the OpenAI chat format takes it."""
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"


def _labels(memory: Memory, turns: Sequence[Turn]) -> dict[str, str]:
    """Return what is remembered of the pictures that these turns carry, by photo: names of things, else what was said of it."""
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
    """Say what a person should know of a reply to pictures.

    That photos are not found by sight is said once to a person, not with every turn.
    """
    if not turn.images:
        return ()
    said = [] if sees else [BLIND]
    off = memory.sight.off
    if off and turn.seq and not memory.journal.was_noted(turn, OFF):
        said.append(off)
    return tuple(said)
