"""Reads JSON of any size as a stream: the values at one path, one after the other (I/O: reads a stream that is open).

A file of a stranger ends in one sentence, within bounded memory: nesting, the size of one value and the number of its parts are
checked while the events come in. A value that is nested too deep is passed over, and the others are read. The parser is ijson,
with its part in C where it is installed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import IO, Any

import ijson

from app.importers.utf8 import JsonReader
from memory.core.errors import InvalidInput

MOST_BYTES = 100_000_000
"""Most bytes of one value."""
MOST_DEPTH = 200
_MOST_DEPTH_PASSED = 200_000
"""Deepest nesting of what is passed over: a file of brackets alone ends soon."""
_MOST_PARTS = 2_000_000
"""Most parts of one value: each takes about 100 bytes of memory, however few bytes it has in the file."""
_CHUNK, _LARGEST_CHUNK = 65_536, 2_097_152

_new_parser = ijson.basic_parse_coro


@dataclass(frozen=True)
class TooDeep:
    """Stands for a value that is nested too deep to be read.

    Attributes:
        known: The texts and numbers of it that were read, by their keys.
    """

    known: dict[str, Any] = field(default_factory=dict)


def items(stream: IO[bytes], path: str, divided: str = "", most: int = 5_000, deepest: int = MOST_DEPTH) -> Iterator[Any]:
    """Yield the values at a path of a JSON document, in their order, and `TooDeep` for one that is nested too deep.

    Args:
        stream: UTF-8, or UTF-16 with a byte order mark.
        path: Keys, and `item` for the elements of a list, with dots between: `item`, `chats.list.item`, `messages.item`. An
            empty path is the whole document.
        divided: A key of the values whose list may be long: a value with more than `most` elements there comes in several
            parts, each with a part of the list and all other keys read so far. `TooDeep` stands for single elements of it.
        most: Most elements in one part.
        deepest: Deepest nesting.

    Raises:
        InvalidInput: The document is no JSON or is cut, one value or part is larger than 100 MB, or something is nested deeper
            than 200,000 levels. What stands before was yielded.
    """
    reader, values = JsonReader(stream), _Values(path, divided, most, deepest)
    parser = _new_parser(values)
    found, size, data = 0, _CHUNK, b"-"
    broken: Exception | None = None
    try:
        while data and not broken:
            data = reader.read(size)
            events = values.events
            values.at += len(data)
            broken = _problem(parser, data) or values.too_large()
            found += len(values.ready)
            yield from values.take()
            # A long text is read again from its beginning with each chunk: larger chunks keep that short.
            size = _CHUNK if values.events > events else min(2 * size, _LARGEST_CHUNK)
    finally:
        _problem(parser, b"")
    if broken:
        raise _refused(_name(stream), broken, values.at, found if path else 0) from broken


def whole(stream: IO[bytes], most_bytes: int = 50_000_000, deepest: int = MOST_DEPTH) -> Any:
    """Return the value of a small JSON document.

    Raises:
        InvalidInput: As for `items`, or the document has more bytes than `most_bytes`, or is nested too deep.
    """
    (value,) = items(_Bounded(stream, most_bytes), "", deepest=deepest)  # type: ignore[arg-type] # read and name are all that is used
    if isinstance(value, TooDeep):
        raise InvalidInput(
            f"{_name(stream)} is not read: it is nested deeper than {deepest:,}. Export it again, or leave it out."
        )
    return value


class _TooMuch(Exception):
    """A limit is exceeded; says which."""


class _Bounded:
    """A stream with a limit on its bytes."""

    def __init__(self, stream: IO[bytes], most_bytes: int) -> None:
        self.name = _name(stream)
        self._stream, self._most, self._left = stream, most_bytes, most_bytes

    def read(self, size: int) -> bytes:
        data = self._stream.read(min(size, self._left + 1))
        self._left -= len(data)
        if self._left < 0:
            raise InvalidInput(f"{self.name} is not read: it is larger than {self._most:,} bytes. Export it again.")
        return data


class _Values:
    """Builds the values at a path out of a parser's events.

    Attributes:
        at: The offset of what is being parsed.
        events: How many events came.
        ready: Values that are complete.
    """

    def __init__(self, path: str, divided: str, most: int, deepest: int) -> None:
        self.at = 0
        self.events = 0
        self.ready: list[Any] = []
        self._path = path.split(".") if path else []
        self._divided, self._most, self._deepest = divided, most, deepest
        self._depth = 0
        self._lists: list[bool] = []
        """Of each open container that leads to the path, whether it is a list."""
        self._key = ""
        self._open: list[Any] = []
        """The open containers of the value that is being built."""
        self._long: list[Any] | None = None
        self._passed: int | None = None
        """The depth of the container that is passed over because it is nested too deep."""
        self._known: dict[str, Any] = {}
        self._since = 0
        self._parts = 0

    def take(self) -> list[Any]:
        """Return the complete values, once."""
        ready, self.ready = self.ready, []
        return ready

    def too_large(self) -> _TooMuch | None:
        """Return what is wrong if a value, or one text anywhere, is larger than the limit."""
        if self.at - self._since > MOST_BYTES:
            return _TooMuch(f"one value is larger than {MOST_BYTES // 1_000_000} MB")
        return None

    def send(self, event: tuple[str, Any]) -> None:
        """Take an event of the parser."""
        name, value = event
        self.events += 1
        if self._passed is not None:
            self._since = self.at
            self._pass_over(name)
        elif not self._open:
            self._since = self.at
            self._outside(name, value)
        elif name == "map_key":
            self._key = value
        elif name in {"start_map", "start_array"}:
            self._deeper()
            if self._depth > self._deepest:
                self._begin_passing()
            else:
                self._begin({} if name == "start_map" else [])
        elif name in {"end_map", "end_array"}:
            self._depth -= 1
            self._end()
        else:
            self._add(_plain(value) if name == "number" else value)

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > max(self._deepest, _MOST_DEPTH_PASSED):
            raise _TooMuch(f"it is nested deeper than {max(self._deepest, _MOST_DEPTH_PASSED):,}")

    def _begin_passing(self) -> None:
        """Forget what is open of an element of the long list, or else of the value, and pass over the rest of it."""
        kept = 0
        if self._long is not None:
            # The element stands in the list already.
            kept = 2
            self._long.pop()
        value = self._open[kept] if len(self._open) > kept else None
        entries = value.items() if isinstance(value, dict) else ()
        self._known = {key: one for key, one in entries if isinstance(one, str | int | float)}
        # The last container is not open yet.
        self._passed = self._depth - len(self._open) + kept
        del self._open[kept:]

    def _pass_over(self, name: str) -> None:
        """Follow the depth until what is passed over has ended."""
        if name in {"start_map", "start_array"}:
            self._deeper()
        elif name in {"end_map", "end_array"}:
            if self._depth == self._passed:
                self._passed = None
                if self._open:
                    self._add(TooDeep(self._known))
                else:
                    self.ready.append(TooDeep(self._known))
            self._depth -= 1

    def _outside(self, name: str, value: Any) -> None:
        """Follow the path while no value is being built."""
        if name == "map_key":
            self._key = value
            return
        if name in {"end_map", "end_array"}:
            if self._depth == len(self._lists):
                self._lists.pop()
            self._depth -= 1
            return
        starts = name in {"start_map", "start_array"}
        on_path = self._depth == len(self._lists) and (self._depth == 0 or self._leads())
        if on_path and self._depth == len(self._path):
            if starts:
                self._parts = 0
                self._deeper()
                self._begin({} if name == "start_map" else [])
            else:
                self.ready.append(_plain(value) if name == "number" else value)
        elif starts:
            self._deeper()
            if on_path:
                self._lists.append(name == "start_array")

    def _leads(self) -> bool:
        """Return whether the value that begins inside the last open container lies on the path."""
        step = self._path[self._depth - 1] if self._depth <= len(self._path) else None
        return step == ("item" if self._lists[-1] else self._key)

    def _begin(self, container: Any) -> None:
        if self._open:
            self._add(container)
            if self._divided and len(self._open) == 1 and self._key == self._divided and isinstance(container, list):
                self._long = container
        self._open.append(container)

    def _end(self) -> None:
        container = self._open.pop()
        if container is self._long:
            self._long = None
        elif not self._open:
            self.ready.append(container)

    def _add(self, value: Any) -> None:
        self._parts += 1
        if self._parts > _MOST_PARTS:
            raise _TooMuch(f"one value has more than {_MOST_PARTS:,} parts")
        container = self._open[-1]
        if isinstance(container, dict):
            container[self._key] = value
            return
        long = self._long
        if long is not None and long is container and len(long) >= self._most:
            self.ready.append(self._open[0] | {self._divided: long.copy()})
            long.clear()
            self._since, self._parts = self.at, 0
        container.append(value)


def _plain(number: int | Decimal) -> int | float | None:
    """Return a number as JSON readers know it; None for one that no float can hold."""
    if isinstance(number, int):
        return number
    value = float(number)
    return value if math.isfinite(value) else None


def _name(stream: Any) -> str:
    name = getattr(stream, "name", None)
    return name if isinstance(name, str) else "The file"


def _problem(parser: Any, data: bytes) -> Exception | None:
    """Give a parser more of the file, or its end; return the error if it does not fit."""
    try:
        if data:
            parser.send(data)
        else:
            parser.close()
    except (ijson.JSONError, ValueError, StopIteration, _TooMuch) as error:
        return error
    return None


def _refused(name: str, error: Exception, at: int, found: int) -> InvalidInput:
    where = f", after {found:,} whole {'entry' if found == 1 else 'entries'}" if found else ""
    if isinstance(error, _TooMuch):
        return InvalidInput(
            f"{name} is not read: {error} (before byte {at:,}{where}). Export it again, or leave this file out."
        )
    if not at:
        return InvalidInput(f"{name} is empty. Export it again.")
    # The parser in C has one class for all errors.
    if "premature EOF" in str(error) or str(error).startswith("Incomplete"):
        return InvalidInput(f"{name} is cut off (at byte {at:,}{where}). Download or export it again.")
    return InvalidInput(f"{name} is no valid JSON in UTF-8 (before byte {at:,}{where}). Download or export it again.")
