"""Photos: list them, get a picture, and forget one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from app.api.rest import forgetting
from app.api.rest.forgetting import Forgotten
from app.api.rest.inputs import EntryId
from app.api.rest.models import Memory
from app.api.rest.paging import Cursor, Limit, Page, cursor_of, place_of
from app.api.rest.person import Me, Person, failures
from memory.browse.photos import Album, Shown
from memory.core import records
from memory.core.errors import NotFound

router = APIRouter(tags=["photos"])

_MEDIA_TYPES = ("image/png", "image/jpeg", "image/webp", "image/gif")
_PRIVATE = {"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"}


class Photo(BaseModel):
    """A picture that came with a message."""

    id: str = Field(description="Its id.")
    time: datetime = Field(description="When it was sent last.")
    media_type: str = Field(description="The type of the original file.", examples=["image/jpeg"])
    width: int = Field(description="Width in pixels, upright.")
    height: int = Field(description="Height in pixels, upright.")
    size: int = Field(description="Bytes of the original file, without its metadata.")
    turn_id: str | None = Field(description="The message that it was last sent with; null: there is none any more.")
    seen: list[Memory] = Field(description="The memories of the picture: the named things, with their places.")

    @classmethod
    def of(cls, shown: Shown, file: records.Photo) -> Photo:
        """Return a photo of the album as an answer."""
        return cls(
            id=file.id, time=shown.time, media_type=file.media_type, width=file.width, height=file.height, size=file.size,
            turn_id=shown.turn_id, seen=[Memory.of(one) for one in shown.seen],
        )  # fmt: skip


@router.get("/photos", summary="List photos", operation_id="list_photos", responses=failures())
def list_photos(me: Me, limit: Limit = 50, cursor: Cursor = "") -> Page[Photo]:
    """List photos, last sent first, with the memories of what each shows. `GET /memories/search?kind=photo` searches them."""
    start = (place_of(cursor, int) or (0,))[0]
    shown, total = Album(me.memory.browse).by_date(me.id, limit=limit, offset=start)
    files = {file.id: file for file in me.memory.photos.list(me.id)}
    after = start + limit
    return Page(
        items=[Photo.of(one, files[one.photo_id]) for one in shown if one.photo_id in files],
        total=total,
        next=cursor_of(after) if after < total else None,
    )


@router.get("/photos/{entry_id}", summary="Get a photo's description", operation_id="get_photo", responses=failures(404))
def get_photo(me: Me, entry_id: EntryId) -> Photo:
    """Return one photo with the memories of what it shows."""
    file = _file(me, entry_id)
    for shown in Album(me.memory.browse).same(me.id, entry_id):
        return Photo.of(shown, file)
    raise _missing(entry_id)


def _pictures(*media_types: str) -> dict[int | str, dict[str, Any]]:
    content = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in media_types}
    return {200: {"content": content, "description": "The picture."}, **failures(404)}


@router.get(
    "/photos/{entry_id}/original", summary="Get a picture", operation_id="get_picture", response_class=Response,
    responses=_pictures(*_MEDIA_TYPES),
)  # fmt: skip
def get_picture(me: Me, entry_id: EntryId) -> Response:
    """Return the picture in full size, without its metadata (place, camera)."""
    file = _file(me, entry_id)
    return Response(me.memory.photos.original(me.id, entry_id), media_type=file.media_type, headers=_PRIVATE)


@router.get(
    "/photos/{entry_id}/small", summary="Get a small picture", operation_id="get_small_picture", response_class=Response,
    responses=_pictures("image/jpeg"),
)  # fmt: skip
def get_small_picture(me: Me, entry_id: EntryId) -> Response:
    """Return an upright JPEG of at most 230,400 pixels, the one that the model sees."""
    _file(me, entry_id)
    return Response(me.memory.photos.for_model(me.id, entry_id), media_type="image/jpeg", headers=_PRIVATE)


@router.delete("/photos/{entry_id}", summary="Forget a photo", operation_id="forget_photo", responses=failures(404))
def forget_photo(me: Me, entry_id: EntryId, *, now: forgetting.Now = False) -> Forgotten:
    """Forget a picture with everything that is based on it. `POST /memories/{id}/undo` restores it within 10 minutes."""
    return forgetting.forget(me, entry_id, now=now)


def _file(me: Person, photo_id: str) -> records.Photo:
    """Return the record of one of the person's photos that is not forgotten: the store itself also opens hidden files."""
    found = next((file for file in me.memory.photos.list(me.id) if file.id == photo_id), None)
    if found is None:
        raise _missing(photo_id)
    return found


def _missing(photo_id: str) -> NotFound:
    return NotFound(f"There is no picture {photo_id[:12]!r}.")
