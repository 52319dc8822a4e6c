"""Our own JSON lines as a format: lines that do not fit are left out with their numbers, all others are read."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.importers.conversations import Choices, Conversation, LeftOut, Role
from app.importers.formats import json_lines
from tests.unit.app.importers.sources import source_of

BERLIN = Choices(zone="Europe/Berlin")


def line(**changed: Any) -> dict[str, Any]:
    return {"time": "2026-05-06 12:30", "user": "I planted beans.", "assistant": "How many?"} | changed


def text(*values: Any) -> bytes:
    return "\n".join(one if isinstance(one, str) else json.dumps(one) for one in values).encode()


def read(data: bytes, **others: bytes) -> tuple[list[Conversation], LeftOut]:
    left_out = LeftOut()
    source = source_of({"beans.jsonl": data} | others, "beans.jsonl")
    return list(json_lines.read(source, BERLIN, left_out)), left_out


def test_a_line_is_a_message_and_a_reply() -> None:
    (found,), left_out = read(text(line(), "", line(time="2026-05-06T10:45Z", user=" Two rows\x00 ", assistant="")))
    assert (found.id, found.title, found.between_people, found.has_seconds) == ("beans.jsonl", "beans", False, True)
    assert [(one.role, one.text, one.time.isoformat()) for one in found.messages] == [
        (Role.ME, "I planted beans.", "2026-05-06T12:30:00+02:00"),
        (Role.ASSISTANT, "How many?", "2026-05-06T12:30:00+02:00"),
        (Role.ME, "Two rows", "2026-05-06T10:45:00+00:00"),
    ]
    assert left_out == LeftOut()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings_and_line_ends(encoding: str) -> None:
    data = (json.dumps(line(user="Grüße 😀"), ensure_ascii=False) + "\r\n").encode(encoding)
    assert json_lines.recognises(source_of({"beans": data}))
    (found,), _ = read(data)
    assert found.messages[0].text == "Grüße 😀"


def test_broken_lines_are_left_out_with_their_numbers() -> None:
    data = text(
        line(user="first"), "{broken", line(time="yesterday"), line(user=3), [1], {"time": "2026-05-06 12:30"}, line(time="2026-02-30 10:00"),
        line(images=[""]), "[" * 100_000, line(user="last"),
    ) + b'\n{"time": "2026-05-06 12:30", "user": "\xff", "assistant": ""}'  # fmt: skip
    (found,), left_out = read(data)
    assert [one.text for one in found.messages if one.role is Role.ME] == ["first", "last"]
    assert left_out.counts == {"damaged lines": 4, "lines without a time that can be read": 2, "lines that are no turns": 3}
    assert left_out.places == [
        "beans.jsonl, line 2: damaged lines",
        "beans.jsonl, line 3, key time: lines without a time that can be read",
        "beans.jsonl, line 4, key user: lines that are no turns",
        "beans.jsonl, line 5: damaged lines",
        "beans.jsonl, line 6, key user: lines that are no turns",
        "beans.jsonl, line 7, key time: lines without a time that can be read",
        "beans.jsonl, line 8, key images.0: lines that are no turns",
        "beans.jsonl, line 9: damaged lines",
        "beans.jsonl, line 11: damaged lines",
    ]


def test_pictures_beside_the_transcript() -> None:
    members = {
        "trip/talk.jsonl": text(line(images=["beans.png", "more/rows.png", "../outside.png", "/etc/passwd", "none.png"])),
        "trip/beans.png": b"near", "trip/more/rows.png": b"below", "outside.png": b"above", "other/beans.png": b"far",
    }  # fmt: skip
    left_out = LeftOut()
    (found,) = json_lines.read(source_of(members), BERLIN, left_out)
    assert [(one.name, one.read()) for one in found.messages[0].pictures] == [
        ("trip/beans.png", b"near"), ("trip/more/rows.png", b"below"), ("outside.png", b"above"),
    ]  # fmt: skip
    assert left_out.counts == {"pictures that are not beside their transcript": 2}


def test_several_transcripts_and_other_files() -> None:
    members = {
        "a.jsonl": text(line(user="a")),
        "b/b.ndjson": text("{", line(user="b")),
        "c.jsonl": text({"mes": "x"}),
        "d.md": text(line()),
    }
    assert [one.id for one in json_lines.read(source_of(members), BERLIN, LeftOut())] == ["a.jsonl", "b/b.ndjson"]
    assert not json_lines.recognises(source_of({"c.jsonl": members["c.jsonl"], "d.md": members["d.md"]}))


def test_a_long_transcript_comes_in_parts_of_one_id() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    data = text(*(line(time=(start + timedelta(minutes=number)).isoformat(" "), user=f"{number}") for number in range(5_001)))
    parts, left_out = read(data)
    assert [(one.id, len(one.messages)) for one in parts] == [
        ("beans.jsonl", 5_000),
        ("beans.jsonl", 5_000),
        ("beans.jsonl", 2),
    ]
    assert all(one.messages[0].role is Role.ME for one in parts)
    assert left_out == LeftOut()


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3), max_leaves=5)  # fmt: skip


@given(st.sampled_from(["time", "user", "assistant", "images"]), JSON | st.lists(st.text()))
def test_any_value_at_any_key_is_read_or_counted(key: str, value: Any) -> None:
    found, left_out = read(text(line(), line(**{key: value})))
    assert sum(one.role is Role.ME for part in found for one in part.messages) + left_out.counts.total() >= 2
