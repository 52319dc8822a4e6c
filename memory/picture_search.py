"""What a message makes one think of having seen: by the picture that it carries, or by its words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image

from memory import clock
from memory.detector import SEEN_AT, Detector, crop
from memory.errors import NotFound
from memory.knowledge import Knowledge
from memory.lexical import LexicalIndex
from memory.photos import PhotoStore
from memory.picture_index import PictureIndex
from memory.pictures import open_upright
from memory.query import Query
from memory.records import PhotoMemory, Recalled
from memory.scope import Scope
from memory.vision import PictureEmbedder

_CALLED = 24
_NAMES = 20
"""Categories of remembered things that are looked for in a picture, the newest."""


@dataclass(frozen=True)
class Sight:
    """What can look at pictures on this machine; either may be missing.

    Attributes:
        embedder: Finds pictures again by what they show.
        detector: Finds a named thing in a picture; without it the whole picture stands for the thing.
    """

    embedder: PictureEmbedder | None = None
    detector: Detector | None = None


class PictureSearch:
    """Recalls what was seen.

    Args:
        index: Vectors of remembered pictures.
        photos: The files.
        knowledge: What is remembered of them.
        lexical: Finds pictures by what was said of them.
        detector: Parts a picture into things.
    """

    def __init__(
        self,
        index: PictureIndex,
        photos: PhotoStore,
        knowledge: Knowledge,
        lexical: LexicalIndex,
        detector: Detector | None,
    ) -> None:
        self._index = index
        self._lexical = lexical
        self._photos = photos
        self._knowledge = knowledge
        self._detector = detector

    def find(self, user_id: str, query: Query, limit: int) -> list[Recalled]:
        """Return at most so many, most alike first; nothing from the last hour, and nothing that was shown.

        A message with a picture recalls by picture (published: a distance below 1.0); one without by words: first what looks
        like what they say, then what was called so.
        """
        if query.pictures:
            scores = self._index.like(user_id, list(self._things(user_id, query)))
        else:
            scores = self._index.said(user_id, [query.message, query.keywords])
            called = self._lexical.search(Scope(user_id), f"{query.message} {query.keywords}", kind="photo", limit=_CALLED)
            scores = {**scores, **{name: 0.0 for name, _ in called if name not in scores}}
        if not scores:
            return []
        latest = clock.recent_since(query.time)
        known = {record.id: record for record in self._knowledge.entries(user_id, kind="photo", ids=scores)}
        found: list[Recalled] = []
        shown = set(query.seen)
        for name, score in scores.items():
            record = known.get(name)
            if not isinstance(record, PhotoMemory) or name in shown or record.time > latest or not _in_window(record, query):
                continue
            found.append(recalled_photo(record, score))
        return found[:limit]

    def _things(self, user_id: str, query: Query) -> Iterator[Image.Image]:
        """Yield the things that the message's pictures show; the whole picture where none is found (published)."""
        names = self._categories(user_id) if self._detector else []
        for photo_id in query.pictures:
            try:
                image = open_upright(self._photos.original(user_id, photo_id))
            except NotFound:
                continue
            found = self._detector.find(image, names, SEEN_AT) if self._detector else []
            if found:
                yield from (crop(image, one.box) for one in found)
            else:
                yield image

    def _categories(self, user_id: str) -> list[str]:
        seen = [one for one in self._knowledge.entries(user_id, kind="photo") if isinstance(one, PhotoMemory) and one.category]
        return list(dict.fromkeys(str(one.category) for one in reversed(seen)))[:_NAMES]


def recalled_photo(record: PhotoMemory, score: float) -> Recalled:
    """Return what was seen as a line of a receipt."""
    return Recalled(
        id=record.id, kind="photo", text=seen_text(record), time=record.time, score=score,
        turn_ids=(record.turn_id,), photo_id=record.photo_id,
    )  # fmt: skip


def seen_text(record: PhotoMemory) -> str:
    """Say in words what was seen."""
    kind = f" ({record.category})" if record.category else ""
    return f"A picture was shown: {record.caption}{kind}"


def _in_window(record: PhotoMemory, query: Query) -> bool:
    after = query.since is None or record.time >= query.since
    return after and (query.until is None or record.time <= query.until)
