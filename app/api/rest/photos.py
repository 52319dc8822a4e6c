"""Photos: list them, search by a picture, get a picture, and forget one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, Field

from app.api.rest import bodies, forgetting
from app.api.rest.forgetting import Forgotten
from app.api.rest.inputs import EntryId
from app.api.rest.models import Memory
from app.api.rest.paging import Cursor, Limit, Page, cursor_of, place_of
from app.api.rest.person import Me, Person, failures
from memory.browse.photos import Album, Shown, of_memory
from memory.core import records
from memory.core.errors import NotFound
from memory.photos.image_file import open_upright, read_picture

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


class FoundPhotos(Page[Photo]):
    """The photos that a picture found."""

    off: str | None = Field(
        description="Why this exact picture alone is found, and how to change that; null: similar ones are found too."
    )


@router.get("/photos", summary="List photos", operation_id="list_photos", responses=failures())
def list_photos(
    me: Me,
    order: Annotated[
        Literal["date", "name"],
        Query(description="`date`: last sent first. `name`: by the name of what is seen; each named thing is an entry."),
    ] = "date",
    limit: Limit = 50,
    cursor: Cursor = "",
) -> Page[Photo]:
    """List photos with the memories of what each shows. `GET /memories/search?kind=photo` searches them by words."""
    start = (place_of(cursor, int) or (0,))[0]
    album = Album(me.memory.browse)
    read = album.by_name if order == "name" else album.by_date
    shown, total = read(me.id, limit=limit, offset=start)
    after = start + limit
    return Page(items=_photos(me, shown), total=total, next=cursor_of(after) if after < total else None)


@router.post(
    "/photos/search", summary="Search photos by a picture", operation_id="search_photos", responses=failures(),
    openapi_extra=bodies.described(*_MEDIA_TYPES),
)  # fmt: skip
def search_photos(
    me: Me,
    picture: Annotated[bytes, Depends(bodies.whole)],
    limit: Annotated[int, Query(ge=1, le=100, description="Most similar photos.")] = 18,
) -> FoundPhotos:
    """Search with a picture: the same one first, then those that look most like it. The picture is not kept."""
    given, album = read_picture(picture), Album(me.memory.browse)
    same = album.same(me.id, given.photo.id)
    alike = me.memory.photo_search.search_by_image(me.id, open_upright(given.small), limit) if album.count(me.id) else []
    known = {one.id: one for one in me.memory.memories.entries(me.id, ids=[one.id for one in alike])}
    others = [shown for one in alike if (shown := of_memory(known.get(one.id))) and shown.photo_id != given.photo.id]
    found = _photos(me, [*same, *others])
    return FoundPhotos(items=found, total=len(found), off=me.memory.sight.off)


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


def _photos(me: Person, shown: Iterable[Shown]) -> list[Photo]:
    files = {file.id: file for file in me.memory.photos.list(me.id)}
    return [Photo.of(one, files[one.photo_id]) for one in shown if one.photo_id in files]


def _file(me: Person, photo_id: str) -> records.Photo:
    """Return the record of one of the person's photos that is not forgotten: the store itself also opens hidden files."""
    found = next((file for file in me.memory.photos.list(me.id) if file.id == photo_id), None)
    if found is None:
        raise _missing(photo_id)
    return found


def _missing(photo_id: str) -> NotFound:
    return NotFound(f"There is no picture {photo_id[:12]!r}.")
