"""Draws the pictures of the example person from shapes."""

from __future__ import annotations

import io
from collections.abc import Sequence

from PIL import Image, ImageDraw

from app.example.month import Shape

_SIDE_PX = 640
_SUPERSAMPLING = 2
"""Pictures are drawn this many times larger, so that edges are smooth."""
_STROKE_FRACTION = 0.012


def draw(shapes: Sequence[Shape]) -> bytes:
    """Return a PNG of shapes in drawing order; the same shapes give the same file."""
    large = _SIDE_PX * _SUPERSAMPLING
    image = Image.new("RGB", (large, large), "white")
    pencil = ImageDraw.Draw(image)
    for kind, colour, shares in shapes:
        corners = [share * large for share in shares]
        match kind:
            case "box":
                pencil.rectangle(corners, fill=colour)
            case "ellipse":
                pencil.ellipse(corners, fill=colour)
            case "polygon":
                pencil.polygon(corners, fill=colour)
            case "line":
                pencil.line(corners, fill=colour, width=int(_STROKE_FRACTION * large), joint="curve")
    out = io.BytesIO()
    image.resize((_SIDE_PX, _SIDE_PX), Image.Resampling.LANCZOS).save(out, "PNG")
    return out.getvalue()
