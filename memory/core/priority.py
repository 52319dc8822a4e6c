"""A reply comes first, and bookkeeping gives way: on a model that runs on this machine, and on the processor."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_MOST_S = 0.25
"""Seconds that one step of background work waits for replies: with many people somebody's is always being made."""


class ReplyFirst:
    """Lets background work start only while no reply is being written."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._replies = 0

    @contextmanager
    def reply(self) -> Iterator[None]:
        """Hold background work back for the length of the block."""
        self._count(1)
        try:
            yield
        finally:
            self._count(-1)

    @property
    def wanted(self) -> bool:
        """Say whether a reply is being written: background work should give way."""
        return self._replies > 0

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until no reply is being written; returns False when `timeout` seconds went by first."""
        with self._changed:
            return self._changed.wait_for(lambda: self._replies == 0, timeout)

    def _count(self, more: int) -> None:
        with self._changed:
            self._replies += more
            if not self._replies:
                self._changed.notify_all()


_processor = ReplyFirst()
"""Of this process, as Python's lock is: where a hundred threads want it, each step of a reply waits for all of them."""
_role: ContextVar[str] = ContextVar("persona_role", default="")


@contextmanager
def replying() -> Iterator[None]:
    """Have the processor for a reply: in other threads, what runs `behind` gives way."""
    token = _role.set("reply")
    try:
        with _processor.reply():
            yield
    finally:
        _role.reset(token)


@contextmanager
def model_speaks() -> Iterator[None]:
    """Leave the processor to others while a reply waits for its model."""
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
    """Do background work: between its steps it gives way (`give_way`)."""
    token = _role.set("behind")
    try:
        yield
    finally:
        _role.reset(token)


@contextmanager
def stays() -> Iterator[None]:
    """Give no way for the length of the block: what it holds a reply may wait for."""
    token = _role.set("stays") if _role.get() == "behind" else None
    try:
        yield
    finally:
        if token is not None:
            _role.reset(token)


def gives_way() -> bool:
    """Say whether this is background work, and a reply needs the processor."""
    return _role.get() == "behind" and _processor.wanted


def give_way() -> bool:
    """Wait for replies that need the processor, for a moment, where this is background work; returns whether it had to."""
    if not gives_way():
        return False
    _processor.wait(_MOST_S)
    return True
