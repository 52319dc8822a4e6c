"""Searching photo memories by a picture or by words; their vectors are in one Chroma collection per user."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from memory.core.errors import ObjectsUnavailable, PersonaError
from memory.core.records import PhotoMemory
from memory.embedding.token_vectors import Vectors
from memory.index.chroma import PICTURE, ChromaStore, Document
from memory.photos.detector import crop
from memory.photos.image_file import open_upright
from memory.photos.store import PhotoStore
from memory.photos.vision import Sight

_MIN_SIMILARITY = 0.5
"""Least cosine between two pictures of the same thing: a distance below 1.0 between unit vectors (published)."""


class PhotoIndex:
    """The vectors of photo memories; without a picture embedder it stores and finds nothing.

    Args:
        chroma: The store for the vectors.
        photos: The photo store.
        sight: Embeds pictures and words.
    """

    def __init__(self, chroma: ChromaStore, photos: PhotoStore, sight: Sight) -> None:
        self._chroma = chroma
        self._photos = photos
        self._sight = sight

    @property
    def made_by(self) -> str | None:
        """The name of the picture embedder; None if there is none."""
        return self._sight.made_by

    def put(self, user_id: str, seen: Sequence[PhotoMemory]) -> None:
        """Embed and store photo memories; those whose file is missing or damaged are skipped."""
        if self.made_by is None:
            return
        images, documents = [], []
        for one in seen:
            try:
                images.append(self._cut_out(user_id, one))
            except ObjectsUnavailable:
                # It is embedded once the store of the photos answers.
                raise
            except PersonaError:
                continue
            documents.append(Document(f"{one.id}/picture", one.id, "picture", one.time.timestamp(), one.caption))
        vectors = self._sight.pictures(images) if images else None
        if vectors is not None:
            self._chroma.put(user_id, PICTURE, documents, vectors)

    def _cut_out(self, user_id: str, one: PhotoMemory) -> Image.Image:
        if one.box is None:
            # The small copy has more pixels than the model uses, and opens ten times faster than a phone's photo.
            return open_upright(self._photos.for_model(user_id, one.photo_id))
        return crop(open_upright(self._photos.original(user_id, one.photo_id)), one.box)

    def remove(self, user_id: str, ids: Sequence[str]) -> None:
        """Remove photo memories by id; works without a picture embedder, too."""
        self._chroma.remove_documents(user_id, PICTURE, [f"{name}/picture" for name in ids])

    def embed(self, images: Sequence[Image.Image]) -> Vectors:
        """Return one vector per picture; no rows if no picture embedder works."""
        vectors = self._sight.pictures(images) if images else None
        return np.empty((0, 0), dtype=np.float32) if vectors is None else vectors

    def search_by_image(self, user_id: str, vectors: Vectors, limit: int) -> dict[str, float]:
        """Return photo memories similar to any of the pictures as {id: cosine}, at most `limit` per picture, best first."""
        return self._nearest(user_id, vectors, _MIN_SIMILARITY, limit)

    def search_by_text(self, user_id: str, texts: Sequence[str], limit: int) -> dict[str, float]:
        """Return photo memories that show what any of the texts says as {id: cosine}, at most `limit` per text, best first."""
        wanted = [text for text in dict.fromkeys(texts) if text.strip()]
        vectors = self._sight.words(wanted) if wanted else None
        return {} if vectors is None else self._nearest(user_id, vectors, self._sight.words_threshold, limit)

    def _nearest(self, user_id: str, vectors: Vectors, least: float, limit: int) -> dict[str, float]:
        best: dict[str, float] = {}
        for hits in self._chroma.nearest(user_id, PICTURE, vectors, limit=limit) if len(vectors) else []:
            for name, _, cosine in hits:
                if cosine >= least:
                    best[name] = max(cosine, best.get(name, cosine))
        return dict(sorted(best.items(), key=lambda item: (-item[1], item[0])))
