"""What a memory counts for the person who runs it: numbers alone, of nobody in particular."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from typing import Literal

Source = Literal["index", "chroma"]
"""Where a search was answered from: this host's index file of the person, or Chroma's collections."""


class Counts:
    """Counts of one memory since it was opened. Any thread may count.

    Attributes:
        cache_bytes: Returns the bytes of this host's index files.
        purges_waiting: Returns the number of purges that some host has not acknowledged.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers: Counter[str] = Counter()
        self.cache_bytes: Callable[[], int] = int
        self.purges_waiting: Callable[[], int] = int

    def hit(self) -> None:
        """Count a search for a person whose index file is on this host."""
        self._add("hits")

    def miss(self) -> None:
        """Count a search for a person whose index file must be loaded or built first."""
        self._add("misses")

    def searched(self, source: Source) -> None:
        """Count a search by what answered it."""
        self._add(source)

    def lost_lease(self) -> None:
        """Count a lease that another process took over before the work under it was committed."""
        self._add("leases_lost")

    def total(self, name: Literal["hits", "misses", "index", "chroma", "leases_lost"]) -> int:
        """Return how often something was counted."""
        with self._lock:
            return self._numbers[name]

    def _add(self, name: str) -> None:
        with self._lock:
            self._numbers[name] += 1
