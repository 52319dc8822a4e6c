"""Gallery pictures: frames around the remembered parts, and their descriptions (pure functions)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from PIL import Image, ImageDraw, ImageFont

from app.ui import wording
from graph.language.addressed import addressed
from memory.browse.photos import Shown
from memory.core.records import Box

_LINE_COLOUR, _BORDER_COLOUR = "#ffffff", "#1b1f24"
"""A light line in a dark border: one of them is visible on any picture."""
_PICTURE_TO_LINE_RATIO = 160
"""The longer side of a picture divided by the width of the line."""
_MAX_NAME_CHARACTERS = 48


def framed(image: Image.Image, boxes: Sequence[Box]) -> Image.Image:
    """Return a picture with a frame around each box; several boxes are numbered from 1.

    Args:
        image: The picture, upright.
        boxes: Boxes as fractions of its width and height.
    """
    picture = image.convert("RGB")
    draw = ImageDraw.Draw(picture)
    width = max(1, max(picture.size) // _PICTURE_TO_LINE_RATIO)
    for number, box in enumerate(boxes, 1):
        left, top, right, bottom = _pixels(box, picture.size)
        draw.rectangle((left, top, right, bottom), outline=_BORDER_COLOUR, width=3 * width)
        # Pillow draws inwards, so the light line is in the middle of the dark one if both fit.
        if right - left > 2 * width and bottom - top > 2 * width:
            draw.rectangle((left + width, top + width, right - width, bottom - width), outline=_LINE_COLOUR, width=width)
        if len(boxes) > 1:
            _number(draw, (left, top), str(number), 9 * width + 6)
    return picture


def _pixels(box: Box, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return the first and the last pixel of a box; at least one pixel, inside the picture."""
    wide, high = size
    left, top = min(int(box[0] * wide), wide - 1), min(int(box[1] * high), high - 1)
    right, bottom = max(left, min(round(box[2] * wide), wide) - 1), max(top, min(round(box[3] * high), high) - 1)
    return left, top, right, bottom


def _number(draw: ImageDraw.ImageDraw, corner: tuple[int, int], text: str, size: int) -> None:
    left, top = corner
    font = ImageFont.load_default(size)
    _, _, right, bottom = draw.textbbox((left + size // 3, top + size // 6), text, font=font)
    draw.rectangle((left, top, right + size // 3, bottom + size // 3), fill=_BORDER_COLOUR)
    draw.text((left + size // 3, top + size // 6), text, fill=_LINE_COLOUR, font=font)


def boxes_of(shown: Shown) -> list[Box]:
    """Return the boxes of the remembered parts of a picture."""
    return [one.box for one in shown.seen if one.box is not None]


def numbered(shown: Shown) -> list[str]:
    """Return the label of each remembered thing, with the number of its frame if there are several."""
    many, number, lines = len(boxes_of(shown)) > 1, 0, []
    for one in shown.seen:
        number += one.box is not None
        label = addressed(one.label)
        lines.append(f"{number}. {label}" if many and one.box is not None else label)
    return lines


def name_of(shown: Shown) -> str:
    """Return the name of a picture in one line; empty if nothing is remembered about it."""
    if not shown.seen:
        return ""
    first, more = wording.shortened(addressed(shown.seen[0].label), _MAX_NAME_CHARACTERS), len(shown.seen) - 1
    return f"{first}, and {more} more" if more else first


def alt_of(shown: Shown) -> str:
    """Return the alternative text of a picture."""
    called = "; ".join(wording.shortened(addressed(one.label), 2 * _MAX_NAME_CHARACTERS) for one in shown.seen)
    what = f"Picture of {called}" if called else "Picture with nothing remembered about it yet"
    return f"{what}, sent on {day(shown)}"


def day(shown: Shown) -> str:
    """Return the day on which a picture was sent."""
    return f"{shown.time.day} {shown.time:%B} {shown.time.year}"


def months(pictures: Sequence[Shown]) -> Iterator[tuple[str, list[Shown]]]:
    """Yield pictures grouped by the month in which they were sent, in their order."""
    for name, group in groupby(pictures, lambda shown: f"{shown.time:%B} {shown.time.year}"):
        yield name, list(group)
