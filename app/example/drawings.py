"""Pictures of the example person, drawn from their shapes."""

from __future__ import annotations

import io
from collections.abc import Sequence

from PIL import Image, ImageDraw

from app.example.month import Shape

_SIDE = 640
_FINER = 2
"""Drawn so many times as large, so that edges are smooth."""
_STROKE = 0.012


def draw(shapes: Sequence[Shape]) -> bytes:
    """Return a PNG of shapes that lie one on another; the same ones are the same file."""
    large = _SIDE * _FINER
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
                pencil.line(corners, fill=colour, width=int(_STROKE * large), joint="curve")
    out = io.BytesIO()
    image.resize((_SIDE, _SIDE), Image.Resampling.LANCZOS).save(out, "PNG")
    return out.getvalue()
