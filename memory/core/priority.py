"""Replies take priority over background work, on the processor and on a model that runs on this machine."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_MAX_WAIT_S = 0.25
"""Longest time in seconds that one step of background work waits for replies: with many users, a reply is always in flight."""


class ReplyFirst:
    """Lets background work start only while no reply is in flight."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._replies = 0

    @contextmanager
    def reply(self) -> Iterator[None]:
        """Keep background work waiting for the length of the block."""
        self._count(1)
        try:
            yield
        finally:
            self._count(-1)

    @property
    def wanted(self) -> bool:
        """Whether a reply is in flight, so that background work should give way."""
        return self._replies > 0

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until no reply is in flight; returns False if `timeout` seconds passed first."""
        with self._changed:
            return self._changed.wait_for(lambda: self._replies == 0, timeout)

    def _count(self, more: int) -> None:
        with self._changed:
            self._replies += more
            if not self._replies:
                self._changed.notify_all()


_processor = ReplyFirst()
"""One per process, like Python's global lock: if a hundred threads want that lock, each step of a reply waits for them all."""
_role: ContextVar[str] = ContextVar("persona_role", default="")


@contextmanager
def replying() -> Iterator[None]:
    """Mark the block as a reply: work in other threads that runs inside `behind` gives way to it."""
    token = _role.set("reply")
    try:
        with _processor.reply():
            yield
    finally:
        _role.reset(token)


@contextmanager
def model_speaks() -> Iterator[None]:
    """Release the processor for other threads while a reply waits for its model."""
    if _role.get() != "reply":
        yield
        return
    _processor._count(-1)  # noqa: SLF001 - of this module
    try:
        yield
    finally:
        _processor._count(1)  # noqa: SLF001 - as above


@contextmanager
def behind() -> Iterator[None]:
    """Mark the block as background work: between its steps it gives way to replies (`give_way`)."""
    token = _role.set("behind")
    try:
        yield
    finally:
        _role.reset(token)


@contextmanager
def stays() -> Iterator[None]:
    """Do not give way inside the block, since a reply may wait for a lock that the block holds."""
    token = _role.set("stays") if _role.get() == "behind" else None
    try:
        yield
    finally:
        if token is not None:
            _role.reset(token)


def is_behind() -> bool:
    """Return whether this thread does background work."""
    return _role.get() == "behind"


def gives_way() -> bool:
    """Return whether this thread does background work while a reply needs the processor."""
    return _role.get() == "behind" and _processor.wanted


def give_way() -> bool:
    """Wait briefly for replies if this thread does background work; returns whether it had to wait."""
    if not gives_way():
        return False
    _processor.wait(_MAX_WAIT_S)
    return True
