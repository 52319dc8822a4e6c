"""The embedder's share of the processor time: what it read is read once more, alone, when the run is over."""

from __future__ import annotations

import time
from collections.abc import Sequence

from memory.embedding.text_embedder import Embedder
from memory.embedding.token_vectors import Reading


class Recorded:
    """An embedder that notes what it reads.

    While other threads are at work, nothing tells whose time the process spends; afterwards, alone, it is plain.

    Args:
        real: What embeds.
    """

    def __init__(self, real: Embedder) -> None:
        self.name = real.name
        self.reads_for = "stored"
        """What the next texts are read for: a key of `spent`."""
        self._real = real
        self._read: list[tuple[str, list[str]]] = []

    def read(self, texts: Sequence[str]) -> list[Reading]:
        """Read texts, and note them."""
        self._read.append((self.reads_for, list(texts)))
        return self._real.read(texts)

    def forget(self) -> None:
        """Note nothing of what was read until now."""
        self._read.clear()

    def spent(self, afresh: Embedder) -> dict[str, float]:
        """Read everything once more; returns milliseconds of processor time by what it was read for.

        Args:
            afresh: The same embedder with nothing remembered.
        """
        afresh.read(["warm"])
        spent: dict[str, float] = {}
        for what, texts in self._read:
            began = time.process_time()
            afresh.read(texts)
            spent[what] = spent.get(what, 0.0) + 1000 * (time.process_time() - began)
        return spent
