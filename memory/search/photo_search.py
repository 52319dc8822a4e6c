"""What a message makes one think of having seen: by the picture that it carries, or by its words."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping

from PIL import Image

from memory.core.errors import PersonaError
from memory.core.query import Query
from memory.core.records import PhotoMemory, Recalled
from memory.embedding.token_vectors import Vectors
from memory.index.filters import Scope
from memory.index.photo_index import PhotoIndex
from memory.index.search_index import SearchIndex
from memory.photos.detector import SEEN_AT, crop
from memory.photos.image_file import open_upright
from memory.photos.store import PhotoStore
from memory.photos.vision import Sight
from memory.stores.memories import Memories

_DEPTHS = (24, 500)
"""How many of the nearest are looked at: first, and where those may not be shown."""
_NAMES = 20
"""Categories of remembered things that are looked for in a picture, the newest."""
_THINGS = 8
"""Things of one picture that are looked at, the surest."""
_HELD = 8
"""Messages whose pictures stay looked at: a turn looks into memory up to five times with the same ones."""


class PhotoSearch:
    """Recalls what was seen.

    Args:
        index: Vectors of remembered pictures.
        photos: The files.
        knowledge: What is remembered of them.
        words: Finds pictures by what was said of them.
        sight: Parts a picture into things.
    """

    def __init__(
        self,
        index: PhotoIndex,
        photos: PhotoStore,
        knowledge: Memories,
        words: SearchIndex,
        sight: Sight,
    ) -> None:
        self._index = index
        self._words = words
        self._photos = photos
        self._knowledge = knowledge
        self._sight = sight
        self._looked: OrderedDict[tuple[str, ...], Vectors] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, user_id: str, query: Query, limit: int) -> list[Recalled]:
        """Return at most so many, most alike first; nothing that was shown, and nothing from after the message.

        A message with a picture recalls by picture (published: a distance below 1.0), where nothing can look the very same
        picture. One without, or whose picture is like none, recalls by words: what looks like what they say, then what was
        called so.
        """
        found: list[Recalled] = []
        for depth in _DEPTHS:
            scores = self._by_picture(user_id, query, depth) if query.pictures else {}
            scores = scores or self._by_words(user_id, query, depth)
            found = self._allowed(user_id, query, scores)
            # Deeper only where what is alike was said a moment ago, shown already, or is of another time.
            if len(found) >= limit or len(scores) < depth:
                break
        return found[:limit]

    def like_words(self, user_id: str, text: str, limit: int) -> list[Recalled]:
        """Return what looks like what a text says, most alike first; without the rules of a turn."""
        return self._shown(user_id, self._index.said(user_id, [text], limit))[:limit]

    def like_picture(self, user_id: str, image: Image.Image, limit: int) -> list[Recalled]:
        """Return what looks like a picture, most alike first; without the rules of a turn; nothing where nothing can look."""
        if self._index.made_by is None:
            return []
        return self._shown(user_id, self._index.like(user_id, self._index.look([image]), limit))[:limit]

    def _shown(self, user_id: str, scores: Mapping[str, float]) -> list[Recalled]:
        known = {one.id: one for one in self._knowledge.entries(user_id, kind="photo", ids=scores)} if scores else {}
        seen = [(known.get(name), score) for name, score in scores.items()]
        return [recalled_photo(one, score) for one, score in seen if isinstance(one, PhotoMemory)]

    def _allowed(self, user_id: str, query: Query, scores: Mapping[str, float]) -> list[Recalled]:
        shown = query.shown_turns
        known = {record.id: record for record in self._knowledge.entries(user_id, kind="photo", ids=scores)} if scores else {}
        found: list[Recalled] = []
        for name, score in scores.items():
            record = known.get(name)
            if (
                not isinstance(record, PhotoMemory)
                or name in query.seen
                or record.time > query.time
                or (record.turn_id in shown and record.photo_id in query.photos)
                or not _in_window(record, query)
            ):
                continue
            found.append(recalled_photo(record, score))
        return found

    def _by_picture(self, user_id: str, query: Query, depth: int) -> dict[str, float]:
        if self._index.made_by is not None:
            return self._index.like(user_id, self._looked_at(user_id, query), depth)
        return {one.id: 1.0 for one in reversed(self._remembered(user_id)) if one.photo_id in query.pictures}

    def _by_words(self, user_id: str, query: Query, depth: int) -> dict[str, float]:
        scores = self._index.said(user_id, [query.message, query.keywords], depth)
        called = self._words.search(Scope(user_id), f"{query.message} {query.keywords}", kind="photo", limit=depth)
        return {**scores, **{name: 0.0 for name, _ in called if name not in scores}}

    def _remembered(self, user_id: str) -> list[PhotoMemory]:
        return [one for one in self._knowledge.entries(user_id, kind="photo") if isinstance(one, PhotoMemory)]

    def _looked_at(self, user_id: str, query: Query) -> Vectors:
        """Return the vectors of what the message's pictures show."""
        names = self._categories(user_id) if self._sight.parts_things else []
        key = (user_id, *query.pictures, *names)
        with self._lock:
            vectors = self._looked.get(key)
        if vectors is None:
            vectors = self._index.look(list(self._things(user_id, query, names)))
            with self._lock:
                self._looked[key] = vectors
                while len(self._looked) > _HELD:
                    self._looked.popitem(last=False)
        return vectors

    def _things(self, user_id: str, query: Query, names: list[str]) -> Iterator[Image.Image]:
        """Yield the things that the message's pictures show; the whole picture where none is found (published)."""
        for photo_id in query.pictures:
            try:
                if names:
                    image = open_upright(self._photos.original(user_id, photo_id))
                    found = [crop(image, one.box) for one in self._sight.find(image, names, SEEN_AT)[:_THINGS]]
                else:
                    found = []
                # Whole, it is looked at as it was when it was remembered: its small copy.
                yield from found or [open_upright(self._photos.for_model(user_id, photo_id))]
            except PersonaError:
                continue

    def _categories(self, user_id: str) -> list[str]:
        named = [one.category for one in reversed(self._remembered(user_id)) if one.category]
        return list(dict.fromkeys(named))[:_NAMES]


def recalled_photo(record: PhotoMemory, score: float) -> Recalled:
    """Return what was seen as a line of a receipt."""
    return Recalled(
        id=record.id, kind="photo", text=record.told, time=record.time, score=score,
        turn_ids=(record.turn_id,), photo_id=record.photo_id,
    )  # fmt: skip


def _in_window(record: PhotoMemory, query: Query) -> bool:
    after = query.since is None or record.time >= query.since
    return after and (query.until is None or record.time <= query.until)
