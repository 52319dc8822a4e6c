"""Reads a text as UTF-8, whatever its byte order mark says, and makes its JSON escapes safe to parse.

Two things stand in files that are right otherwise, and stop a parser: half of a character in an escape (programs that cut a
text cut emoji in two), and more digits in a row than Python reads as a number.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import IO

_UTF_16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_HEX = rb"[0-9a-fA-F]"
_FIRST_HALF = rb"\\u[dD][89abAB]" + _HEX + _HEX
_SECOND_HALF = rb"\\u[dD][c-fC-F]" + _HEX + _HEX
_ALONE = re.compile(_FIRST_HALF + b"(?!" + _SECOND_HALF + b")|(?<!" + _FIRST_HALF + b")" + _SECOND_HALF)
_ENDS_WITH_FIRST_HALF = re.compile(_FIRST_HALF + rb"\Z")
_REPLACEMENT = rb"\ufffd"
_ESCAPE = 6
"""Bytes of an escape such as `\\u00e9`."""
_DIGITS = 1_000
_MANY_DIGITS = re.compile(rb"([0-9]{%d})([0-9])" % (_DIGITS - 1))
_ONLY_DIGITS = bytes(48 if 48 <= byte <= 57 else 32 for byte in range(256))  # noqa: PLR2004 - "0" to "9", and a space
_LINE_CHUNK = 65_536


class Utf8Reader:
    """Reads a stream in pieces of UTF-8 without a byte order mark.

    Args:
        stream: Text in UTF-8, or in UTF-16 with a byte order mark.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._decoder: codecs.IncrementalDecoder | None = None
        self._begun = False

    def read(self, size: int) -> bytes:
        """Return about `size` bytes, and none at the end; less than half of it only at the end."""
        while data := self._filled(size):
            if not self._begun:
                self._begun = True
                data = self._without_mark(data)
            if self._decoder is not None:
                data = self._decoder.decode(data, len(data) < size).encode()
            if data:
                return data
        return b""

    def _filled(self, size: int) -> bytes:
        """Return `size` bytes, or fewer at the end: a stream may give less than what is there."""
        data = self._stream.read(size)
        if len(data) == size or not data:
            return data
        pieces = [data]
        missing = size - len(data)
        while missing > 0 and (data := self._stream.read(missing)):
            pieces.append(data)
            missing -= len(data)
        return b"".join(pieces)

    def _without_mark(self, data: bytes) -> bytes:
        encoding = _UTF_16.get(data[:2])
        if encoding is not None:
            # Half of a character becomes a replacement character, as in an escape.
            self._decoder = codecs.getincrementaldecoder(encoding)("replace")
            return data[2:]
        return data.removeprefix(codecs.BOM_UTF8)


def as_utf8(head: bytes) -> bytes:
    """Return the first bytes of a text as UTF-8 without a byte order mark."""
    encoding = _UTF_16.get(head[:2])
    return head.removeprefix(codecs.BOM_UTF8) if encoding is None else head[2:].decode(encoding, "replace").encode()


class JsonReader:
    """Reads a stream of JSON in pieces that each parser can take.

    Args:
        stream: JSON in UTF-8, or in UTF-16 with a byte order mark.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._reader = Utf8Reader(stream)
        self._held = b""

    def read(self, size: int) -> bytes:
        """Return about `size` bytes, and none at the end."""
        data = self._held + self._reader.read(size)
        if not data or data == self._held:
            self._held = b""
            return safe(data)
        end = len(data) - _cut_escape(data)
        self._held = data[end:]
        return safe(data[:end])


def safe(data: bytes) -> bytes:
    """Return JSON with U+FFFD for each half of a character, and with no number of 1,000 digits or more.

    Args:
        data: UTF-8 that does not begin or end within an escape.
    """
    if b"\\ud" in data or b"\\uD" in data:
        data = _ALONE.sub(_replaced, data)
    if b"0" * _DIGITS in data.translate(_ONLY_DIGITS):
        # In a string, the escape of a digit is that digit; in a number it is an error, which is what a parser must see.
        data = _MANY_DIGITS.sub(rb"\1\\u003\2", data)
    return data


def lines(stream: IO[bytes], most_bytes: int = 2 * 1024 * 1024) -> Iterator[tuple[int, bytes | None]]:
    """Yield the lines of a text with their numbers from 1, as UTF-8, without line ends and without empty lines.

    Args:
        stream: UTF-8, or UTF-16 with a byte order mark.
        most_bytes: A longer line is None.
    """
    reader = Utf8Reader(stream)
    number, rest, too_long = 1, b"", False
    while data := reader.read(_LINE_CHUNK):
        first, *others = data.split(b"\n")
        rest += b"" if too_long else first
        for following in others:
            yield from _line(number, rest, too_long=too_long or len(rest) > most_bytes)
            number, rest, too_long = number + 1, following, False
        if len(rest) > most_bytes:
            rest, too_long = b"", True
    yield from _line(number, rest, too_long=too_long)


def _line(number: int, line: bytes, *, too_long: bool) -> Iterator[tuple[int, bytes | None]]:
    if too_long:
        yield number, None
    elif line := line.strip():
        yield number, line


def _replaced(match: re.Match[bytes]) -> bytes:
    """Replace half of a character, unless its backslash is escaped itself."""
    data, before = match.string, match.start()
    while before and data[before - 1] == ord("\\"):
        before -= 1
    return match[0] if (match.start() - before) % 2 else _REPLACEMENT


def _cut_escape(data: bytes) -> int:
    """Return how many bytes at the end belong to an escape, or a pair of them, that may go on after it."""
    last = data.rfind(b"\\")
    if last < 0 or last < len(data) - _ESCAPE:
        return 0
    upto = data[: last + 1]
    if (len(upto) - len(upto.rstrip(b"\\"))) % 2 == 0:
        return 0
    pair = _ENDS_WITH_FIRST_HALF.search(data, max(0, last - _ESCAPE), last)
    return len(data) - (pair.start() if pair else last)
