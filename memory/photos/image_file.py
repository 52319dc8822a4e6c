"""Reading a picture: is it one, what is it, its file without metadata, and its small copy for the model (pure, Pillow)."""

from __future__ import annotations

import hashlib
import io
import mimetypes
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePath

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from memory.core.errors import InvalidInput, StorageError
from memory.core.records import Photo
from memory.photos.metadata import strip

MAX_BYTES = 20 * 1024 * 1024
MODEL_PIXELS = 230_400
"""The published upper bound of a picture's pixels for the model."""
_MODEL_SIDE = 2_688
"""The longest side of a strip that keeps to the bound when it is laid on white."""
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
# MPO: a JPEG with more pictures behind it, as phones write them for depth and brightness; opened as a JPEG.
_TYPES = {"PNG": "image/png", "JPEG": "image/jpeg", "MPO": "image/jpeg", "WEBP": "image/webp", "GIF": "image/gif"}
_ENDINGS = {
    ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".jpe": "image/jpeg", ".jfif": "image/jpeg",
    ".mpo": "image/jpeg", ".webp": "image/webp", ".gif": "image/gif",
}  # fmt: skip
_ORIENTATION = 0x0112
_LONGEST_TO_SHORTEST = 32
"""A longer strip is laid on white: Qwen2.5-VL refuses 200 to 1, and an image tower enlarges the shorter side."""
_DEEPEST, _DEEP = 255, 257
"""The most that 8 bits hold, and from 16 bits to 8."""


_SHOWN_BY = {"icc_profile", "transparency", "gamma"}


@dataclass(frozen=True)
class Picture:
    """A picture as it is kept.

    Attributes:
        photo: What it is; `id` is the sha256 of the received bytes, the sizes are those of the upright picture.
        full: Its file, with nothing in it but the picture.
        small: A JPEG of at most 230,400 pixels, turned upright, for the model.
    """

    photo: Photo
    full: bytes
    small: bytes


def read_picture(data: bytes, name: str = "") -> Picture:
    """Check a picture and make of it what is kept.

    Args:
        data: The received bytes.
        name: What the file is called, where it is a file.

    Raises:
        InvalidInput: No picture, damaged, too large, or called something else than it is.
    """
    if len(data) > MAX_BYTES:
        raise InvalidInput(f"The picture has {len(data):,} bytes; at most {MAX_BYTES:,} (20 MB) fit. Make it smaller.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's remarks on odd palettes and EXIF data
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
                image.load()
                kind, orientation = image.format or "", _orientation(image)
                upright = _upright(image)
                full = _without_metadata(data, image, kind, orientation)
                small = small_copy(upright)
    except UnidentifiedImageError as error:
        if _is_svg(data[:4096]):
            raise InvalidInput("An SVG is a drawing's text, not a picture. Send it as a PNG.") from error
        raise InvalidInput("This file is not a picture that can be read. Send a PNG, JPEG, WebP or GIF.") from error
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise InvalidInput(f"This picture is damaged or far too large ({error}). Send another copy of it.") from error
    _check_name(name, _TYPES[kind])
    photo = Photo(
        id=hashlib.sha256(data).hexdigest(),
        time=datetime.now(UTC),
        media_type=_TYPES[kind],
        width=upright.width,
        height=upright.height,
        size=len(full),
    )
    return Picture(photo, full, small)


def small_copy(upright: Image.Image) -> bytes:
    """Return a JPEG of at most 230,400 pixels, and of nothing but them; what is transparent is white."""
    area, longest = upright.width * upright.height, max(upright.size)
    scale = min(1.0, (MODEL_PIXELS / area) ** 0.5, _MODEL_SIDE / longest)
    size = max(1, int(upright.width * scale)), max(1, int(upright.height * scale))
    image = _flat(upright).resize(size)
    least = -(-max(size) // _LONGEST_TO_SHORTEST)
    if min(size) < least:
        image = ImageOps.pad(image, (max(size[0], least), max(size[1], least)), color="white")
    out = io.BytesIO()
    _bare(image).save(out, "JPEG", quality=90)
    return out.getvalue()


def open_upright(data: bytes) -> Image.Image:
    """Open a picture that has been checked, turned upright.

    Raises:
        StorageError: It is damaged by now.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(io.BytesIO(data)) as image:
                return _flat(_upright(image))
        except (OSError, ValueError, SyntaxError) as error:
            raise StorageError(f"A stored picture is damaged ({error}). Send it again.") from error


def _check_name(name: str, media_type: str) -> None:
    ending = PurePath(name).suffix.lower()
    # "… at 10.15.32" ends in nothing that a file could be.
    claimed = _ENDINGS.get(ending) or mimetypes.guess_type(f"x{ending}")[0]
    if claimed and claimed != media_type:
        kind = media_type.removeprefix("image/").upper()
        raise InvalidInput(f"{PurePath(name).name} is a {kind} inside, whatever its name says. Rename it, and send it again.")


def _without_metadata(data: bytes, image: Image.Image, kind: str, orientation: int) -> bytes:
    try:
        return strip(data, kind, orientation)
    except ValueError:
        # Pillow reads more than the formats allow; such a file is written anew, its pixels as good as they come.
        out = io.BytesIO()
        options = {"quality": 95} if kind in {"JPEG", "MPO"} else {"lossless": True} if kind == "WEBP" else {}
        _bare(_upright(image)).save(out, "JPEG" if kind == "MPO" else kind, **options)
        return out.getvalue()


def _flat(image: Image.Image) -> Image.Image:
    """Return three colours of 8 bits, laid on white where one can see through."""
    if image.mode.startswith("I"):
        grey = np.asarray(image, dtype=np.uint32)
        return Image.fromarray((grey // _DEEP if grey.max(initial=0) > _DEEPEST else grey).astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        seen = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", seen.size, "white"), seen).convert("RGB")
    return image.convert("RGB")


def _bare(image: Image.Image) -> Image.Image:
    """Leave out what Pillow would write into a file beside the pixels: comments above all."""
    bare = image.copy()
    bare.info = {name: value for name, value in image.info.items() if name in _SHOWN_BY}
    return bare


def _is_svg(head: bytes) -> bool:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return text.startswith(b"<") and b"<svg" in text


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # noqa: BLE001 - Pillow raises many kinds for broken EXIF data; the picture itself is whole
        return 1


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # noqa: BLE001 - as above
        return image
