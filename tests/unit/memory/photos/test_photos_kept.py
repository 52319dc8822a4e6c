"""What of a photo is kept, and what is not: nothing beside the picture, in any state of the folder, from any number at once."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from memory.core import clock
from memory.core.errors import InvalidInput, TimeOrderError
from memory.photos.image_file import read_picture
from tests.unit.memory.photos.test_store import encoded, seen


@pytest.fixture
def store(memory):
    return memory.photos


def stored(store, photo_id):
    return [store.original("ada", photo_id), store.for_model("ada", photo_id)]


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF"])
def test_a_comment_is_in_nothing_that_is_kept(store, form):
    out = io.BytesIO()
    text = PngInfo()
    text.add_text("comment", "at home")
    Image.new("RGB", (40, 30), "teal").save(out, form, **({"pnginfo": text} if form == "PNG" else {"comment": b"at home"}))
    assert b"at home" in out.getvalue()
    assert not any(b"at home" in data for data in stored(store, store.receive("ada", out.getvalue())))


def test_what_other_applications_put_into_a_jpeg_goes_however_it_begins(store):
    def segment(marker, body):
        return bytes((0xFF, marker)) + (len(body) + 2).to_bytes(2, "big") + body

    data = encoded(Image.new("RGB", (40, 30), "teal"), "JPEG")
    extra = segment(0xED, b"Adobe_Photoshop2.5:at home") + segment(0xE0, b"JFXX\x00at home") + segment(0xE2, b"MPF\x00at home")
    assert not any(b"at home" in kept for kept in stored(store, store.receive("ada", data[:2] + extra + data[2:])))
    # A file that keeps to no rule is written again, and then without them too.
    assert not any(b"at home" in kept for kept in stored(store, store.receive("ada", data[:2] + extra + b"\x00" + data[2:])))


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_one_can_see_through_is_white_for_the_model(store, mode):
    drawn = Image.new("RGBA", (40, 40))
    drawn.paste((0, 0, 0, 255), (10, 10, 30, 30))
    small = seen(store, encoded(drawn.convert(mode), "PNG"))
    assert small.getpixel((2, 2))[0] > 200
    assert small.getpixel((20, 20))[0] < 60


def test_deep_grey_keeps_its_shades_for_the_model(store):
    shades = np.linspace(0, 65_535, 64, dtype=np.uint16)
    small = seen(store, encoded(Image.fromarray(np.tile(shades, (8, 1))), "PNG"))
    assert small.getpixel((32, 4))[0] == pytest.approx(128, abs=10)


def test_the_same_picture_from_several_at_once_is_stored_whole(memory):
    data = encoded(Image.effect_noise((900, 700), 60).convert("RGB"), "PNG")
    with ThreadPoolExecutor(6) as threads:
        ids = set(threads.map(lambda _n: memory.photos.receive("ada", data), range(12)))
    assert len(ids) == 1
    with Image.open(io.BytesIO(memory.photos.original("ada", ids.pop()))) as full:
        assert full.size == (900, 700)


def test_a_message_that_is_refused_does_not_take_another_ones_picture_along(memory):
    picture = read_picture(encoded(Image.new("RGB", (30, 30), "teal"), "PNG"))
    memory.receive("ada", "later", [], time=clock.parse_time("2026-03-02 09:00", "UTC"))

    def send(number):
        time = clock.parse_time(f"2026-03-0{1 + number % 2 * 2} 09:00", "UTC")
        try:
            return memory.receive("ada", f"message {number}", [picture], time=time)
        except TimeOrderError:
            return None

    with ThreadPoolExecutor(6) as threads:
        taken = [turn for turn in threads.map(send, range(12)) if turn is not None]
    assert taken
    assert memory.photos.original("ada", taken[0].images[0])


def test_a_damaged_file_is_mended_by_sending_the_picture_again(store, tmp_path):
    data = encoded(Image.new("RGB", (300, 200), "teal"), "PNG")
    photo_id = store.receive("ada", data)
    good = stored(store, photo_id)
    for path in tmp_path.rglob(f"{photo_id}*"):
        path.write_bytes(path.read_bytes()[:50])
    store.receive("ada", data)
    assert stored(store, photo_id) == good
    for path in tmp_path.rglob(f"{photo_id}.small"):
        path.write_bytes(b"")
    assert stored(store, photo_id) == good, "the copy alone is made again"


def test_a_name_that_ends_in_no_kind_of_file_is_no_wrong_name(store):
    data = encoded(Image.new("RGB", (8, 8)), "PNG")
    assert store.receive("ada", data, "Screenshot 2026-11-23 at 10.15.32")
    with pytest.raises(InvalidInput, match="is a PNG inside"):
        store.receive("ada", data, "notes.txt")


def test_many_comments_before_no_drawing_cost_no_time(store):
    with pytest.raises(InvalidInput, match="not a picture"):
        store.receive("ada", b"<!---->" * 500)
    with pytest.raises(InvalidInput, match="SVG"):
        store.receive("ada", b"<?xml version='1.0'?><!-- a --><!-- b --><svg xmlns='http://www.w3.org/2000/svg'/>")


def test_one_persons_pictures_off_the_record_do_not_push_out_another_ones(store):
    mine = read_picture(encoded(Image.new("RGB", (8, 8), "teal")))
    store.hold("ada", mine)
    for shade in range(40):
        last = store.hold("bob", read_picture(encoded(Image.new("RGB", (8, 8), (shade, 0, 0)))))
    assert store.original("ada", mine.photo.id)
    assert store.original("bob", last)
