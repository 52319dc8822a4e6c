"""Discord's data package."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings

from app.importers.conversations import Role
from app.importers.formats import discord
from memory.core.errors import InvalidInput
from tests.unit.app.importers.damage import all_of, as_json, changed, survives
from tests.unit.app.importers.sources import source_of

NEW = [
    {"ID": 1102937465001223334, "Timestamp": "2024-05-07 08:15:30", "Contents": "see you <@55>", "Attachments": ""},
    {"ID": 1102937465001223333, "Timestamp": "2024-05-06 12:30:00", "Contents": "the cat is called Mio", "Attachments": ""},
]
CSV = (
    "ID,Timestamp,Contents,Attachments\r\n"
    '900000000000000001,2021-03-04 18:00:00.123000+00:00,"hello, ""you""\r\nsecond line",\r\n'
    "900000000000000002,2021-03-04 18:01:00+00:00,,https://cdn.discordapp.com/attachments/1/2/cat.png?ex=1 https://cdn.discordapp.com/a/b/doc.pdf\r\n"
)


def package(**more):
    return {
        "Messages/c123456789012345678/messages.json": as_json(NEW),
        "Messages/c123456789012345678/channel.json": as_json(
            {"id": "123456789012345678", "type": "DM", "recipients": ["1", "2"]}
        ),
        "Messages/index.json": as_json({"123456789012345678": "Direct Message with mona#0"}),
        "Account/user.json": as_json({"id": "1", "username": "ada"}),
        **more,
    }


def test_the_newest_package():
    source = source_of(package())
    assert discord.recognises(source)
    (conversation,), left_out = all_of(discord, source)
    assert (conversation.id, conversation.title) == ("123456789012345678", "Direct Message with mona")
    assert conversation.between_people
    assert [one.text for one in conversation.messages] == ["the cat is called Mio", "see you <@55>"]
    assert {one.role for one in conversation.messages} == {Role.ME}
    first = conversation.messages[0].time
    assert first == datetime(2024, 5, 6, 12, 30, tzinfo=UTC)
    assert first.tzinfo.key == "Europe/Berlin"
    assert not left_out.counts


def test_folders_in_upper_case_and_a_row_that_is_none():
    rows = [*NEW, None, "row"]
    source = source_of({"MESSAGES/C123456789012345678/Messages.json": as_json(rows)})
    assert discord.recognises(source)
    (conversation,), left_out = all_of(discord, source)
    assert (conversation.id, len(conversation.messages)) == ("123456789012345678", 2)
    assert left_out.counts == {"damaged messages": 2}


def test_an_older_package_has_csv_and_folders_of_numbers():
    source = source_of(
        {
            "package.zip/messages/987654321098765432/messages.csv": b"\xef\xbb\xbf" + CSV.encode(),
            "package.zip/messages/987654321098765432/channel.json": as_json(
                {"id": "987654321098765432", "type": 0, "name": "general", "guild": {"id": "5", "name": "Chess"}}
            ),
            "package.zip/messages/index.json": as_json({"987654321098765432": None}),
        }
    )
    assert discord.recognises(source)
    (conversation,), left_out = all_of(discord, source)
    assert conversation.title == "general in Chess"
    assert [one.text for one in conversation.messages] == ['hello, "you"\r\nsecond line']
    assert conversation.messages[0].time == datetime(2021, 3, 4, 18, 0, 0, 123000, tzinfo=UTC)
    assert left_out.counts == {"pictures that are not in the package": 1, "attached files": 1}


def test_order_is_that_of_time_and_of_the_file_where_times_are_equal():
    def row(text, time):
        return {"ID": 1, "Timestamp": f"2024-05-06 12:{time}", "Contents": text}

    newest_first = [row("d", "31:00"), row("c", "30:00"), row("b", "30:00"), row("a", "29:00")]
    (conversation,), _ = all_of(discord, source_of({"c55555/messages.json": as_json(newest_first)}))
    assert [one.text for one in conversation.messages] == ["a", "b", "c", "d"]
    mixed = [row("b", "30:00"), row("a", "29:00"), row("c", "31:00")]
    (conversation,), _ = all_of(discord, source_of({"c55555/messages.json": as_json(mixed)}))
    assert [one.text for one in conversation.messages] == ["a", "b", "c"]


def test_a_folder_without_c_and_without_its_own_file_has_the_name_of_the_index():
    members = {"m/55555/messages.csv": CSV.encode(), "m/index.json": as_json({"55555": "general in Chess"})}
    (conversation,), _ = all_of(discord, source_of(members))
    assert (conversation.id, conversation.title) == ("55555", "general in Chess")


def test_a_byte_order_mark_is_no_part_of_the_first_column():
    row = "ID,Timestamp,Contents,Attachments\n900000000000000001,,hi,\n"
    (conversation,), _ = all_of(discord, source_of({"m/c55555/messages.csv": b"\xef\xbb\xbf" + row.encode()}))
    assert conversation.messages[0].time.year == 2021


def test_one_file_alone_under_any_name():
    for data in (as_json(NEW), CSV.encode()):
        source = source_of({"mine.txt": data})
        assert discord.recognises(source)
        (conversation,), _ = all_of(discord, source)
        assert conversation.messages


def test_an_id_says_the_time_where_it_is_missing():
    # The id of an invented message of 2024-05-06 12:30:00 UTC.
    number = (int(datetime(2024, 5, 6, 12, 30, tzinfo=UTC).timestamp() * 1000) - 1_420_070_400_000) << 22
    rows = [
        {"ID": str(number), "Timestamp": "", "Contents": "hi", "Attachments": ""},
        {"ID": "x", "Timestamp": None, "Contents": "lost"},
    ]
    (conversation,), left_out = all_of(discord, source_of({"m/c55555/messages.json": as_json(rows)}))
    assert conversation.messages[0].time == datetime(2024, 5, 6, 12, 30, tzinfo=UTC)
    assert left_out.counts == {"messages without a time": 1}
    assert left_out.places == ["channel '55555', key Timestamp: messages without a time"]


def test_a_damaged_channel_is_left_out_and_the_rest_is_read():
    source = source_of(package(**{"Messages/c999/messages.json": as_json(NEW)[:-30]}))
    (conversation,), left_out = all_of(discord, source)
    assert conversation.id == "123456789012345678"
    assert left_out.counts == {"damaged files": 1}
    assert left_out.places == ["Messages/c999/messages.json: damaged files"]


def test_a_package_without_any_whole_file_is_refused():
    source = source_of({"Messages/c12345/messages.json": as_json(NEW)[:-30]})
    assert discord.recognises(source)
    with pytest.raises(InvalidInput, match=r"messages\.json"):
        all_of(discord, source)
    broken = b'ID,Timestamp,Contents,Attachments\n1,2024-05-06 12:30:00,"' + b"a" * 200_000
    with pytest.raises(InvalidInput, match="Ask Discord for the package again"):
        all_of(discord, source_of({"c12345/messages.csv": broken}))


def test_what_is_something_else():
    for members in (
        {"messages.json": b'[{"id": 1}]'},
        {"a.txt": b"ID"},
        {"x/messages.csv": b"a,b\n"},
        {},
        {"messages.json": b"\xff" * 90},
    ):
        assert not discord.recognises(source_of(members))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(changed({"messages": NEW, "channel": {"id": "1", "name": "a", "guild": {"name": "b"}}, "index": {"123456": "c"}}))
def test_whatever_stands_at_a_key(value):
    files = value if isinstance(value, dict) else {}
    members = {
        "m/c123456/messages.json": as_json(files.get("messages")),
        "m/c123456/channel.json": as_json(files.get("channel")),
        "m/index.json": as_json(files.get("index")),
    }
    survives(discord, source_of(members))
