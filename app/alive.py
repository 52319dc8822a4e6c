"""Waiting for a stream without being held by it: whoever waits hears something a few times a second."""

from __future__ import annotations

import contextvars
import queue
import threading
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")
_EVERY_S = 0.2


@dataclass(frozen=True)
class _Piece(Generic[Item]):
    item: Item


@dataclass(frozen=True)
class _End:
    error: BaseException | None = None


_Pieces = queue.SimpleQueue[_Piece[Item] | _End]


def alive(start: Callable[[], Iterator[Item]], every_s: float = _EVERY_S) -> Generator[Item | None]:
    """Yield the items of a stream as they come, and None whenever nothing came for `every_s` seconds.

    The stream is read by a daemon thread: closing this generator leaves it behind, and so does the end of the program,
    where a read that waits for a silent server would hold both until the server's time is over.

    Args:
        start: Makes the stream; called in that thread, with the caller's context variables.
        every_s: Seconds of silence before a None.
    """
    pieces: _Pieces[Item] = queue.SimpleQueue()
    left = threading.Event()
    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=(_read, start, pieces, left), name="persona-stream", daemon=True).start()
    try:
        while True:
            try:
                piece = pieces.get(timeout=every_s)
            except queue.Empty:
                yield None
                continue
            if isinstance(piece, _End):
                if piece.error is not None:
                    raise piece.error
                return
            yield piece.item
    finally:
        left.set()


def _read(start: Callable[[], Iterator[Item]], pieces: _Pieces[Item], left: threading.Event) -> None:
    try:
        stream = start()
        for item in stream:
            pieces.put(_Piece(item))
            if left.is_set():
                if isinstance(stream, Generator):
                    stream.close()
                return
    except BaseException as error:  # noqa: BLE001 - it is raised to whoever waits
        pieces.put(_End(error))
    else:
        pieces.put(_End())
