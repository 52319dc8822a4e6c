"""Embedding texts with a sentence-transformers model: loaded on first use, without torch where possible."""

from __future__ import annotations

import json
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from memory.core import extras
from memory.core.errors import ModelMissing
from memory.core.priority import is_behind
from memory.embedding.bert_folder import Damaged, NotBert
from memory.embedding.bert_sources import describe, is_packed
from memory.embedding.bulk import BulkEmbedder
from memory.embedding.centring import UNRELATED, Centre, centre_of, centred
from memory.embedding.onnx_runtime import GRAPH, OnnxEmbedder, fingerprint
from memory.embedding.token_vectors import Embedding, unit

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Reads = Callable[[Sequence[str]], list[Embedding]]

_EXTRA = "embedders"
_HUB_FILE_PATTERNS = ["*.json", "*.txt", "*.model", "*.safetensors"]
"""The files to download from a repository on the model hub; copies of the weights for other libraries are left out."""
_CORRECT_SETTING = "Correct PERSONA_TEXT_EMBEDDER, or leave it out."
CACHED_TEXTS = 256
"""Number of texts whose embeddings are cached by default."""
_WEIGHT_SUFFIXES = frozenset({".safetensors", ".bin", ".pt", ".onnx", ".xml"})
_MANY_TEXTS = 16
_MAX_CACHED_CALL_TEXTS = 4
"""A call with up to this number of texts embeds questions, so its embeddings are cached."""


class Embedder(Protocol):
    """Maps texts to unit vectors.

    Example:
        >>> [embedded] = embedder.embed(["Old cello"])
        >>> embedded.words, embedded.tokens.shape, embedded.vector.shape
        (('old', 'cello'), (2, 64), (64,))
    """

    @property
    def name(self) -> str:
        """Identifies the vectors: another name means other vectors, and a reindex."""

    def embed(self, texts: Sequence[str]) -> list[Embedding]:
        """Return the embedding of each text: one vector, and one vector per token."""


class TextEmbedder:
    """A sentence-transformers model on the CPU.

    Args:
        path: Folder or name of the model.
        name: The name that the index stores.
        graphs: Folder for the model's ONNX Runtime graph, which embeds faster and without torch; None: torch runs the model.
        remembers: Number of texts whose embeddings are cached.
    """

    def __init__(self, path: str, name: str, graphs: Path | None = None, remembers: int = CACHED_TEXTS) -> None:
        self._path = path
        self._graphs = graphs
        self.name = name
        self._remembers = remembers
        self._lock = threading.Lock()
        self._reads: Reads | None = None
        self._bulk: BulkEmbedder | None = None
        self._read: OrderedDict[str, Embedding] = OrderedDict()

    def embed(self, texts: Sequence[str]) -> list[Embedding]:
        """Return the embedding of each text; calls with up to four texts (questions, a message) are cached.

        Many texts of background work are embedded beside the lock, so that a reply does not wait for them.
        """
        if is_behind() and len(texts) >= _MANY_TEXTS and (bulk := self._bulk_embedder()) is not None:
            return bulk.embed(texts)
        with self._lock:
            missing = [text for text in dict.fromkeys(texts) if text not in self._read]
            read = dict(zip(missing, self._encode(missing), strict=True))
            found = [read[text] if text in read else self._read[text] for text in texts]
            if len(texts) <= _MAX_CACHED_CALL_TEXTS:
                self._read |= read
                for text in texts:
                    self._read.move_to_end(text)
                while len(self._read) > self._remembers:
                    self._read.popitem(last=False)
            return found

    def _bulk_embedder(self) -> BulkEmbedder | None:
        """Return what embeds many texts in the background; None if torch runs the model."""
        with self._lock:
            if self._reads is None:
                self._reads = self._load()
            if self._bulk is None and isinstance(of := getattr(self._reads, "__self__", None), OnnxEmbedder):
                self._bulk = BulkEmbedder(of)
            return self._bulk

    def _encode(self, texts: Sequence[str]) -> list[Embedding]:
        if not texts:
            return []
        if self._reads is None:
            self._reads = self._load()
        return self._reads(texts)

    @property
    def is_made(self) -> bool:
        """Whether the ONNX graph exists already; loading it takes 100 ms."""
        folder = self._folder()
        return folder is not None and self._graphs is not None and (self._graphs / fingerprint(folder) / GRAPH).is_file()

    def check(self) -> None:
        """Raise now, instead of in the middle of a turn, if this embedder cannot run here; loads and downloads nothing.

        Raises:
            ModelMissing: The model is not on this machine, or its folder contains no readable embedder.
            ExtraMissing: The model needs torch, and the extra with torch is not installed.
        """
        if self._graphs is None:
            return
        folder = self._folder()
        if folder is None:
            if _is_path(self._path):
                raise ModelMissing(f"The text embedder {self.name} is no folder on this machine. {_CORRECT_SETTING}")
            raise ModelMissing(
                f"The text embedder {self.name} is not on this machine yet: the first command that opens the memory fetches it "
                f"from the model hub, where that has a model of this name. {_CORRECT_SETTING}"
            )
        if lacks := _lacks(folder):
            raise ModelMissing(f"There is no text embedder in the folder {folder}: {lacks}. {_CORRECT_SETTING}")
        if self.is_made:
            return
        try:
            describe(folder)
        except Damaged as error:
            raise self._damaged(error) from error
        except NotBert as error:
            extras.require(_EXTRA, f"The text embedder {self.name} ({error})")

    def ready(self) -> None:
        """Download the model if it is a name on the model hub, and check it.

        Raises:
            ModelMissing: As in `check`; or the hub does not answer, or has no such model.
            ExtraMissing: As in `check`.
        """
        if self._graphs is not None and not _is_path(self._path) and self._folder() is None:
            self._fetched()
        self.check()

    def _damaged(self, error: Damaged) -> ModelMissing:
        # A model of our catalogue has a name that differs from its folder's path.
        again = f"Fetch it again: `persona models pull {self.name}`, unless it is one of your own."
        how = again if Path(self.name).expanduser() != Path(self._path) else f"Put its files right. {_CORRECT_SETTING}"
        return ModelMissing(f"The text embedder {self.name} cannot be loaded ({error}). {how}")

    def _load(self) -> Reads:
        from threadpoolctl import threadpool_limits

        # NumPy's own threads spin for a while after each product and take the cores from the model's threads. Measured on two
        # cores with one product between two questions: embedding a question took 32 instead of 12 ms, p95 110 instead of 15.
        threadpool_limits(1, user_api="blas")
        folder = (self._folder() or self._fetched()) if self._graphs else None
        if folder is None or self._graphs is None:
            return self._by_torch(None)
        graph = self._graphs / fingerprint(folder)
        # A missing or damaged graph is built below.
        with suppress(Exception):
            return OnnxEmbedder.load(graph).embed
        from memory.embedding.bert_export import make

        try:
            return make(describe(folder), graph).embed
        except Damaged as error:
            raise self._damaged(error) from error
        except NotBert as error:
            why = str(error)
        except Exception as error:  # noqa: BLE001 - onnxruntime raises many types, and torch can do the same work
            why = f"its graph cannot be made: {type(error).__name__}"
        extras.require(_EXTRA, f"The text embedder {self.name} ({why})")
        return self._by_torch(graph)

    def _by_torch(self, graph: Path | None) -> Reads:
        extras.require(_EXTRA, f"The text embedder {self.name}")
        # No telemetry, and no progress bar for a load of one second.
        os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        logging.disable_progress_bar()  # type: ignore[no-untyped-call] # transformers has no types here
        model = SentenceTransformer(self._path, device="cpu")
        if graph is not None:
            from memory.embedding.onnx_export import make

            made = make(model, graph, partial(_embed_by_torch, model))
            if made is not None:
                return made.embed
        return partial(_embed_by_torch, model, centre=centre_of(_embed_by_torch(model, UNRELATED)))

    def _folder(self) -> Path | None:
        """Return the model's folder on this machine; None if there is none."""
        folder = Path(self._path)
        if folder.is_dir():
            return folder
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

        try:
            return Path(snapshot_download(self._path, local_files_only=True))
        except (LocalEntryNotFoundError, HFValidationError):
            return None

    def _fetched(self) -> Path:
        """Download the model from the model hub and return its folder.

        Raises:
            ModelMissing: The hub does not answer, or has no such model.
        """
        from huggingface_hub import snapshot_download

        try:
            return Path(snapshot_download(self._path, allow_patterns=_HUB_FILE_PATTERNS))
        except Exception as error:
            raise ModelMissing(
                f"The text embedder {self.name} is no folder on this machine, and did not come from the model hub "
                f"({type(error).__name__}). {_CORRECT_SETTING}"
            ) from error


def _is_path(path: str) -> bool:
    """Return whether this can only be a path: names on the model hub have the form `name` or `owner/name`."""
    return path.startswith((".", "/", "~")) or "\\" in path or path.count("/") > 1


def _lacks(folder: Path) -> str | None:
    """Return a clause that says why a folder cannot contain an embedder of any type; None if it may contain one."""
    if is_packed(folder):
        return None
    if not (folder / "modules.json").is_file():
        # sentence-transformers also accepts a plain model of transformers, whose config names its type.
        try:
            config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return "it has neither modules.json nor config.json"
        except (OSError, ValueError):
            return "it has no modules.json, and its config.json cannot be read"
        if not isinstance(config, dict) or "model_type" not in config:
            return "it has no modules.json, and its config.json names no model_type"
    if not any(path.suffix in _WEIGHT_SUFFIXES for pattern in ("*", "*/*") for path in folder.glob(pattern)):
        return "it has no weights"
    return None


def _embed_by_torch(model: SentenceTransformer, texts: Sequence[str], centre: Centre | None = None) -> list[Embedding]:
    # `output_value=None` returns text and token vectors of the same pass.
    everything: Any = model.encode(list(texts), output_value=None, convert_to_numpy=False, show_progress_bar=False)
    return centred([_embedding_of(model, features) for features in everything], centre)


def _embedding_of(model: SentenceTransformer, features: dict[str, Any]) -> Embedding:
    vector = unit(features["sentence_embedding"].numpy(force=True)[None])[0]
    if "token_embeddings" not in features:
        # A model of static word vectors has no token vectors; its texts are compared only as wholes.
        return Embedding(vector, (), np.zeros((0, len(vector)), dtype=np.float32))
    numbers = features["input_ids"].tolist()
    special = set(model.tokenizer.all_special_ids)
    there = features["attention_mask"].tolist()
    inner = [place for place, number in enumerate(numbers) if there[place] and number not in special]
    words = model.tokenizer.convert_ids_to_tokens([numbers[place] for place in inner])
    return Embedding(vector, tuple(words), unit(features["token_embeddings"].numpy(force=True)[inner]))
