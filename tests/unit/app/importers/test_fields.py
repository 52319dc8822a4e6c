"""Values of uncertain type, missing times, parts, lines and pictures of a source."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given

from app.importers import fields, lines
from app.importers.conversations import Conversation, LeftOut, Message, Role
from app.importers.parts import MOST_MESSAGES, in_parts
from app.importers.pictures import Members, is_picture
from tests.unit.app.importers.damage import JUNK
from tests.unit.app.importers.sources import source_of

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 5, 6, 12, 30, tzinfo=BERLIN)


def test_nested_keys():
    assert fields.at({"a": {"b": 1}}, "a", "b") == 1
    assert fields.at({"a": [1]}, "a", "b") is None
    assert fields.at(None, "a") is None


def test_words_have_no_nul_and_no_half_characters():
    assert fields.words("  a\x00b \ud83d\ude02 \ud800 ") == "ab 😂 �"
    assert fields.words(3) == ""


@pytest.mark.parametrize("value", [1778063400000, "1778063400000", 1778063400000.0])
def test_milliseconds(value):
    assert fields.from_unix(value, BERLIN) == NOON
    assert fields.from_unix(value, BERLIN).tzinfo is BERLIN


@pytest.mark.parametrize(
    "value", [None, 0, -5, True, "", "soon", "9" * 25, 86_400_000, 1e308, float("nan"), float("inf"), 10**40, [], {}]
)
def test_what_is_no_time(value):
    assert fields.from_unix(value, BERLIN) is None


@pytest.mark.parametrize("text", ["2026-05-06T10:30:00Z", "2026-05-06 12:30:00", "2026-05-06T12:30:00.000+02:00"])
def test_times_as_text(text):
    assert fields.from_text(text, BERLIN) == NOON


def test_a_text_without_zone_may_be_in_another_one():
    assert fields.from_text("2026-05-06 10:30:00", BERLIN, unmarked=UTC) == NOON


@pytest.mark.parametrize(
    "value", [None, 5, "", "yesterday", "2026-13-40", "0001-01-01 00:00", "2026-05-06T25:00", "1970-01-01T01:00:00"]
)
def test_texts_that_are_no_time(value):
    assert fields.from_text(value, BERLIN) is None


@given(JUNK)
def test_any_value_is_taken(value):
    fields.words(value).encode()
    fields.whole_number(value)
    fields.from_unix(value, BERLIN)
    fields.from_text(value, BERLIN)
    fields.listed(value)


def test_a_missing_time_is_a_second_after_the_message_before():
    filling = fields.Filling(NOON)
    assert filling.filled(None) == NOON
    assert filling.filled(None) == NOON + timedelta(seconds=1)
    later = NOON + timedelta(hours=1)
    assert filling.filled(later) == later
    assert filling.filled(None) == later + timedelta(seconds=1)
    assert fields.Filling().filled(None) is None
    last = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert fields.Filling(last).filled(None) == last


def test_a_part_does_not_begin_with_an_answer():
    roles = [Role.ME, *[Role.ASSISTANT] * (MOST_MESSAGES + 1), Role.ME, Role.ASSISTANT]
    messages = tuple(Message(NOON, role, str(number)) for number, role in enumerate(roles))
    parts = list(in_parts(Conversation("c", "", messages)))
    assert [len(part.messages) for part in parts] == [MOST_MESSAGES + 2, 2]
    assert sum((part.messages for part in parts), ()) == messages
    assert list(in_parts(Conversation("c", "", ()))) == []


def test_lines_that_do_not_fit_are_counted_with_their_numbers():
    left_out = LeftOut()
    data = b'\xef\xbb\xbf{"a": 1}\n\n[1]\n{"b": \n' + b"[" * 100_000 + b"\n" + b'{"c": ' + b"1" * 5_000 + b'}\n{"d": 2}'
    found = list(lines.objects(io.BytesIO(data), "chat.jsonl", left_out))
    assert found == [(1, {"a": 1}), (7, {"d": 2})]
    assert left_out.counts == {"damaged lines": 4}
    assert left_out.places[0] == "chat.jsonl, line 3: damaged lines"


def test_pictures_are_found_by_the_ends_of_their_paths():
    one, other = "messages/inbox/ann_1/photos/7.jpg", "messages/inbox/bob_2/photos/7.jpg"
    members = Members(source_of({f"part1.zip/my_export/{one}": b"ann", f"x/{other}": b"bob", "8.png": b"flat"}))
    assert members.picture(one).read() == b"ann"
    assert members.picture(f"./{other}").read() == b"bob"
    assert members.picture("messages/inbox/eve_3/photos/7.jpg") is None
    assert members.picture("messages/inbox/ann_1/photos/8.png").read() == b"flat"
    assert members.find("") is None
    assert members.find("nothing.jpg") is None


def test_which_files_are_pictures():
    assert is_picture("a/B.JPG")
    assert is_picture("x.webp")
    assert not is_picture("film.mp4")
    assert not is_picture("jpg")


def test_a_line_that_is_too_long_is_called_so(monkeypatch):
    monkeypatch.setattr(lines, "_MOST_BYTES", 20)
    left_out = LeftOut()
    data = b'{"a": 1}\n{"b": "' + b"x" * 20 + b'"}\n{"c": 2}'
    assert list(lines.objects(io.BytesIO(data), "chat.jsonl", left_out)) == [(1, {"a": 1}), (3, {"c": 2})]
    assert (left_out.counts, left_out.places) == (
        {"lines that are too long": 1},
        ["chat.jsonl, line 2: lines that are too long"],
    )
