"""Removing metadata such as position, camera and comments from picture files (pure; pixels are not re-encoded).

Only the data needed to show the picture is kept: compressed pixels, colours, and the orientation. Everything else is removed,
known or not: application data, comments, and data after the end of the picture.
"""

from __future__ import annotations

import io
import re
import struct
import zlib
from collections.abc import Iterator

from PIL import Image

_ORIENTATION = 0x0112
_JPEG_KEPT = {0xE0: (b"JFIF\x00", 12, b"\x00\x00"), 0xE2: (b"ICC_PROFILE\x00", None, b""), 0xEE: (b"Adobe", 12, b"")}
"""Application segments that are needed to show a JPEG (shape, colours, colour coding), by marker: the bytes that each begins
with, the number of bytes to keep (None: all), and the bytes to append (they end a JFIF without its thumbnail). Segments under
other markers may have the same beginning."""
_APPLICATION, _COMMENT, _SCAN, _END = range(0xE0, 0xF0), 0xFE, 0xDA, 0xD9
_MARKERS_WITHOUT_LENGTH = {0x01, *range(0xD0, 0xD9)}
"""Markers without a length field."""
_NEXT_MARKER = re.compile(rb"\xff+[^\x00\xd0-\xd7\xff]")
_PNG_KEPT = {
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP", b"sBIT", b"bKGD", b"pHYs",
    b"acTL", b"fcTL", b"fdAT",
}  # fmt: skip
_WEBP_KEPT = {b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP"}
_WEBP_EXIF, _WEBP_XMP = 0x08, 0x04


def strip(data: bytes, kind: str, orientation: int) -> bytes:
    """Return a picture's file without metadata.

    Args:
        data: A complete picture that Pillow can read.
        kind: `JPEG`, `MPO`, `PNG`, `WEBP` or `GIF`; of a GIF only the first frame is kept.
        orientation: EXIF orientation, 1 to 8; if it is not 1, it is the only EXIF field that stays in the file.

    Raises:
        ValueError: The file violates its format.
    """
    exif = _orientation_exif(orientation) if orientation in range(2, 9) else b""
    try:
        if kind in {"JPEG", "MPO"}:
            return b"".join(_jpeg(data, exif))
        if kind == "PNG":
            return b"".join(_png(data, exif))
        return _webp(data, exif) if kind == "WEBP" else _gif(data)
    except (struct.error, IndexError) as error:
        raise ValueError("a part of the file is shorter than it says") from error


def _orientation_exif(orientation: int) -> bytes:
    """Return EXIF data with the orientation only, including the six-byte prefix that it has in a JPEG."""
    exif = Image.Exif()
    exif[_ORIENTATION] = orientation
    return exif.tobytes()


def _jpeg(data: bytes, exif: bytes) -> Iterator[bytes]:
    """Yield the segments to keep, up to the end of the first picture; phones append more pictures."""
    yield data[:2]
    if exif:
        yield b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif
    place = 2
    while True:
        found = _NEXT_MARKER.match(data, place)
        if found is None:
            raise ValueError("no marker where a segment of the JPEG should begin")
        marker, place = data[found.end() - 1], found.end()
        if marker in _MARKERS_WITHOUT_LENGTH:
            continue
        if marker == _END:
            yield b"\xff\xd9"
            return
        (length,) = struct.unpack_from(">H", data, place)
        body = data[place + 2 : place + length]
        place += length
        if marker in _APPLICATION:
            begins, size, ends = _JPEG_KEPT.get(marker, (None, None, b""))
            body = body[:size] + ends if begins and body.startswith(begins) else b""
        if marker != _COMMENT and (body or marker not in _APPLICATION):
            yield bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body
        if marker == _SCAN:
            after = _NEXT_MARKER.search(data, place)
            end = after.start() if after else len(data)
            yield data[place:end]
            place = end
            if after is None:
                # Pillow also reads a picture without an end marker.
                yield b"\xff\xd9"
                return


def _png(data: bytes, exif: bytes) -> Iterator[bytes]:
    yield data[:8]
    place = 8
    while place + 8 <= len(data):
        length, name = struct.unpack_from(">I4s", data, place)
        end = place + 12 + length
        if name in _PNG_KEPT:
            yield data[place:end]
        if name == b"IHDR" and exif:
            body = exif.removeprefix(b"Exif\x00\x00")
            yield struct.pack(">I", len(body)) + b"eXIf" + body + struct.pack(">I", zlib.crc32(b"eXIf" + body))
        if name == b"IEND":
            return
        place = end
    raise ValueError("the PNG has no end")


def _webp(data: bytes, exif: bytes) -> bytes:
    end = min(len(data), 8 + struct.unpack_from("<I", data, 4)[0])
    place, kept = 12, b""
    while place + 8 <= end:
        name, length = struct.unpack_from("<4sI", data, place)
        body = data[place + 8 : place + 8 + length]
        place += 8 + length + length % 2
        if name == b"VP8X" and body:
            body = bytes([body[0] & ~(_WEBP_EXIF | _WEBP_XMP) | (_WEBP_EXIF if exif else 0)]) + body[1:]
        if name in _WEBP_KEPT:
            kept += _chunk(name, body)
    if exif and b"VP8X" in kept[:4]:
        kept += _chunk(b"EXIF", exif.removeprefix(b"Exif\x00\x00"))
    return b"RIFF" + struct.pack("<I", len(kept) + 4) + b"WEBP" + kept


def _chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + b"\x00" * (len(body) % 2)


def _gif(data: bytes) -> bytes:
    """Encode the first frame again; this is lossless, since a GIF's pixels are palette numbers."""
    with Image.open(io.BytesIO(data), formats=("GIF",)) as image:
        image.load()
        image.info.pop("comment", None)
        out = io.BytesIO()
        image.save(out, "GIF", comment=b"")
    return out.getvalue()
