"""Pictures: which are taken, how they are kept, and what the model sees of them."""

from __future__ import annotations

import hashlib
import io
import warnings
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from memory.core.errors import InvalidInput, NotFound, StorageError
from memory.core.records import user_key
from memory.objects.folder import FolderStore
from memory.photos.image_file import MAX_BYTES, MODEL_PIXELS, read_picture
from memory.photos.store import PhotoStore
from memory.storage.engine import Database


@pytest.fixture
def store(tmp_path: Path) -> Iterator[PhotoStore]:
    database = Database(f"sqlite:///{tmp_path / 'journal.db'}")
    yield PhotoStore(FolderStore(tmp_path), database)
    database.close()


def drawn(width: int = 64, height: int = 48, mode: str = "RGB") -> Image.Image:
    """Make a picture that is red on its left half and blue on its right."""
    image = Image.new("RGB", (width, height), "blue")
    image.paste((255, 0, 0), (0, 0, width // 2, height))
    return image.quantize(8) if mode == "P" else image.convert(mode)


def encoded(image: Image.Image, form: str = "PNG", **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def turned(orientation: int, form: str = "JPEG") -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(drawn(), form, exif=exif)


def seen(store: PhotoStore, data: bytes, user: str = "ada") -> Image.Image:
    """Return what the model sees of a picture."""
    image = Image.open(io.BytesIO(store.for_model(user, store.hold(user, read_picture(data)))))
    image.load()
    assert image.format == "JPEG"
    assert image.mode == "RGB"
    return image


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


PICTURES = {
    "PNG": (encoded(drawn()), "image/png"),
    "JPEG": (encoded(drawn(), "JPEG"), "image/jpeg"),
    "WebP": (encoded(drawn(), "WEBP"), "image/webp"),
    "GIF": (encoded(drawn(mode="P"), "GIF"), "image/gif"),
    "moving GIF": (encoded(drawn(mode="P"), "GIF", save_all=True, append_images=[drawn(mode="P").rotate(90)]), "image/gif"),
    "moving WebP": (encoded(drawn(), "WEBP", save_all=True, append_images=[drawn().rotate(90)]), "image/webp"),
    "a phone's JPEG with a second picture": (encoded(drawn(), "MPO", save_all=True, append_images=[drawn()]), "image/jpeg"),
    "transparent": (encoded(drawn(mode="RGBA")), "image/png"),
    "palette with transparency": (encoded(drawn(mode="P"), transparency=bytes(range(8))), "image/png"),
    "grey": (encoded(drawn(mode="L")), "image/png"),
    "grey with alpha": (encoded(drawn(mode="LA")), "image/png"),
    "black and white": (encoded(drawn(mode="1")), "image/png"),
    "16 bit": (encoded(Image.new("I;16", (64, 48), 40_000)), "image/png"),
    "CMYK": (encoded(drawn(mode="CMYK"), "JPEG"), "image/jpeg"),
}


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_are_taken_kept_and_shown(store, name):
    data, media_type = PICTURES[name]
    photo_id = store.receive("ada", data)
    assert photo_id == hashlib.sha256(data).hexdigest()
    kept = store.original("ada", photo_id)
    with warnings.catch_warnings(), Image.open(io.BytesIO(kept)) as image, Image.open(io.BytesIO(data)) as sent:
        warnings.simplefilter("ignore")
        assert image.convert("RGB").tobytes() == sent.convert("RGB").tobytes()
    (photo,) = store.list("ada")
    assert (photo.id, photo.media_type, photo.width, photo.height, photo.size) == (photo_id, media_type, 64, 48, len(kept))
    assert seen(store, data).size == (64, 48)


def bomb() -> bytes:
    """Make a PNG of a few bytes that says it is 60,000 by 60,000."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return len(body).to_bytes(4) + name + body + zlib.crc32(name + body).to_bytes(4)

    header = (60_000).to_bytes(4) * 2 + bytes([8, 2, 0, 0, 0])
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1_000))) + chunk(b"IEND", b"")


REFUSED = {
    "nothing": b"",
    "text": b"Hello, I am a picture.",
    "SVG": b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect/></svg>',
    "HTML": b"<html><img src=x></html>",
    "PDF": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3",
    "BMP": encoded(drawn(), "BMP"),
    "TIFF": encoded(drawn(), "TIFF"),
    "ICO": encoded(drawn(), "ICO"),
    "PostScript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n",
    "zeros": bytes(1_000),
    "a PNG's beginning": b"\x89PNG\r\n\x1a\n",
    "truncated PNG": encoded(Image.effect_noise((64, 48), 50))[:-500],
    "truncated JPEG": encoded(drawn(640, 480), "JPEG")[:1_500],
    "truncated WebP": encoded(drawn(), "WEBP")[:-10],
    "truncated GIF": encoded(drawn(mode="P"), "GIF")[:60],
    "damaged PNG": encoded(drawn()).replace(b"IDAT", b"IDAX"),
    "a bomb": bomb(),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_sound_picture_is_refused_and_leaves_nothing(store, tmp_path, name):
    with pytest.raises(InvalidInput) as refused:
        store.receive("ada", REFUSED[name])
    assert refused.value.message.endswith(
        ("Send a PNG, JPEG, WebP or GIF.", "Send another copy of it.", "and send it as a PNG.")
    )
    assert files(tmp_path / "photos") == []
    assert store.list("ada") == []


def test_every_cut_of_a_picture_is_taken_or_refused(store):
    for data, _ in PICTURES.values():
        for end in range(0, len(data), 7):
            try:
                seen(store, data[:end])
            except InvalidInput:
                continue


def test_twenty_megabytes_fit_and_one_byte_more_does_not(store):
    picture = PICTURES["JPEG"][0]
    largest = picture + bytes(MAX_BYTES - len(picture))
    assert MAX_BYTES == 20 * 1024 * 1024
    assert store.original("ada", store.receive("ada", largest)) == picture
    with pytest.raises(InvalidInput, match=r"20,971,521 bytes; at most 20,971,520 \(20 MB\) fit"):
        store.receive("ada", largest + b"\x00")


def test_the_same_picture_is_stored_once(store, tmp_path):
    data = PICTURES["PNG"][0]
    assert store.receive("ada", data) == store.receive("ada", data)
    assert len(files(tmp_path / "photos")) == 2  # in full size, and small for the model
    assert len(store.list("ada")) == 1
    store.receive("ada", PICTURES["JPEG"][0])
    assert len(files(tmp_path / "photos")) == 2 * len(store.list("ada")) == 4


def test_a_picture_that_cannot_be_written_is_a_sentence_and_leaves_no_row(store, tmp_path):
    (tmp_path / "photos").write_text("in the way")
    with pytest.raises(StorageError, match="cannot be stored"):
        store.receive("ada", PICTURES["PNG"][0])
    assert store.list("ada") == []


def test_a_lost_file_is_written_again(store, tmp_path):
    data = PICTURES["PNG"][0]
    photo_id = store.receive("ada", data)
    for path in files(tmp_path / "photos"):
        path.unlink()
    with pytest.raises(NotFound, match="not in the data folder"):
        store.original("ada", photo_id)
    assert store.receive("ada", data) == photo_id
    assert store.original("ada", photo_id) == data


def test_nobody_sees_anothers_pictures(store):
    mine = store.receive("ada", PICTURES["PNG"][0])
    held = store.hold("ada", read_picture(PICTURES["GIF"][0]))
    theirs = store.receive("bob", PICTURES["JPEG"][0])
    assert [photo.id for photo in store.list("ada")] == [mine]
    assert [photo.id for photo in store.list("bob")] == [theirs]
    for photo_id in (mine, held):
        with pytest.raises(NotFound):
            store.original("bob", photo_id)
        with pytest.raises(NotFound):
            store.for_model("bob", photo_id)


def test_an_id_is_no_path(store, tmp_path):
    """Studio takes ids from outside: none may lead out of the user's own folder."""
    photo_id = store.receive("ada", PICTURES["PNG"][0])
    store.receive("bob", PICTURES["JPEG"][0])
    (tmp_path / "photos" / "secret").write_bytes(PICTURES["PNG"][0])
    (tmp_path / "photos" / user_key("bob") / "note").write_bytes(b"x")
    for name in (
        f"../{user_key('ada')}/{photo_id}",
        "../secret",
        "note",
        str(tmp_path / "photos" / "secret"),
        "",
        ".",
        "\x00",
        photo_id.upper(),
        photo_id + "\n",
    ):
        with pytest.raises(NotFound):
            store.original("bob", name)
        with pytest.raises(NotFound):
            store.for_model("bob", name)


def test_deleting_a_user_leaves_no_file_and_no_row_and_others_alone(store, tmp_path):
    store.receive("ada", PICTURES["PNG"][0])
    theirs = store.receive("bob", PICTURES["PNG"][0])
    store.delete_user("ada")
    store.delete_user("nobody")
    assert store.list("ada") == []
    assert {path.name for path in files(tmp_path / "photos")} == {theirs, f"{theirs}.small"}
    assert [photo.id for photo in store.list("bob")] == [theirs]


def test_a_held_picture_writes_no_file_and_no_row(store, tmp_path):
    before = {path: path.read_bytes() for path in files(tmp_path)}
    data = PICTURES["PNG"][0]
    photo_id = store.hold("ada", read_picture(data))
    assert photo_id == hashlib.sha256(data).hexdigest()
    assert store.original("ada", photo_id) == data
    assert seen(store, data).size == (64, 48)
    assert {path: path.read_bytes() for path in files(tmp_path)} == before
    assert store.list("ada") == []


def test_held_pictures_do_not_pile_up(store):
    ids = [store.hold("ada", read_picture(encoded(Image.new("RGB", (8, 8), (shade, 0, 0))))) for shade in range(40)]
    with pytest.raises(NotFound):
        store.original("ada", ids[0])
    assert store.original("ada", ids[-1])


@pytest.mark.parametrize(
    ("width", "height"),
    [
        (480, 480),
        (481, 480),
        (640, 360),
        (641, 360),
        (4_000, 3_000),
        (3_000, 4_000),
        (5_000, 50),
        (1, 1),
        (1, 230_400),
        (1, 300_000),
        (70_000, 3),
        (1, 4_097),
    ],
)
def test_the_model_gets_at_most_230_400_pixels_in_the_same_shape(store, width, height):
    small = seen(store, encoded(Image.new("L", (width, height), 128)))
    assert MODEL_PIXELS == 230_400
    assert small.width * small.height <= MODEL_PIXELS
    if max(width, height) > 32 * min(width, height):
        # A strip is laid on white: no model takes one of 200 to 1.
        assert max(small.size) <= 32 * min(small.size)
        assert small.getpixel((small.width // 2, small.height // 2))[0] == pytest.approx(128, abs=60)
        assert small.getpixel((0, 0) if width < height else (0, small.height - 1))[0] > 200
        return
    assert small.width / small.height == pytest.approx(width / height, rel=0.1)
    if width * height <= MODEL_PIXELS:
        assert small.size == (width, height)
    else:
        assert small.width * small.height > 0.95 * MODEL_PIXELS


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(
    ("orientation", "size", "red"),
    [
        (1, (64, 48), "left"), (2, (64, 48), "right"), (3, (64, 48), "right"), (4, (64, 48), "left"),
        (5, (48, 64), "top"), (6, (48, 64), "top"), (7, (48, 64), "bottom"), (8, (48, 64), "bottom"),
    ],
)  # fmt: skip
def test_the_model_sees_a_picture_upright(store, form, orientation, size, red):
    upright = seen(store, turned(orientation, form))
    assert upright.size == size
    width, height = size
    sides = {
        "left": (4, height // 2),
        "right": (width - 4, height // 2),
        "top": (width // 2, 4),
        "bottom": (width // 2, height - 4),
    }
    reddest = max(("left", "right") if width > height else ("top", "bottom"), key=lambda side: upright.getpixel(sides[side])[0])
    assert reddest == red


def test_the_first_picture_of_a_moving_one_is_shown(store):
    red, _, blue = seen(store, PICTURES["moving GIF"][0]).getpixel((4, 24))
    assert red > 200 > blue


def test_odd_exif_data_does_no_harm(store):
    data = turned(6)
    place = data.index(b"Exif\x00\x00")
    for offset in range(6, 40):
        broken = bytearray(data)
        broken[place + offset] ^= 0xFF
        try:
            assert seen(store, bytes(broken)).size in ((64, 48), (48, 64))
        except InvalidInput:
            continue


def test_a_picture_whose_metadata_is_broken_is_shown_all_the_same(store: PhotoStore) -> None:
    whole = turned(6)
    start = whole.index(b"Exif\0\0") + 6
    broken = whole[:start] + b"XX" + whole[start + 2 :]
    assert seen(store, broken).size == (64, 48)


@pytest.mark.parametrize(
    ("name", "refused"), [("a.png", False), ("A.PNG", False), ("a", False), ("a.jpg", True), ("a.txt", True)]
)
def test_a_file_that_is_called_something_else_than_it_is_is_refused(store, name, refused):
    if not refused:
        assert store.receive("ada", PICTURES["PNG"][0], name)
        return
    with pytest.raises(InvalidInput, match="is a PNG inside, whatever its name says"):
        store.receive("ada", PICTURES["PNG"][0], name)


def test_an_svg_is_told_apart(store):
    with pytest.raises(InvalidInput, match="SVG drawings are not supported"):
        store.receive("ada", REFUSED["SVG"])
