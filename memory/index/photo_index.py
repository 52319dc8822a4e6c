"""Finding remembered pictures by a picture, or by words about one: their vectors, in a Chroma collection a user."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from memory.core.errors import PersonaError
from memory.core.records import PhotoMemory
from memory.embedding.token_vectors import Vectors
from memory.index.chroma import ChromaStore, Document
from memory.photos.detector import crop
from memory.photos.image_file import open_upright
from memory.photos.store import PhotoStore
from memory.photos.vision import Sight

KIND = "picture"
_LIKE = 0.5
"""Cosine of two pictures of one thing: a distance below 1.0 between unit vectors (published)."""


class PhotoIndex:
    """Vectors of what was seen; where nothing can look it keeps and finds nothing.

    Args:
        chroma: Where vectors are kept.
        photos: The files.
        sight: Makes vectors of pictures and words.
    """

    def __init__(self, chroma: ChromaStore, photos: PhotoStore, sight: Sight) -> None:
        self._chroma = chroma
        self._photos = photos
        self._sight = sight

    @property
    def made_by(self) -> str | None:
        """Name the embedder; None where there is none."""
        return self._sight.made_by

    def put(self, user_id: str, seen: Sequence[PhotoMemory]) -> None:
        """Embed what was seen; a picture whose file is gone or damaged is passed over."""
        if self.made_by is None:
            return
        images, documents = [], []
        for one in seen:
            try:
                images.append(self._cut_out(user_id, one))
            except PersonaError:
                continue
            documents.append(Document(f"{one.id}/picture", one.id, "picture", one.time.timestamp(), one.caption))
        vectors = self._sight.pictures(images) if images else None
        if vectors is not None:
            self._chroma.put(user_id, KIND, documents, vectors)

    def _cut_out(self, user_id: str, one: PhotoMemory) -> Image.Image:
        if one.box is None:
            # The small copy has more pixels than a model looks at, and opens ten times faster than a phone's photo.
            return open_upright(self._photos.for_model(user_id, one.photo_id))
        return crop(open_upright(self._photos.original(user_id, one.photo_id)), one.box)

    def remove(self, user_id: str, ids: Sequence[str]) -> None:
        """Remove what was seen, whether or not anything can look at this moment."""
        self._chroma.remove_documents(user_id, KIND, [f"{name}/picture" for name in ids])

    def look(self, images: Sequence[Image.Image]) -> Vectors:
        """Return a row for each picture; none where nothing can look."""
        vectors = self._sight.pictures(images) if images else None
        return np.empty((0, 0), dtype=np.float32) if vectors is None else vectors

    def like(self, user_id: str, vectors: Vectors, limit: int) -> dict[str, float]:
        """Return what looks like one of these pictures, at most so many for each, with its cosine, most alike first."""
        return self._nearest(user_id, vectors, _LIKE, limit)

    def said(self, user_id: str, texts: Sequence[str], limit: int) -> dict[str, float]:
        """Return what looks like what one of these texts says, at most so many for each, with its cosine, most alike first."""
        wanted = [text for text in dict.fromkeys(texts) if text.strip()]
        vectors = self._sight.words(wanted) if wanted else None
        return {} if vectors is None else self._nearest(user_id, vectors, self._sight.words_threshold, limit)

    def _nearest(self, user_id: str, vectors: Vectors, least: float, limit: int) -> dict[str, float]:
        best: dict[str, float] = {}
        for hits in self._chroma.nearest(user_id, KIND, vectors, limit=limit) if len(vectors) else []:
            for name, _, cosine in hits:
                if cosine >= least:
                    best[name] = max(cosine, best.get(name, cosine))
        return dict(sorted(best.items(), key=lambda item: (-item[1], item[0])))
