"""The embedder's share of the processor time: its texts are embedded again, alone, after the run."""

from __future__ import annotations

import time
from collections.abc import Sequence

from memory.embedding.text_embedder import Embedder
from memory.embedding.token_vectors import Embedding


class Recorded:
    """An embedder that records its texts.

    While other threads run, processor time cannot be attributed; afterwards, alone, it can.

    Args:
        real: The real embedder.
    """

    def __init__(self, real: Embedder) -> None:
        self.name = real.name
        self.reads_for = "stored"
        """What the next texts are embedded for: a key of `spent`."""
        self._real = real
        self._read: list[tuple[str, list[str]]] = []

    def embed(self, texts: Sequence[str]) -> list[Embedding]:
        """Embed texts, and record them."""
        self._read.append((self.reads_for, list(texts)))
        return self._real.embed(texts)

    def forget(self) -> None:
        """Discard the texts recorded so far."""
        self._read.clear()

    def spent(self, afresh: Embedder) -> dict[str, float]:
        """Embed everything again; returns milliseconds of processor time by purpose.

        Args:
            afresh: The same embedder with nothing cached.
        """
        afresh.embed(["warm"])
        spent: dict[str, float] = {}
        for what, texts in self._read:
            began = time.process_time()
            afresh.embed(texts)
            spent[what] = spent.get(what, 0.0) + 1000 * (time.process_time() - began)
        return spent
