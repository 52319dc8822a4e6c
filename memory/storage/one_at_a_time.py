"""One thing of its kind is done for a person at a time: in this process and, where several share the journal, in all."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from memory.core.validation import user_name
from memory.storage import fences
from memory.storage.leases import Leases

_POLL_S = 0.2


class OneAtATime:
    """Lets one import of a person, for example, go on at a time; the others wait.

    Args:
        leases: The leases of this process; None: no other process uses the journal.
        purpose: What it is; see `memory.storage.fences.Lease`.
    """

    def __init__(self, leases: Leases | None, purpose: str) -> None:
        self._leases = leases
        self._purpose = purpose
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    @contextmanager
    def going_on(self, user_id: str) -> Iterator[None]:
        """Keep the others of a person waiting for the length of the block."""
        with self._locks[user_name(user_id)]:
            if self._leases is None:
                yield
                return
            while (lease := self._leases.take(user_id, self._purpose)) is None:
                time.sleep(_POLL_S)
            try:
                with fences.under(lease):
                    yield
            finally:
                self._leases.give_back(lease)

    def is_left_to_others(self, user_id: str, *, is_here: bool) -> bool:
        """Return whether something unfinished, such as an import, is another process's to end.

        Args:
            user_id: The person.
            is_here: Whether what is still to be written lies in this host's folder.
        """
        return self._leases is not None and (not is_here or self._leases.is_elsewhere(user_id, self._purpose))
