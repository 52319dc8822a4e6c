"""Embedding pictures and words in one vector space with open_clip; loaded on first use."""

from __future__ import annotations

import hashlib
import json
import os
import threading
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from PIL import Image

from memory.core import extras
from memory.core.errors import ModelMissing, StorageError
from memory.embedding.token_vectors import Vectors

WORDS_FILE = "persona.json"
"""A file beside a model's weights with the threshold calibrated for it."""
_WORDS_THRESHOLD = 0.24
"""Used if nothing was calibrated: a guess for ViT-B-32, not measured (docs/decisions/013)."""
_BATCH_SIZE = 32
_HASHED_BYTES = 1 << 20


class PictureEmbedder(Protocol):
    """Maps pictures and texts to unit vectors; a picture and a text that belong together are near each other."""

    @property
    def name(self) -> str:
        """Identifies the vectors: another name means other vectors."""

    @property
    def words_threshold(self) -> float:
        """Least cosine at which a picture shows what some words say; far lower than between two pictures."""

    def pictures(self, images: Sequence[Image.Image]) -> Vectors:
        """Return one vector per picture; shape (pictures, size)."""

    def words(self, texts: Sequence[str]) -> Vectors:
        """Return one vector per text; shape (texts, size)."""


class ClipEmbedder:
    """An open_clip model on the CPU.

    Args:
        path: A folder with `open_clip_config.json` and weights, or a model name that open_clip knows.
        name: The model's name for people.

    Attributes:
        name: The name that the index stores: the model's name with a fingerprint of its weights.
    """

    def __init__(self, path: str, name: str) -> None:
        self._path = path
        self.called = name
        self.name = f"{name} {_fingerprint(Path(path))}".rstrip()
        self._lock = threading.Lock()
        self._parts: tuple[Any, Any, Any] | None = None

    @property
    def words_threshold(self) -> float:
        """The threshold that was calibrated for these weights, or the default."""
        try:
            kept = float(json.loads((Path(self._path) / WORDS_FILE).read_text(encoding="utf-8"))["words_threshold"])
        except (OSError, ValueError, KeyError, TypeError):
            return _WORDS_THRESHOLD
        return kept if 0.0 < kept < 1.0 else _WORDS_THRESHOLD

    def keep_threshold(self, threshold: float) -> None:
        """Store a calibrated threshold beside the weights.

        Raises:
            StorageError: The embedder is not a folder on this machine, or the folder cannot be written.
        """
        try:
            (Path(self._path) / WORDS_FILE).write_text(json.dumps({"words_threshold": threshold}), encoding="utf-8")
        except OSError as error:
            raise StorageError(f"The threshold cannot be kept in {self._path} ({error.strerror}).") from error

    def pictures(self, images: Sequence[Image.Image]) -> Vectors:
        """Return one vector per picture, computed in batches of 32."""
        model, prepare, _ = self._load()
        import torch

        rows: list[Vectors] = []
        with torch.inference_mode():
            for start in range(0, len(images), _BATCH_SIZE):
                batch = torch.stack([prepare(image.convert("RGB")) for image in images[start : start + _BATCH_SIZE]])
                rows.append(model.encode_image(batch, normalize=True).numpy())
        return np.concatenate(rows)

    def words(self, texts: Sequence[str]) -> Vectors:
        """Return one vector per text; the tokenizer truncates texts to the model's 77 tokens."""
        model, _, tokenize = self._load()
        import torch

        with torch.inference_mode():
            rows: Vectors = model.encode_text(tokenize(list(texts)), normalize=True).numpy()
        return rows

    def _load(self) -> tuple[Any, Any, Any]:
        with self._lock:
            if self._parts is None:
                extras.require("photos")
                os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    try:
                        import open_clip

                        source = f"local-dir:{self._path}" if Path(self._path).is_dir() else self._path
                        model, prepare = open_clip.create_model_from_pretrained(source, device="cpu")
                        self._parts = model.eval(), prepare, open_clip.get_tokenizer(source)
                    except Exception as error:
                        raise ModelMissing(
                            f"The picture embedder {self.called} cannot be loaded ({error}). Correct PERSONA_IMAGE_EMBEDDER, "
                            "or leave it out: everything else works without."
                        ) from error
            return self._parts


def _fingerprint(folder: Path) -> str:
    """Return a short hash of the weight files' names, sizes and beginnings; empty if there is no folder."""
    read = hashlib.sha256()
    for path in sorted(folder.glob("open_clip*")) if folder.is_dir() else ():
        with path.open("rb") as file:
            read.update(f"{path.name} {path.stat().st_size} ".encode() + file.read(_HASHED_BYTES))
    return read.hexdigest()[:8] if folder.is_dir() else ""
