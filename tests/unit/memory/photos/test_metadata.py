"""What is kept of a picture's file is the picture: not a byte of where, when and with what it was taken."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps
from PIL.PngImagePlugin import PngInfo

from memory.photos.metadata import strip

SECRET = b"52 31 12 N 13 24 18 E"
GPS, DESCRIPTION, ORIENTATION = 0x8825, 0x010E, 0x0112


def drawn(width=40, height=30):
    rng = np.random.default_rng(width * height)
    return Image.fromarray(rng.integers(0, 255, (height, width, 3), dtype=np.uint8))


def exif(orientation=1):
    data = Image.Exif()
    data[DESCRIPTION] = SECRET.decode()
    if orientation != 1:
        data[ORIENTATION] = orientation
    data.get_ifd(GPS)[1] = "N"
    return data


def taken(kind, orientation=1, **options):
    """Take a photo that says where, in every way that its format has."""
    out = io.BytesIO()
    if kind == "PNG":
        text = PngInfo()
        text.add_text("Comment", SECRET.decode())
        text.add_itxt("XML:com.adobe.xmp", SECRET.decode())
        options["pnginfo"] = text
    elif kind in {"JPEG", "WEBP"}:
        options["xmp"] = b"<x>" + SECRET + b"</x>"
    if kind in {"JPEG", "GIF"}:
        options["comment"] = SECRET
    if kind != "GIF":
        options["exif"] = exif(orientation)
    drawn().save(out, kind, **options)
    return out.getvalue() + SECRET


def pixels(data):
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(ImageOps.exif_transpose(image).convert("RGB"))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_nothing_of_where_it_was_taken_stays_and_every_pixel_does(kind, orientation):
    data = taken(kind, orientation)
    assert SECRET in data
    kept = strip(data, kind, orientation if kind != "GIF" else 1)
    assert SECRET not in kept
    np.testing.assert_array_equal(pixels(kept), pixels(data))
    with Image.open(io.BytesIO(kept)) as image:
        image.load()
        assert set(image.getexif()) <= {ORIENTATION}
    assert len(kept) <= len(data)


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("JPEG", {"progressive": True}),
        ("JPEG", {"subsampling": 2, "quality": 30}),
        ("PNG", {"bits": 8}),
        ("WEBP", {"lossless": True}),
    ],
)
def test_every_way_of_writing_a_format_stays_as_it_is(kind, options):
    data = taken(kind, 6, **options)
    np.testing.assert_array_equal(pixels(strip(data, kind, 6)), pixels(data))


def test_colours_stay_what_they_are():
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for kind in ("JPEG", "PNG", "WEBP"):
        with Image.open(io.BytesIO(strip(taken(kind, 1, icc_profile=profile), kind, 1))) as image:
            assert image.info["icc_profile"] == profile
    out = io.BytesIO()
    drawn().convert("CMYK").save(out, "JPEG", exif=exif())
    np.testing.assert_array_equal(pixels(strip(out.getvalue(), "JPEG", 1)), pixels(out.getvalue()))


def test_of_several_pictures_in_a_file_only_the_first_stays():
    out = io.BytesIO()
    drawn().save(out, "MPO", save_all=True, append_images=[drawn(20, 20)], exif=exif())
    kept = strip(out.getvalue(), "MPO", 1)
    assert SECRET not in kept
    with Image.open(io.BytesIO(kept)) as image:
        assert (image.format, getattr(image, "n_frames", 1), image.size) == ("JPEG", 1, (40, 30))
    out = io.BytesIO()
    drawn().save(out, "GIF", save_all=True, append_images=[drawn().rotate(90)], comment=SECRET)
    with Image.open(io.BytesIO(strip(out.getvalue(), "GIF", 1))) as image:
        assert image.n_frames == 1


@given(st.sampled_from(["JPEG", "PNG", "WEBP"]), st.binary(max_size=40), st.integers(0, 400))
@settings(max_examples=200)
def test_a_file_that_breaks_its_format_is_a_value_error_or_a_file(kind, noise, place):
    data = taken(kind)
    broken = data[:place] + noise + data[place + len(noise) :]
    try:
        kept = strip(broken, kind, 1)
    except ValueError:
        return
    assert isinstance(kept, bytes)
