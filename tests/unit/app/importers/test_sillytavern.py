"""Chats of SillyTavern."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings

from app.importers.conversations import Choices, Role
from app.importers.formats import sillytavern
from app.importers.formats.sillytavern_times import said_at
from memory.core.errors import InvalidInput
from tests.unit.app.importers.damage import all_of, as_json, as_lines, changed, survives
from tests.unit.app.importers.sources import source_of

BERLIN = ZoneInfo("Europe/Berlin")
OLD_HEAD = {
    "user_name": "Ada",
    "character_name": "Seraphina",
    "create_date": "2023-6-19 @16h 13m 05s 250ms",
    "chat_metadata": {},
}
NEW_HEAD = {"chat_metadata": {"integrity": "3b1f", "note_prompt": ""}, "user_name": "unused", "character_name": "unused"}


def line(text, *, name="Seraphina", is_user=False, date="2025-11-03T12:30:15.123Z", **more):
    return {"name": name, "is_user": is_user, "is_system": False, "send_date": date, "mes": text, "extra": {}, **more}


CHAT = [
    NEW_HEAD,
    line("Welcome, traveller.", swipes=["Welcome, traveller.", "Hello."], swipe_id=0),
    line(
        "my knee hurts",
        name="Ada",
        is_user=True,
        date="2025-11-03T12:31:00.000Z",
        swipes=["my leg hurts", "my knee hurts"],
        swipe_id=1,
    ),
    line(
        "Rest a while.",
        date="2025-11-03T12:31:20.000Z",
        swipes=["Run!", "Rest a while."],
        swipe_id=1,
        extra={"reasoning": "The knee…"},
    ),
]


def chat(*values):
    return source_of({"Seraphina - 2025.jsonl": as_lines(list(values))})


def test_the_newest_form():
    source = chat(*CHAT)
    assert sillytavern.recognises(source)
    (conversation,), left_out = all_of(sillytavern, source)
    assert conversation.title == "Seraphina"
    assert not conversation.between_people
    assert conversation.has_seconds
    assert [(one.role, one.speaker, one.text) for one in conversation.messages] == [
        (Role.ASSISTANT, "Seraphina", "Welcome, traveller."),
        (Role.ME, "Ada", "my knee hurts"),
        (Role.ASSISTANT, "Seraphina", "Rest a while."),
    ]
    assert conversation.messages[1].time == datetime(2025, 11, 3, 13, 31, tzinfo=BERLIN)
    assert not left_out.counts


@pytest.mark.parametrize(
    ("written", "time", "has_seconds"),
    [
        (1714998615123, datetime(2024, 5, 6, 14, 30, 15, 123000, BERLIN), True),
        ("1714998615123", datetime(2024, 5, 6, 14, 30, 15, 123000, BERLIN), True),
        (1714998615, datetime(2024, 5, 6, 14, 30, 15, 0, BERLIN), True),
        ("2024-5-6 @14h 30m 15s 123ms", datetime(2024, 5, 6, 14, 30, 15, 0, BERLIN), True),
        ("2024-05-06@14h30m15s", datetime(2024, 5, 6, 14, 30, 15, 0, BERLIN), True),
        ("2024-05-06@14h30m15s123ms", datetime(2024, 5, 6, 14, 30, 15, 0, BERLIN), True),
        ("May 6, 2024 2:30pm", datetime(2024, 5, 6, 14, 30, 0, 0, BERLIN), False),
        ("May 6, 2024 12:05am", datetime(2024, 5, 6, 0, 5, 0, 0, BERLIN), False),
        ("Sept 16, 2024 12:30PM", datetime(2024, 9, 16, 12, 30, 0, 0, BERLIN), False),
        ("2024-05-06T12:30:15.123Z", datetime(2024, 5, 6, 14, 30, 15, 123000, BERLIN), True),
        ("2024-05-06T14:30:15", datetime(2024, 5, 6, 14, 30, 15, 0, BERLIN), True),
    ],
)
def test_times_in_all_forms(written, time, has_seconds):
    said = said_at(written, BERLIN)
    assert (said.time, said.has_seconds) == (time, has_seconds)


@pytest.mark.parametrize(
    "written", [None, "", "yesterday", "2024-13-6 @1h 2m 3s 4ms", "2024-5-6 @25h 0m 0s 0ms", "Foo 6, 2024 1:00pm", True, [], 0]
)
def test_what_is_no_time(written):
    assert said_at(written, BERLIN) is None


def test_an_older_chat_without_seconds_and_its_missing_times():
    values = [
        OLD_HEAD,
        line("Hi!", date=None),
        line("tea?", name="Ada", is_user=True, date="June 19, 2023 4:14pm"),
        line("<think>\nShe wants tea.\n</think>\n\nWith milk.", date="soon"),
    ]
    (conversation,), _ = all_of(sillytavern, chat(*values), Choices(zone="America/New_York"))
    new_york = ZoneInfo("America/New_York")
    tea = datetime(2023, 6, 19, 16, 14, tzinfo=new_york)
    assert [one.time for one in conversation.messages] == [
        datetime(2023, 6, 19, 16, 13, 5, tzinfo=new_york),
        tea,
        tea + timedelta(seconds=1),
    ]
    assert conversation.messages[2].text == "With milk."
    assert not conversation.has_seconds


def test_messages_without_any_time_are_counted():
    found, left_out = all_of(sillytavern, chat(NEW_HEAD, line("Hi!", date=None)))
    assert found == []
    assert left_out.counts == {"messages without a time": 1}
    assert left_out.places == ["Seraphina - 2025.jsonl, line 2, key send_date: messages without a time"]


def test_what_nobody_said_is_left_out():
    values = [
        *CHAT,
        line("The door opens.", name="System", extra={"type": "narrator"}),
        line("hidden", is_system=True),
        line("look", name="Ada", is_user=True, extra={"image": "/user/images/a.png", "file": {"url": "/f.txt"}}),
        line("", extra={"media": [{"url": "/a.mp4", "type": "video"}, {"url": "/b.png", "type": "image"}]}),
        {"something": "else"},
    ]
    data = as_lines(values) + b'{"name": "Ada", "mes": "cut'
    (conversation,), left_out = all_of(sillytavern, source_of({"chat.jsonl": data}))
    assert [one.text for one in conversation.messages][3:] == ["look"]
    assert left_out.counts == {
        "narrator lines": 1,
        "hidden messages": 1,
        "pictures that are not in the file": 2,
        "attached files": 1,
        "videos": 1,
        "messages without words": 1,
        "lines without a message": 1,
        "damaged lines": 1,
    }
    assert "chat.jsonl, line 10: damaged lines" in left_out.places


def test_an_empty_message_is_the_swipe_that_was_seen():
    (conversation,), _ = all_of(sillytavern, chat(NEW_HEAD, line("", swipes=["one", "two"], swipe_id=1)))
    assert conversation.messages[0].text == "two"


def test_a_time_that_cannot_be_read_is_named():
    (conversation,), left_out = all_of(
        sillytavern,
        chat(
            NEW_HEAD, line("one"), line("two", date="soon"), line("three", date=None), line("note", extra={"isSmallSys": True})
        ),
    )
    first = conversation.messages[0].time
    assert [(one.text, one.time - first) for one in conversation.messages] == [
        (text, timedelta(seconds=number)) for number, text in enumerate(("one", "two", "three"))
    ]
    assert left_out.counts == {"unreadable times, whose messages follow the one before": 1, "narrator lines": 1}
    assert left_out.places == [
        "Seraphina - 2025.jsonl, line 3, key send_date: unreadable times, whose messages follow the one before"
    ]


def test_a_time_without_seconds():
    (conversation,), _ = all_of(sillytavern, chat(OLD_HEAD, line("one", date="2024-5-6 @ 12h 50m")))
    assert conversation.messages[0].time == datetime(2024, 5, 6, 12, 50, tzinfo=BERLIN)
    assert not conversation.has_seconds


def test_a_group_chat_without_a_head():
    values = [line("I am Ben.", name="Ben"), line("hi all", name="Ada", is_user=True), line("And I am Cleo.", name="Cleo")]
    source = source_of({"group chats/2024.jsonl": as_lines(values)})
    assert sillytavern.recognises(source)
    (conversation,), _ = all_of(sillytavern, source)
    assert conversation.title == "Ben, Cleo"
    assert [one.speaker for one in conversation.messages] == ["Ben", "Ada", "Cleo"]


def test_a_branch_does_not_repeat_its_beginning():
    branch = [*CHAT[:3], line("Try this herb.", date="2025-11-03T13:00:00.000Z")]
    members = {
        "chats/Seraphina/first.jsonl": as_lines(CHAT),
        "chats/Seraphina/first - Branch #1.jsonl": as_lines(branch),
        "chats/Other/first.jsonl": as_lines(CHAT),
        "backups/chat_seraphina_1.jsonl": as_lines(CHAT),
    }
    found, left_out = all_of(sillytavern, source_of(members))
    texts = {conversation.id: [one.text for one in conversation.messages] for conversation in found}
    assert texts == {
        "chats/Other/first.jsonl": ["Welcome, traveller.", "my knee hurts", "Rest a while."],
        "chats/Seraphina/first.jsonl": ["Welcome, traveller.", "my knee hurts", "Rest a while."],
        "chats/Seraphina/first - Branch #1.jsonl": ["my knee hurts", "Try this herb."],
    }
    assert left_out.counts == {"backup copies of chats": 1, "messages that another file of the chat has too": 1}


def test_a_head_longer_than_what_is_looked_at():
    head = {"user_name": "Ada", "character_name": "Seraphina", "chat_metadata": {"note": "x" * 100_000}}
    source = chat(head, *CHAT[1:])
    assert sillytavern.recognises(source)
    (conversation,), _ = all_of(sillytavern, source)
    assert len(conversation.messages) == 3


def test_what_is_something_else():
    others = (
        {"a.jsonl": as_json({"time": "2026-03-01 09:30", "user": "hi", "assistant": "ho"})},
        {"main.jsonl": as_json({"version": "1", "backupTimeMs": "1"})},
        {"a.jsonl": b"[" * 100_000},
        {"a.json": b"\xff\xfe"},
        {},
    )
    for members in others:
        assert not sillytavern.recognises(source_of(members))
        with pytest.raises(InvalidInput, match="SillyTavern"):
            all_of(sillytavern, source_of(members))


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(changed(CHAT))
def test_whatever_stands_at_a_key(value):
    survives(sillytavern, source_of({"chat.jsonl": as_lines(value)}))
