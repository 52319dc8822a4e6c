"""Turning text into vectors with sentence-transformers; loaded when first needed."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Vectors = NDArray[np.float32]
_CACHED_QUERIES = 256


class Embedder(Protocol):
    """Maps texts to unit vectors."""

    @property
    def name(self) -> str:
        """Say which vectors these are; another name means other vectors, and a reindex."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one row a text, each of length 1."""


class TextEmbedder:
    """A sentence-transformers model on the CPU.

    Args:
        path: Folder or name of the model.
        name: How the index remembers it.
    """

    def __init__(self, path: str, name: str) -> None:
        self._path = path
        self.name = name
        self._lock = threading.Lock()
        self._model: SentenceTransformer | None = None
        self._cache: OrderedDict[str, Vectors] = OrderedDict()

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one unit row a text; a single text (a query) is remembered for a while."""
        with self._lock:
            if len(texts) == 1 and texts[0] in self._cache:
                self._cache.move_to_end(texts[0])
                return self._cache[texts[0]]
            model = self._load()
            vectors: Vectors = model.encode(
                list(texts), normalize_embeddings=True, convert_to_numpy=True, show_progress_bar=False
            ).astype(np.float32)
            if len(texts) == 1:
                self._cache[texts[0]] = vectors
                if len(self._cache) > _CACHED_QUERIES:
                    self._cache.popitem(last=False)
            return vectors

    def _load(self) -> SentenceTransformer:
        if self._model is None:
            # Nothing about a run is reported anywhere, and no bar is drawn for a load of a second.
            os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
            from sentence_transformers import SentenceTransformer
            from transformers.utils import logging

            logging.disable_progress_bar()  # type: ignore[no-untyped-call] # transformers has no types here
            self._model = SentenceTransformer(self._path, device="cpu")
        return self._model
