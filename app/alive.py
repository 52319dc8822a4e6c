"""Waiting for a stream without being held by it: whoever waits hears something a few times a second."""

from __future__ import annotations

import contextvars
import queue
import threading
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True)
class _End:
    error: BaseException | None = None


_Pieces = queue.SimpleQueue[Item | _End]


def alive(start: Callable[[], Iterator[Item]], every_s: float) -> Generator[list[Item] | None]:
    """Yield the items of a stream, those that came meanwhile together, and None whenever nothing came for `every_s` seconds.

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
        ended: _End | None = None
        while ended is None:
            try:
                piece = pieces.get(timeout=every_s)
            except queue.Empty:
                yield None
                continue
            items: list[Item] = []
            while True:
                if isinstance(piece, _End):
                    ended = piece
                    break
                items.append(piece)
                try:
                    piece = pieces.get_nowait()
                except queue.Empty:
                    break
            if items:
                yield items
        if ended.error is not None:
            raise ended.error
    finally:
        left.set()


def _read(start: Callable[[], Iterator[Item]], pieces: _Pieces[Item], left: threading.Event) -> None:
    error: BaseException | None = None
    try:
        stream = start()
        for item in stream:
            pieces.put(item)
            if left.is_set():
                if isinstance(stream, Generator):
                    stream.close()
                return
    except BaseException as raised:  # noqa: BLE001 - it is raised to whoever waits
        error = raised
    pieces.put(_End(error))
