"""Waiting for a stream without being held by it: whoever waits hears something a few times a second."""

from __future__ import annotations

import contextvars
import queue
import threading
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")
_EVERY_S = 0.2


@dataclass(frozen=True)
class _Piece(Generic[Item]):
    items: list[Item]


@dataclass(frozen=True)
class _End:
    error: BaseException | None = None


_Pieces = queue.SimpleQueue[_Piece[Item] | _End]


def alive(
    start: Callable[[], Iterator[Item]], every_s: float = _EVERY_S, *, gathers: bool = False
) -> Generator[list[Item] | None]:
    """Yield the items of a stream, those that came meanwhile together, and None whenever nothing came for `every_s` seconds.

    The stream is read by a daemon thread: closing this generator leaves it behind, and so does the end of the program,
    where a read that waits for a silent server would hold both until the server's time is over.

    Args:
        start: Makes the stream; called in that thread, with the caller's context variables.
        every_s: Seconds of silence before a None.
        gathers: Nobody watches the items come: pass on what came in `every_s` seconds at once, which spares waking the reader.
    """
    pieces: _Pieces[Item] = queue.SimpleQueue()
    left = threading.Event()
    context = contextvars.copy_context()
    given = (_read, start, pieces, left, every_s if gathers else 0.0)
    threading.Thread(target=context.run, args=given, name="persona-stream", daemon=True).start()
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
                items += piece.items
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


def _read(start: Callable[[], Iterator[Item]], pieces: _Pieces[Item], left: threading.Event, together_s: float) -> None:
    gathered: list[Item] = []
    error: BaseException | None = None
    try:
        stream = start()
        passed_on = time.monotonic()
        for item in stream:
            gathered.append(item)
            if time.monotonic() - passed_on >= together_s:
                pieces.put(_Piece(gathered))
                gathered, passed_on = [], time.monotonic()
            if left.is_set():
                if isinstance(stream, Generator):
                    stream.close()
                return
    except BaseException as raised:  # noqa: BLE001 - it is raised to whoever waits
        error = raised
    if gathered:
        pieces.put(_Piece(gathered))
    pieces.put(_End(error))
