"""Embeds many texts in the background: one pass on each core at a time, behind replies."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING

from memory.core import native_memory
from memory.core.priority import give_way
from memory.embedding.onnx_runtime import OnnxEmbedder, open_session
from memory.embedding.token_vectors import Embedding

if TYPE_CHECKING:
    from onnxruntime import InferenceSession, RunOptions

_NICENESS = 10
_MOST_THREADS = 4


class BulkEmbedder:
    """Embeds with a session of its own, in which each pass has one thread.

    Two passes side by side take less time than two passes that share both cores: 3.3 against 4.3 s for 2,000 texts on two
    cores. A reply's own question is embedded by the embedder's first session meanwhile, at a higher priority.

    Args:
        embedder: The embedder.
    """

    def __init__(self, embedder: OnnxEmbedder) -> None:
        self._embedder = embedder

    def embed(self, texts: Sequence[str]) -> list[Embedding]:
        """Return the embedding of each text (at least one); between passes it gives way to replies."""
        read: dict[int, Embedding] = {}
        running: dict[Future[list[Embedding]], list[int]] = {}
        shortest, *others = self._embedder.passes(texts)
        for places, encodings in others:
            give_way()
            if len(running) >= self._threads:
                self._collect(running, read)
            running[self._pool.submit(self._embedder.embed_pass, encodings, self._session)] = places
        while running:
            self._collect(running, read)
        # Alone, and quick: what the session and the C library keep of long passes is 300 MB.
        places, encodings = shortest
        read |= zip(places, self._embedder.embed_pass(encodings, self._session, self._shrinking), strict=True)
        native_memory.give_back()
        return [read[place] for place in range(len(texts))]

    def _collect(self, running: dict[Future[list[Embedding]], list[int]], read: dict[int, Embedding]) -> None:
        for one in wait(running, return_when=FIRST_COMPLETED).done:
            read |= zip(running.pop(one), one.result(), strict=True)

    @cached_property
    def _threads(self) -> int:
        return min(os.cpu_count() or 1, _MOST_THREADS)

    @cached_property
    def _pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self._threads, "persona-embed", initializer=_give_way_to_others)

    @cached_property
    def _session(self) -> InferenceSession:
        return open_session(self._embedder.graph, threads=1)

    @cached_property
    def _shrinking(self) -> RunOptions:
        """The options of a pass after which the session frees what it keeps; after each pass, that costs 5% of the time."""
        import onnxruntime

        options = onnxruntime.RunOptions()
        options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
        return options


def _give_way_to_others() -> None:
    """Lower the priority of this thread where the system has priorities of threads (Linux)."""
    with suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
