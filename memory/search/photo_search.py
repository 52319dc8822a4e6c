"""Recalls photos by image similarity or by text."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

from PIL import Image

from memory.core.errors import PersonaError
from memory.core.query import Query
from memory.core.records import Box, PhotoMemory, Recalled
from memory.embedding.token_vectors import Vectors
from memory.index.filters import Filters
from memory.index.photo_index import PhotoIndex
from memory.index.search_index import SearchIndex
from memory.photos.detector import SEEN_AT, crop
from memory.photos.image_file import open_upright
from memory.photos.store import PhotoStore
from memory.photos.vision import Sight
from memory.stores.memories import Memories

_DEPTHS = (24, 500)
"""How many of the nearest photos are considered: at first, and if too few of those may be shown."""
_MAX_CATEGORIES = 20
"""The detector searches a picture for at most this many categories of remembered things, the newest."""
_MAX_THINGS = 8
"""At most this many things of one picture are embedded, the surest."""
_CACHED_MESSAGES = 8
"""The embeddings of this many messages' pictures are cached: a turn has up to five retrieval rounds with the same pictures."""


class PhotoSearch:
    """Recalls remembered photos.

    Args:
        index: The index of the photos' embeddings.
        photos: The photo files.
        memory_store: The store of photo memories.
        words: The search index of the words about the photos.
        sight: Finds the things in a picture.
    """

    def __init__(
        self,
        index: PhotoIndex,
        photos: PhotoStore,
        memory_store: Memories,
        words: SearchIndex,
        sight: Sight,
    ) -> None:
        self._index = index
        self._words = words
        self._photos = photos
        self._memory_store = memory_store
        self._sight = sight
        self._embedded: OrderedDict[tuple[str, ...], Vectors] = OrderedDict()
        self._lock = threading.Lock()

    def locate(self, user_id: str, photo_ids: Sequence[str], name: str) -> tuple[str, Box | None] | None:
        """Return which stored picture shows a named thing, and its box; None if no model can decide (`Sight.locate`)."""
        pictures = {}
        for photo_id in photo_ids:
            with suppress(PersonaError):
                pictures[photo_id] = open_upright(self._photos.original(user_id, photo_id))
        return self._sight.locate(pictures, name)

    def over(self, words: SearchIndex) -> PhotoSearch:
        """Return the same search over another index of the words about the photos."""
        return PhotoSearch(self._index, self._photos, self._memory_store, words, self._sight)

    def search(self, user_id: str, query: Query, limit: int) -> list[Recalled]:
        """Return at most `limit` photos, most similar first, without those shown before or taken after the message.

        A message with a picture recalls by image similarity (published: a distance below 1.0); without an image model, only
        the same picture. A message without a picture, or whose picture is similar to none, recalls by text: first photos
        that look like the text, then photos that were described by its words.
        """
        found: list[Recalled] = []
        for depth in _DEPTHS:
            scores = self._by_picture(user_id, query, depth) if query.attached_photos else {}
            scores = scores or self._by_words(user_id, query, depth)
            found = self._allowed(user_id, query, scores)
            # Search deeper only if similar photos were left out: shown already, just said, or outside the time window.
            if len(found) >= limit or len(scores) < depth:
                break
        return found[:limit]

    def search_by_text(self, user_id: str, text: str, limit: int) -> list[Recalled]:
        """Return the photos that look most like a text, best first, without the rules for a turn."""
        return self._shown(user_id, self._index.search_by_text(user_id, [text], limit))[:limit]

    def search_by_image(self, user_id: str, image: Image.Image, limit: int) -> list[Recalled]:
        """Return the photos most similar to a picture, best first, without the rules for a turn.

        Without an image model, nothing is returned.
        """
        if self._index.made_by is None:
            return []
        return self._shown(user_id, self._index.search_by_image(user_id, self._index.embed([image]), limit))[:limit]

    def _shown(self, user_id: str, scores: Mapping[str, float]) -> list[Recalled]:
        known = {one.id: one for one in self._memory_store.entries(user_id, kind="photo", ids=scores)} if scores else {}
        seen = [(known.get(name), score) for name, score in scores.items()]
        return [recalled_photo(one, score) for one, score in seen if isinstance(one, PhotoMemory)]

    def _allowed(self, user_id: str, query: Query, scores: Mapping[str, float]) -> list[Recalled]:
        shown = query.shown_turns
        known = (
            {record.id: record for record in self._memory_store.entries(user_id, kind="photo", ids=scores)} if scores else {}
        )
        found: list[Recalled] = []
        for name, score in scores.items():
            record = known.get(name)
            if (
                not isinstance(record, PhotoMemory)
                or name in query.shown
                or record.time > query.time
                or (record.turn_id in shown and record.photo_id in query.shown_photos)
                or not query.window.contains(record.time.timestamp())
            ):
                continue
            found.append(recalled_photo(record, score))
        return found

    def _by_picture(self, user_id: str, query: Query, depth: int) -> dict[str, float]:
        if self._index.made_by is not None:
            return self._index.search_by_image(user_id, self._picture_vectors(user_id, query), depth)
        return {one.id: 1.0 for one in reversed(self._remembered(user_id)) if one.photo_id in query.attached_photos}

    def _by_words(self, user_id: str, query: Query, depth: int) -> dict[str, float]:
        scores = self._index.search_by_text(user_id, [query.message, query.keywords], depth)
        called = self._words.search(Filters(user_id), f"{query.message} {query.keywords}", kind="photo", limit=depth)
        return {**scores, **{name: 0.0 for name, _ in called if name not in scores}}

    def _remembered(self, user_id: str) -> list[PhotoMemory]:
        return [one for one in self._memory_store.entries(user_id, kind="photo") if isinstance(one, PhotoMemory)]

    def _picture_vectors(self, user_id: str, query: Query) -> Vectors:
        """Return the embeddings of the things in the message's pictures."""
        names = self._categories(user_id) if self._sight.parts_things else []
        key = (user_id, *query.attached_photos, *names)
        with self._lock:
            vectors = self._embedded.get(key)
        if vectors is None:
            vectors = self._index.embed(list(self._things(user_id, query, names)))
            with self._lock:
                self._embedded[key] = vectors
                while len(self._embedded) > _CACHED_MESSAGES:
                    self._embedded.popitem(last=False)
        return vectors

    def _things(self, user_id: str, query: Query, names: list[str]) -> Iterator[Image.Image]:
        """Yield the things in the message's pictures; the whole picture if none is found in it (published)."""
        for photo_id in query.attached_photos:
            try:
                if names:
                    image = open_upright(self._photos.original(user_id, photo_id))
                    found = [crop(image, one.box) for one in self._sight.detect(image, names, SEEN_AT)[:_MAX_THINGS]]
                else:
                    found = []
                # A whole picture is embedded from its small copy, as it was when it was remembered.
                yield from found or [open_upright(self._photos.for_model(user_id, photo_id))]
            except PersonaError:
                continue

    def _categories(self, user_id: str) -> list[str]:
        named = [one.category for one in reversed(self._remembered(user_id)) if one.category]
        return list(dict.fromkeys(named))[:_MAX_CATEGORIES]


def recalled_photo(record: PhotoMemory, score: float) -> Recalled:
    """Return a photo memory as a search result with a score."""
    return Recalled(
        id=record.id, kind="photo", text=record.told, time=record.time, score=score,
        turn_ids=(record.turn_id,), photo_id=record.photo_id,
    )  # fmt: skip
