"""Pictures as the gallery shows them: with a frame around what is remembered, and words for them (pure functions)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from PIL import Image, ImageDraw, ImageFont

from app.ui import wording
from memory.browse.photos import Shown
from memory.core.records import Box

_LINE, _AROUND = "#ffffff", "#1b1f24"
"""Light in dark: one of them stands out on any picture."""
_THIN = 160
"""A line is so many times thinner than the picture is long."""
_NAME = 48


def framed(image: Image.Image, boxes: Sequence[Box]) -> Image.Image:
    """Return a picture with a frame around each of its parts; several are numbered from 1.

    Args:
        image: Upright.
        boxes: Shares of its width and height.
    """
    picture = image.convert("RGB")
    draw = ImageDraw.Draw(picture)
    width = max(1, max(picture.size) // _THIN)
    for number, box in enumerate(boxes, 1):
        left, top, right, bottom = _pixels(box, picture.size)
        draw.rectangle((left, top, right, bottom), outline=_AROUND, width=3 * width)
        # Pillow draws inwards: the light line lies in the middle of the dark one, where there is room for both.
        if right - left > 2 * width and bottom - top > 2 * width:
            draw.rectangle((left + width, top + width, right - width, bottom - width), outline=_LINE, width=width)
        if len(boxes) > 1:
            _number(draw, (left, top), str(number), 9 * width + 6)
    return picture


def _pixels(box: Box, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return the first and the last pixel of a part; at least one, within the picture."""
    wide, high = size
    left, top = min(int(box[0] * wide), wide - 1), min(int(box[1] * high), high - 1)
    right, bottom = max(left, min(round(box[2] * wide), wide) - 1), max(top, min(round(box[3] * high), high) - 1)
    return left, top, right, bottom


def _number(draw: ImageDraw.ImageDraw, corner: tuple[int, int], text: str, size: int) -> None:
    left, top = corner
    font = ImageFont.load_default(size)
    _, _, right, bottom = draw.textbbox((left + size // 3, top + size // 6), text, font=font)
    draw.rectangle((left, top, right + size // 3, bottom + size // 3), fill=_AROUND)
    draw.text((left + size // 3, top + size // 6), text, fill=_LINE, font=font)


def boxes_of(shown: Shown) -> list[Box]:
    """Return the parts of a picture that something is remembered of."""
    return [one.box for one in shown.seen if one.box is not None]


def numbered(shown: Shown) -> list[str]:
    """Return what each remembered thing is called; with the number of its frame, where there are several."""
    many, number, lines = len(boxes_of(shown)) > 1, 0, []
    for one in shown.seen:
        number += one.box is not None
        lines.append(f"{number}. {one.label}" if many and one.box is not None else one.label)
    return lines


def name_of(shown: Shown) -> str:
    """Return what a picture is called, in a line; empty where nothing is remembered of it."""
    if not shown.seen:
        return ""
    first, more = wording.shortened(shown.seen[0].label, _NAME), len(shown.seen) - 1
    return f"{first}, and {more} more" if more else first


def alt_of(shown: Shown) -> str:
    """Describe a picture to someone who does not see it."""
    called = "; ".join(wording.shortened(one.label, 2 * _NAME) for one in shown.seen)
    what = f"Picture of {called}" if called else "Picture that nothing is remembered of yet"
    return f"{what}, sent on {day(shown)}"


def day(shown: Shown) -> str:
    """Name the day on which a picture was sent."""
    return f"{shown.time.day} {shown.time:%B} {shown.time.year}"


def months(pictures: Sequence[Shown]) -> Iterator[tuple[str, list[Shown]]]:
    """Group pictures in their order by the month in which they were sent."""
    for name, group in groupby(pictures, lambda shown: f"{shown.time:%B} {shown.time.year}"):
        yield name, list(group)
