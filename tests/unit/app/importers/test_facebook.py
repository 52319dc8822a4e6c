"""Facebook Messenger and Instagram."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings

from app.importers.conversations import Choices, Role
from app.importers.formats import facebook
from app.importers.parts import MOST_MESSAGES
from memory.core.errors import InvalidInput
from tests.unit.app.importers.damage import all_of, as_json, changed, survives
from tests.unit.app.importers.sources import source_of

START = datetime(2023, 3, 4, 18, 0, tzinfo=UTC)
ME, MONA, JUREK = "Ada Müller", "Mona Köhler", "Jurek Wiśniewski"
INBOX = "your_facebook_activity/messages/inbox"


def broken(value):
    """Return a value with its strings as these exports write them."""
    if isinstance(value, str):
        return value.encode().decode("latin-1")
    if isinstance(value, dict):
        return {key: broken(inner) for key, inner in value.items()}
    return [broken(inner) for inner in value] if isinstance(value, list) else value


def at(minute):
    return int((START + timedelta(minutes=minute)).timestamp() * 1000)


def said(sender, text, minute, **more):
    return {"sender_name": sender, "timestamp_ms": at(minute), **({} if text is None else {"content": text}), **more}


def thread(messages, *, participants=(MONA, ME), title=MONA):
    return as_json(
        broken(
            {
                "participants": [{"name": name} for name in participants],
                "messages": messages,
                "title": title,
                "is_still_participant": True,
                "thread_path": "inbox/mona_1",
                "magic_words": [],
            }
        )
    )


def texts(conversation):
    return [one.text for one in conversation.messages]


def test_parts_are_read_from_the_oldest_and_strings_are_repaired():
    photo = {"uri": f"{INBOX}/monakohler_1/photos/7.jpg", "creation_timestamp": 1677952000}
    newest = [said(ME, "schön 😂", 3, reactions=[{"reaction": "❤", "actor": MONA}]), said(MONA, "Grüße!", 2)]
    oldest = [said(ME, None, 1, photos=[photo]), said(MONA, "Hallo", 0)]
    members = {
        f"export-1.zip/{INBOX}/monakohler_1/message_1.json": thread(newest),
        f"export-2.zip/{INBOX}/monakohler_1/message_2.json": thread(oldest),
        f"export-2.zip/{INBOX}/monakohler_1/photos/7.jpg": b"jpg",
    }
    source = source_of(members)
    assert facebook.recognises(source)
    (conversation,), left_out = all_of(facebook, source)
    assert (conversation.id, conversation.title) == ("inbox/monakohler_1", MONA)
    assert conversation.between_people
    assert texts(conversation) == ["Hallo", "", "Grüße!", "schön 😂"]
    assert [one.role for one in conversation.messages] == [Role.OTHER, Role.ME, Role.OTHER, Role.ME]
    assert [one.speaker for one in conversation.messages] == [MONA, ME, MONA, ME]
    assert conversation.messages[0].time == START
    (picture,) = conversation.messages[1].pictures
    assert picture.read() == b"jpg"
    assert picture.time == datetime.fromtimestamp(1677952000, UTC)
    assert not left_out.counts


def test_part_10_is_older_than_part_9():
    # All of one time, so that only the numbers of the files say what came first.
    members = {f"messages/inbox/m_1/message_{number}.json": thread([said(MONA, str(number), 0)]) for number in range(1, 12)}
    (conversation,), _ = all_of(facebook, source_of(members))
    assert texts(conversation) == [str(number) for number in range(11, 0, -1)]


def test_messages_of_one_time_keep_their_order_and_others_that_of_time():
    rows = [said(MONA, "d", 2), said(ME, "c", 1), said(MONA, "b", 1), said(MONA, "e", 3), said(ME, "a", 0)]
    (conversation,), _ = all_of(facebook, source_of({"message_1.json": thread(rows)}))
    assert texts(conversation) == ["a", "b", "c", "d", "e"]


def test_what_is_no_word_of_a_person_is_counted():
    rows = [
        said(ME, "Ada Müller sent an attachment.", 1, share={"link": "https://example.org/a"}),
        said(MONA, "Mona Köhler wysłał(a) załącznik.", 2, share={"link": "https://example.org/b"}),
        said(ME, "look at https://example.org/c", 3, share={"link": "https://example.org/c"}),
        said(MONA, "Reacted 😂 to your message ", 4),
        said(MONA, "Liked a message", 5),
        said(MONA, "Hat mit ❤️ auf deine Nachricht reagiert", 5),
        said(MONA, "Hat deine Nachricht mit ❤ markiert", 5),
        said(MONA, "gone", 6, is_unsent=True),
        said(ME, "You called Mona.", 7, call_duration=61),
        said(MONA, "Mona missed your call.", 8, call_duration=0, missed=True),
        said(MONA, "Mona Köhler left the group.", 9),
        said(ME, "You named the group Chess.", 10),
        said(ME, "Du hast einen Anhang gesendet.", 11),
        said(MONA, None, 12, sticker={"uri": "messages/stickers_used/1.png"}),
        said(MONA, None, 13, audio_files=[{"uri": "a.mp4"}], videos=[{"uri": "v.mp4"}]),
        said(
            MONA,
            None,
            14,
            photos=[{"uri": "https://scontent.example/x.jpg"}],
            gifs=[{"uri": "a.gif"}],
            files=[{"uri": "a.pdf"}],
        ),
        said(MONA, None, 15),
        said("Will", "Will you come?", 16),
        said(ME, "You called me yesterday?", 17),
        said(MONA, "Mona Köhler here, from the chess club", 18),
        said(MONA, "Added to it: you sent a photo to the group, and he left", 19),
    ]
    (conversation,), left_out = all_of(facebook, source_of({"message_1.json": thread(rows[::-1])}))
    assert texts(conversation) == [
        "https://example.org/a",
        "https://example.org/b",
        "look at https://example.org/c",
        "Will you come?",
        "You called me yesterday?",
        "Mona Köhler here, from the chess club",
        "Added to it: you sent a photo to the group, and he left",
    ]
    assert left_out.counts == {
        "reactions": 4,
        "deleted messages": 1,
        "calls": 2,
        "system lines": 3,
        "stickers": 1,
        "voice messages without words": 1,
        "videos": 1,
        "pictures that are not in the export": 1,
        "animated pictures": 1,
        "attached files": 1,
        "messages without words": 1,
    }
    assert left_out.places == [f"conversation {MONA!r}, key content: messages without words"]


def test_an_export_of_an_encrypted_chat():
    rows = [
        {
            "senderName": MONA,
            "text": "żółw 😂",
            "timestamp": at(1),
            "type": "text",
            "isUnsent": False,
            "media": [],
            "reactions": [{"actor": ME, "reaction": "😂"}],
        },
        {
            "senderName": ME,
            "text": "",
            "timestamp": at(0),
            "type": "media",
            "isUnsent": False,
            "media": [{"uri": "./media/a.jpeg"}, {"uri": "./media/b.mp4"}],
            "reactions": [],
        },
        {"senderName": MONA, "text": "x", "timestamp": at(2), "type": "text", "isUnsent": True, "media": [], "reactions": []},
    ]
    export = {"participants": [MONA, ME], "threadName": f"{MONA}_5", "messages": rows}
    members = {f"messages/{MONA}_5.json": as_json(export), "messages/media/a.jpeg": b"one", "messages/media/b.mp4": b"two"}
    source = source_of(members)
    assert facebook.recognises(source)
    (conversation,), left_out = all_of(facebook, source)
    assert conversation.title == MONA
    assert [(one.role, one.text) for one in conversation.messages] == [(Role.ME, ""), (Role.OTHER, "żółw 😂")]
    assert conversation.messages[0].pictures[0].read() == b"one"
    assert left_out.counts == {"videos": 1, "deleted messages": 1}


def roles(members, **choices):
    found, _ = all_of(facebook, source_of(members), Choices(zone="UTC", **choices))
    return {conversation.id.rpartition("/")[2]: [one.role for one in conversation.messages] for conversation in found}


def my_line(name, other, title):
    return {
        f"messages/inbox/{name}/message_1.json": thread(
            [said(ME, "I", 1), said(other, "you", 0)], participants=(other, ME), title=title
        )
    }


def test_who_is_me_by_the_titles_of_talks_of_two():
    # A group that the person left does not name the person any more.
    left = {"messages/inbox/c/message_1.json": thread([said(MONA, "bye", 1)], participants=(MONA, JUREK), title="Chess")}
    members = my_line("a", MONA, MONA) | my_line("b", JUREK, JUREK) | my_line("d", "Eve", "Eve") | left
    assert roles(members)["a"] == [Role.OTHER, Role.ME]


def test_who_is_me_by_who_is_in_all_conversations():
    members = {
        f"messages/inbox/{name}/message_1.json": thread(
            [said(ME, "I", 1), said(MONA, "you", 0)], participants=others, title="Group"
        )
        for name, others in {"a": (MONA, JUREK, ME), "b": (MONA, "Eve", ME), "c": ("Bob", "Eve", ME)}.items()
    }
    assert roles(members)["a"] == [Role.OTHER, Role.ME]


@pytest.mark.parametrize(
    ("file", "value"),
    [
        ("profile_information/profile_information.json", {"profile_v2": {"name": {"full_name": ME}}}),
        (
            "personal_information/personal_information.json",
            {"profile_user": [{"string_map_data": {"Benutzername": {"value": "ada1"}, "Name": {"value": ME}}}]},
        ),
    ],
)
def test_who_is_me_by_the_profile(file, value):
    members = {
        "messages/inbox/g/message_1.json": thread(
            [said(ME, "I", 1), said(MONA, "you", 0)], participants=(MONA, JUREK, ME), title="Chess"
        )
    }
    assert roles(members) == {"g": [Role.OTHER, Role.OTHER]}
    assert roles(members | {file: as_json(broken(value))}) == {"g": [Role.OTHER, Role.ME]}


def test_who_is_me_as_the_person_says():
    members = {
        "messages/inbox/g/message_1.json": thread(
            [said(ME, "I", 1), said(MONA, "you", 0)], participants=(MONA, JUREK, ME), title="Chess"
        )
    }
    assert roles(members, me=ME) == {"g": [Role.OTHER, Role.ME]}
    with pytest.raises(InvalidInput, match="Mona"):
        roles(members, me="Nobody")


def test_requests_that_were_not_accepted_are_counted():
    members = my_line("a", MONA, MONA) | {"messages/message_requests/x_2/message_1.json": thread([said("Shop", "Buy!", 0)])}
    found, left_out = all_of(facebook, source_of(members))
    assert [one.id for one in found] == ["inbox/a"]
    assert left_out.counts == {"conversations that you did not accept": 1}


def test_times_that_are_missing():
    rows = [
        said(MONA, "c", 5),
        {"sender_name": ME, "content": "b"},
        said(MONA, "a", 1),
        {"sender_name": ME, "content": "lost", "timestamp_ms": "?"},
    ]
    (conversation,), left_out = all_of(facebook, source_of({"message_1.json": thread(rows)}))
    assert texts(conversation) == ["a", "c"]
    assert left_out.counts == {"messages without a time": 2}
    assert len(left_out.places) == 2


def test_a_long_conversation_comes_in_parts():
    rows = [said(MONA, str(number), number) for number in range(MOST_MESSAGES + 3)]
    found, _ = all_of(facebook, source_of({"messages/inbox/m_1/message_1.json": thread(rows[::-1])}))
    assert [len(one.messages) for one in found] == [MOST_MESSAGES, 3]
    assert {one.id for one in found} == {"inbox/m_1"}
    assert found[1].messages[-1].text == str(MOST_MESSAGES + 2)


def test_a_damaged_file_is_left_out_and_the_rest_is_read():
    members = my_line("a", MONA, MONA) | {"messages/inbox/b/message_1.json": thread([said(MONA, "hi", 0)])[:-40]}
    found, left_out = all_of(facebook, source_of(members))
    assert [one.id for one in found] == ["inbox/a"]
    assert left_out.counts == {"damaged files": 1}
    assert left_out.places == ["messages/inbox/b/message_1.json: damaged files"]


def test_an_export_without_any_whole_file_is_refused():
    source = source_of({"messages/inbox/b/message_1.json": thread([said(MONA, "hi", 0)])[:-40]})
    assert facebook.recognises(source)
    with pytest.raises(InvalidInput, match=r"message_1\.json"):
        all_of(facebook, source)


def test_an_export_as_html_is_named():
    source = source_of({f"{INBOX}/mona_1/message_1.html": b"<html>", "index.html": b""})
    assert facebook.recognises(source)
    with pytest.raises(InvalidInput, match="format JSON"):
        all_of(facebook, source)


def test_what_is_something_else():
    others = (
        {"result.json": as_json({"name": "Mona", "type": "personal_chat", "messages": [{"from": "Mona", "text": "hi"}]})},
        {"message_1.json": as_json([1])},
        {"message_1.json": b"\xff\x00"},
        {},
    )
    for members in others:
        assert not facebook.recognises(source_of(members))
        with pytest.raises(InvalidInput, match="Facebook Messenger or Instagram"):
            all_of(facebook, source_of(members))


SAMPLE = {
    "participants": [{"name": "Mona"}, {"name": "Ada"}],
    "messages": [
        {
            "sender_name": "Mona",
            "timestamp_ms": at(2),
            "content": "hi",
            "share": {"link": "https://a.example"},
            "type": "Share",
        },
        {
            "sender_name": "Ada",
            "timestamp_ms": at(1),
            "photos": [{"uri": "photos/1.jpg", "creation_timestamp": 5}],
            "sticker": {"uri": "a"},
        },
        {"senderName": "Mona", "timestamp": at(0), "text": "ho", "media": [{"uri": "photos/1.jpg"}], "isUnsent": False},
    ],
    "title": "Mona",
    "thread_path": "inbox/mona",
}
PROFILE = {"profile_v2": {"name": {"full_name": "Ada"}}, "profile_user": [{"string_map_data": {"Name": {"value": "Ada"}}}]}


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(changed({"thread": SAMPLE, "profile": PROFILE}))
def test_whatever_stands_at_a_key(value):
    files = value if isinstance(value, dict) else {}
    members = {
        "messages/inbox/m/message_1.json": as_json(files.get("thread")),
        "messages/inbox/n/message_1.json": as_json(SAMPLE),
        "messages/inbox/m/photos/1.jpg": b"1",
        "profile_information.json": as_json(files.get("profile")),
    }
    survives(facebook, source_of(members))
