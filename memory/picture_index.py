"""Finding remembered pictures by a picture, or by words about one: their vectors, in a Chroma collection a user."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image

from memory.chroma import ChromaStore, Document
from memory.detector import crop
from memory.errors import NotFound
from memory.photos import PhotoStore
from memory.pictures import open_upright
from memory.reading import Vectors
from memory.records import PhotoMemory
from memory.vision import PictureEmbedder

KIND = "picture"
_LIKE = 0.5
"""Cosine of two pictures of one thing: a distance below 1.0 between unit vectors (published)."""
_LOOKED_AT = 24


class PictureIndex:
    """Vectors of what was seen; without an embedder it keeps and finds nothing.

    Args:
        chroma: Where vectors are kept.
        photos: The files.
        embedder: Makes vectors of pictures and words; None: picture recall is off.
    """

    def __init__(self, chroma: ChromaStore, photos: PhotoStore, embedder: PictureEmbedder | None) -> None:
        self._chroma = chroma
        self._photos = photos
        self._embedder = embedder

    @property
    def made_by(self) -> str | None:
        """Name the embedder; None where there is none."""
        return self._embedder.name if self._embedder else None

    def put(self, user_id: str, seen: Sequence[PhotoMemory]) -> None:
        """Embed what was seen; a picture whose file is gone is passed over."""
        if self._embedder is None:
            return
        images, documents = [], []
        for one in seen:
            try:
                image = open_upright(self._photos.original(user_id, one.photo_id))
            except NotFound:
                continue
            images.append(crop(image, one.box))
            documents.append(Document(f"{one.id}/picture", one.id, "picture", one.time.timestamp(), one.caption))
        if documents:
            self._chroma.put(user_id, KIND, documents, self._embedder.pictures(images))

    def remove(self, user_id: str, ids: Sequence[str]) -> None:
        """Remove what was seen."""
        if self._embedder is not None:
            self._chroma.remove(user_id, KIND, ids)

    def like(self, user_id: str, images: Sequence[Image.Image]) -> dict[str, float]:
        """Return what looks like one of these pictures, with its cosine, most alike first."""
        if self._embedder is None or not images:
            return {}
        return self._nearest(user_id, self._embedder.pictures(images), _LIKE)

    def said(self, user_id: str, texts: Sequence[str]) -> dict[str, float]:
        """Return what looks like what one of these texts says, with its cosine, most alike first."""
        wanted = [text for text in dict.fromkeys(texts) if text.strip()]
        if self._embedder is None or not wanted:
            return {}
        return self._nearest(user_id, self._embedder.words(wanted), self._embedder.words_threshold)

    def _nearest(self, user_id: str, vectors: Vectors, least: float) -> dict[str, float]:
        best: dict[str, float] = {}
        for vector in vectors:
            for name, _, cosine in self._chroma.nearest(user_id, KIND, vector[None], limit=_LOOKED_AT):
                if cosine >= least:
                    best[name] = max(cosine, best.get(name, cosine))
        return dict(sorted(best.items(), key=lambda item: (-item[1], item[0])))
