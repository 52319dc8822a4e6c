"""Checking a picture file, removing its metadata, and making a small copy for the model (pure, Pillow)."""

from __future__ import annotations

import hashlib
import io
import mimetypes
import warnings
from dataclasses import dataclass
from pathlib import Path, PurePath

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from memory.core import clock
from memory.core.errors import InvalidInput, StorageError
from memory.core.records import Photo
from memory.photos.metadata import strip

MAX_BYTES = 20 * 1024 * 1024
MODEL_PIXELS = 230_400
"""The published maximum of pixels of a picture for the model."""
_MODEL_SIDE_PIXELS = 2_688
"""The longest side of a narrow picture that stays within `MODEL_PIXELS` after it is padded with white."""
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
# MPO: a JPEG followed by more pictures, as phones write them for depth and brightness; opened as a JPEG.
_TYPES = {"PNG": "image/png", "JPEG": "image/jpeg", "MPO": "image/jpeg", "WEBP": "image/webp", "GIF": "image/gif"}
_ENDINGS = {
    ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".jpe": "image/jpeg", ".jfif": "image/jpeg",
    ".mpo": "image/jpeg", ".webp": "image/webp", ".gif": "image/gif",
}  # fmt: skip
_ORIENTATION = 0x0112
_MAX_ASPECT_RATIO = 32
"""A narrower picture is padded with white: Qwen2.5-VL refuses 200 to 1, and an image encoder enlarges the shorter side."""
_MAX_8_BIT, _DIVISOR_16_TO_8_BIT = 255, 257
"""The largest 8-bit value, and the divisor from 16-bit to 8-bit values."""
_COLOUR_FIELDS = {"icc_profile", "transparency", "gamma"}


@dataclass(frozen=True)
class Picture:
    """A picture in the form that is stored.

    Attributes:
        photo: Its record; `id` is the SHA-256 hash of the received bytes, width and height are those of the upright picture.
        full: The picture's file without metadata.
        small: An upright JPEG of at most 230,400 pixels, for the model.
    """

    photo: Photo
    full: bytes
    small: bytes


def picture_of(image: Picture | bytes | str | Path) -> Picture:
    """Return the picture of a file, of its bytes, or as it is.

    Raises:
        InvalidInput: The file cannot be read, or is no picture; see `read_picture`.
    """
    if isinstance(image, Picture):
        return image
    if isinstance(image, bytes):
        return read_picture(image)
    path = Path(image).expanduser()
    try:
        with path.open("rb") as file:
            return read_picture(file.read(MAX_BYTES + 1), path.name)
    except OSError as error:
        raise InvalidInput(f"The picture {image} cannot be read ({error.strerror}). Check its path.") from error


def read_picture(data: bytes, name: str = "") -> Picture:
    """Check a picture and return the form that is stored.

    Args:
        data: The received bytes.
        name: The file's name, if it is a file.

    Raises:
        InvalidInput: The data is not a picture, is damaged or too large, or has a name with the wrong ending.
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
            raise InvalidInput("SVG drawings are not supported. Export the drawing, and send it as a PNG.") from error
        raise InvalidInput("This file is not a picture that can be read. Send a PNG, JPEG, WebP or GIF.") from error
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise InvalidInput(f"This picture is damaged or far too large ({error}). Send another copy of it.") from error
    _check_name(name, _TYPES[kind])
    photo = Photo(
        id=hashlib.sha256(data).hexdigest(),
        time=clock.instant(),
        media_type=_TYPES[kind],
        width=upright.width,
        height=upright.height,
        size=len(full),
    )
    return Picture(photo, full, small)


def small_copy(upright: Image.Image) -> bytes:
    """Return a JPEG of at most 230,400 pixels, without metadata; transparent parts become white."""
    area, longest = upright.width * upright.height, max(upright.size)
    scale = min(1.0, (MODEL_PIXELS / area) ** 0.5, _MODEL_SIDE_PIXELS / longest)
    size = max(1, int(upright.width * scale)), max(1, int(upright.height * scale))
    image = _flat(upright).resize(size)
    least = -(-max(size) // _MAX_ASPECT_RATIO)
    if min(size) < least:
        image = ImageOps.pad(image, (max(size[0], least), max(size[1], least)), color="white")
    out = io.BytesIO()
    _bare(image).save(out, "JPEG", quality=90)
    return out.getvalue()


def open_upright(data: bytes) -> Image.Image:
    """Open a stored picture and turn it upright.

    Raises:
        StorageError: The picture is damaged.
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
    # A name such as "… at 10.15.32" has an ending that names no file type.
    claimed = _ENDINGS.get(ending) or mimetypes.guess_type(f"x{ending}")[0]
    if claimed and claimed != media_type:
        kind = media_type.removeprefix("image/").upper()
        raise InvalidInput(f"{PurePath(name).name} is a {kind} inside, whatever its name says. Rename it, and send it again.")


def _without_metadata(data: bytes, image: Image.Image, kind: str, orientation: int) -> bytes:
    try:
        return strip(data, kind, orientation)
    except ValueError:
        # Pillow also reads files that violate their format; such a file is encoded again, in the best quality possible.
        out = io.BytesIO()
        options = {"quality": 95} if kind in {"JPEG", "MPO"} else {"lossless": True} if kind == "WEBP" else {}
        _bare(_upright(image)).save(out, "JPEG" if kind == "MPO" else kind, **options)
        return out.getvalue()


def _flat(image: Image.Image) -> Image.Image:
    """Return an 8-bit RGB picture; transparent parts become white."""
    if image.mode.startswith("I"):
        grey = np.asarray(image, dtype=np.uint32)
        return Image.fromarray(
            (grey // _DIVISOR_16_TO_8_BIT if grey.max(initial=0) > _MAX_8_BIT else grey).astype(np.uint8)
        ).convert("RGB")
    if image.has_transparency_data:
        seen = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", seen.size, "white"), seen).convert("RGB")
    return image.convert("RGB")


def _bare(image: Image.Image) -> Image.Image:
    """Return a copy without the fields that Pillow would write into a file beside the pixels, such as comments."""
    bare = image.copy()
    bare.info = {name: value for name, value in image.info.items() if name in _COLOUR_FIELDS}
    return bare


def _is_svg(head: bytes) -> bool:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return text.startswith(b"<") and b"<svg" in text


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # noqa: BLE001 - Pillow raises many types for broken EXIF data; the picture itself is whole
        return 1


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # noqa: BLE001 - as above
        return image
