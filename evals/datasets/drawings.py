"""Drawn images for our own benchmark: a scene describes an image, so that questions about it can be checked."""

from __future__ import annotations

from typing import Literal

from PIL import Image, ImageColor, ImageDraw
from pydantic import BaseModel, ConfigDict, Field

SIZE = 320
"""Side of an image, in pixels."""
Part = tuple[Literal["ellipse", "ring", "box", "polygon", "line"], tuple[float, ...], str]
MAIN, SECOND = "main", "second"
THINGS: dict[str, tuple[Part, ...]] = {
    "mug": (("ring", (0.55, 0.3, 0.95, 0.72), MAIN), ("box", (0.15, 0.15, 0.72, 0.88), MAIN)),
    "cat": (
        ("polygon", (0.58, 0.3, 0.6, 0.04, 0.74, 0.22), MAIN),
        ("polygon", (0.82, 0.22, 0.96, 0.04, 0.98, 0.3), MAIN),
        ("ellipse", (0.56, 0.16, 1.0, 0.56), MAIN),
        ("ellipse", (0.12, 0.42, 0.8, 0.94), MAIN),
        ("line", (0.16, 0.7, 0.02, 0.36), MAIN),
        ("box", (0.55, 0.53, 0.86, 0.61), SECOND),
    ),
    "boat": (
        ("polygon", (0.05, 0.62, 0.95, 0.62, 0.78, 0.88, 0.22, 0.88), MAIN),
        ("line", (0.5, 0.62, 0.5, 0.08), "saddlebrown"),
        ("polygon", (0.53, 0.1, 0.53, 0.56, 0.88, 0.56), SECOND),
    ),
    "house": (
        ("box", (0.15, 0.45, 0.85, 0.95), MAIN),
        ("polygon", (0.05, 0.46, 0.5, 0.08, 0.95, 0.46), SECOND),
        ("box", (0.42, 0.64, 0.58, 0.95), "saddlebrown"),
    ),
    "cake": (
        ("box", (0.1, 0.45, 0.9, 0.9), MAIN),
        ("box", (0.1, 0.45, 0.9, 0.56), SECOND),
        ("line", (0.5, 0.45, 0.5, 0.2), "black"),
        ("ellipse", (0.45, 0.08, 0.55, 0.22), "orange"),
    ),
    "bird": (
        ("ellipse", (0.15, 0.35, 0.75, 0.8), MAIN),
        ("ellipse", (0.58, 0.14, 0.9, 0.46), MAIN),
        ("polygon", (0.88, 0.26, 1.0, 0.32, 0.88, 0.38), "orange"),
        ("ellipse", (0.28, 0.46, 0.58, 0.7), SECOND),
        ("line", (0.45, 0.8, 0.45, 0.95), "black"),
    ),
    "flower": (
        ("line", (0.5, 0.45, 0.5, 0.98), "green"),
        ("ellipse", (0.38, 0.05, 0.62, 0.31), MAIN),
        ("ellipse", (0.38, 0.43, 0.62, 0.69), MAIN),
        ("ellipse", (0.17, 0.25, 0.43, 0.49), MAIN),
        ("ellipse", (0.57, 0.25, 0.83, 0.49), MAIN),
        ("ellipse", (0.4, 0.27, 0.6, 0.47), SECOND),
    ),
    "tractor": (
        ("box", (0.1, 0.36, 0.9, 0.66), MAIN),
        ("box", (0.1, 0.12, 0.5, 0.4), SECOND),
        ("ellipse", (0.06, 0.48, 0.5, 0.94), "black"),
        ("ellipse", (0.64, 0.62, 0.96, 0.94), "black"),
    ),
    "guitar": (
        ("ellipse", (0.25, 0.42, 0.75, 0.98), MAIN),
        ("ellipse", (0.41, 0.58, 0.59, 0.78), SECOND),
        ("line", (0.5, 0.58, 0.5, 0.04), "black"),
    ),
    "kite": (
        ("polygon", (0.5, 0.02, 0.85, 0.38, 0.5, 0.78, 0.15, 0.38), MAIN),
        ("polygon", (0.5, 0.38, 0.85, 0.38, 0.5, 0.78), SECOND),
        ("line", (0.5, 0.78, 0.66, 0.98), "black"),
    ),
    "bicycle": (
        ("ring", (0.02, 0.46, 0.44, 0.88), "black"),
        ("ring", (0.56, 0.46, 0.98, 0.88), "black"),
        ("line", (0.23, 0.67, 0.42, 0.34, 0.7, 0.34, 0.77, 0.67, 0.5, 0.67, 0.42, 0.34), MAIN),
        ("box", (0.34, 0.26, 0.5, 0.34), SECOND),
    ),
    "scarf": (
        ("box", (0.12, 0.2, 0.88, 0.42), MAIN),
        ("box", (0.58, 0.4, 0.82, 0.95), MAIN),
        ("box", (0.58, 0.74, 0.82, 0.84), SECOND),
    ),
}
"""What can be drawn: parts on a square of side 1, in colours by name or by role."""
_PEN = 0.05
_DOT = 0.06


class Drawn(BaseModel):
    """One object on an image; its position and size are shares of the image's side."""

    model_config = ConfigDict(extra="forbid")

    thing: str
    color: str
    second: str = "white"
    dots: int = Field(default=0, ge=0, le=6)
    at: tuple[float, float] = (0.2, 0.2)
    size: float = 0.6


class Scene(BaseModel):
    """The content of an image."""

    model_config = ConfigDict(extra="forbid")

    background: str
    things: list[Drawn] = Field(min_length=1)


def draw(scene: Scene) -> Image.Image:
    """Draw a scene; the same scene gives the same image.

    Raises:
        ValueError: There is no such object or colour.
    """
    image = Image.new("RGB", (SIZE, SIZE), ImageColor.getrgb(scene.background))
    pen = ImageDraw.Draw(image)
    for drawn in scene.things:
        if drawn.thing not in THINGS:
            raise ValueError(f"there is no drawing of {drawn.thing!r}")
        for shape, points, role in THINGS[drawn.thing]:
            _part(pen, drawn, shape, points, {MAIN: drawn.color, SECOND: drawn.second}.get(role, role))
        for number in range(drawn.dots):
            x, y = 0.26 + 0.18 * (number % 3), 0.35 + 0.28 * (number // 3)
            _part(pen, drawn, "ellipse", (x, y, x + 2 * _DOT, y + 2 * _DOT), drawn.second)
    return image


def _part(pen: ImageDraw.ImageDraw, drawn: Drawn, shape: str, points: tuple[float, ...], color: str) -> None:
    placed = [round(SIZE * (drawn.at[n % 2] + drawn.size * value)) for n, value in enumerate(points)]
    width = max(3, round(SIZE * drawn.size * _PEN))
    match shape:
        case "ellipse":
            pen.ellipse(placed, fill=color)
        case "ring":
            pen.ellipse(placed, outline=color, width=width)
        case "box":
            pen.rectangle(placed, fill=color)
        case "polygon":
            pen.polygon(placed, fill=color)
        case _:
            pen.line(placed, fill=color, width=width, joint="curve")
