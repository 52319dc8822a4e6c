"""Signal's plaintext export."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings

from app.importers.conversations import Role
from app.importers.formats import signal
from memory.core.errors import InvalidInput
from tests.unit.app.importers.damage import all_of, as_json, as_lines, changed, survives
from tests.unit.app.importers.sources import source_of

START = datetime(2026, 5, 6, 10, 30, tzinfo=UTC)
INFO = {"version": "1", "backupTimeMs": "1778063400000", "mediaRootBackupKey": "AAAA"}
ACI = base64.b64encode(b"mona's account..").decode()
PEOPLE = [
    {"account": {"profileKey": "AA==", "givenName": "Ada", "familyName": "Moss"}},
    {"recipient": {"id": "1", "self": {}}},
    {
        "recipient": {
            "id": "2",
            "contact": {
                "aci": ACI,
                "e164": "4915100000000",
                "profileGivenName": "Mona",
                "systemGivenName": "Mona",
                "systemFamilyName": "Berg",
            },
        }
    },
    {"recipient": {"id": "3", "group": {"masterKey": "AA==", "snapshot": {"title": {"title": "Chess"}}}}},
    {
        "recipient": {
            "id": "4",
            "contact": {"e164": "4915111111111", "nickname": {"given": "Uncle", "family": ""}, "profileGivenName": "Bob"},
        }
    },
    {"recipient": {"id": "5", "releaseNotes": {}}},
    {"chat": {"id": "10", "recipientId": "2"}},
    {"chat": {"id": "11", "recipientId": "3"}},
    {"chat": {"id": "12", "recipientId": "1"}},
    {"chat": {"id": "13", "recipientId": "5"}},
]


def at(minute):
    return str(int((START + timedelta(minutes=minute)).timestamp() * 1000))


def item(minute, author="2", chat="10", **content):
    way = (
        {"outgoing": {"dateReceived": at(minute)}}
        if author == "1"
        else {"incoming": {"dateReceived": at(minute), "read": True}}
    )
    return {"chatItem": {"chatId": chat, "authorId": author, "dateSent": at(minute), **way, **content}}


def said(text, minute, author="2", chat="10", **more):
    message = {"text": {"body": text, "bodyRanges": more.pop("ranges", [])}} | {
        key: more.pop(key) for key in ("attachments", "longText") if key in more
    }
    return item(minute, author, chat, standardMessage=message, **more)


def stored(name, content_type="image/jpeg", **more):
    """Return an attachment, and the name under which its file is stored."""
    plain, key = name.encode(), b"key"
    locator = {"plaintextHash": base64.b64encode(plain).decode(), "localKey": base64.b64encode(key).decode(), "size": 3}
    stem = hashlib.sha256(plain + key).hexdigest()
    return {"pointer": {"contentType": content_type, "locatorInfo": locator}, **more}, f"files/{stem[:2]}/{stem}"


def export(*frames, **files):
    return source_of(
        {
            "signal-export-2026-05-06/main.jsonl": as_lines([INFO, *PEOPLE, *frames]),
            "signal-export-2026-05-06/metadata.json": b"{}",
            **files,
        }
    )


def test_chats_people_and_names():
    source = export(
        said("hi Ada", 0),
        said("on my way", 1, author="1"),
        said("who plays?", 2, author="4", chat="11"),
        said("buy milk", 3, author="1", chat="12"),
        said("What is new in Signal", 4, author="5", chat="13"),
    )
    assert signal.recognises(source)
    found, left_out = all_of(signal, source)
    assert [(one.id, one.title) for one in found] == [("10", "Mona Berg"), ("11", "Chess"), ("12", "Note to Self")]
    assert all(one.between_people for one in found)
    assert [(one.role, one.speaker, one.text) for one in found[0].messages] == [
        (Role.OTHER, "Mona Berg", "hi Ada"),
        (Role.ME, "Ada Moss", "on my way"),
    ]
    assert found[0].messages[0].time == START
    assert found[0].messages[0].time.tzinfo.key == "Europe/Berlin"
    assert found[1].messages[0].speaker == "Uncle"
    assert left_out.counts == {"announcements of Signal": 1}


def test_what_is_no_message_is_counted():
    frames = [
        item(0, stickerMessage={"sticker": {"emoji": "😂"}}),
        item(1, remoteDeletedMessage={}),
        item(2, updateMessage={"simpleUpdate": {"type": "JOINED_SIGNAL"}}),
        item(3, updateMessage={"individualCall": {"type": "VIDEO_CALL"}}),
        item(4, viewOnceMessage={}),
        item(5, contactMessage={"contact": {"name": {"givenName": "Ben"}}}),
        item(6, directStoryReplyMessage={"emoji": "❤️"}),
        item(7, directStoryReplyMessage={"textReply": {"text": {"body": "lovely"}}}),
        item(8, poll={"question": "Pizza?", "options": [{"option": "yes"}, {"option": "no"}]}),
        said("secret", 9, expiresInMs="86400000"),
        said("kept", 10, expiresInMs="0"),
        item(11, standardMessage={}),
        item(12),
        {"chatItem": {"authorId": "2", "dateSent": at(13), "standardMessage": {"text": {"body": "nowhere"}}}},
        {"stickerPack": {"packId": "AA=="}},
    ]
    (conversation,), left_out = all_of(signal, export(*frames))
    assert [one.text for one in conversation.messages] == ["lovely", "Pizza?\n- yes\n- no", "kept"]
    assert left_out.counts == {
        "stickers": 1,
        "deleted messages": 1,
        "system lines": 1,
        "calls": 1,
        "messages to be seen once": 1,
        "contact cards": 1,
        "reactions": 1,
        "disappearing messages": 1,
        "messages without words": 2,
        "messages of no chat": 1,
    }
    assert left_out.places[-1] == "signal-export-2026-05-06/main.jsonl, line 25, key chatId: messages of no chat"


def test_attachments():
    photo, photo_file = stored("photo")
    voice, _ = stored("voice", "audio/aac", flag="VOICE_MESSAGE")
    animated, _ = stored("gif", "video/mp4", flag="GIF")
    film, _ = stored("film", "video/mp4")
    missing, _ = stored("missing")
    frames = [
        said("look", 0, attachments=[photo, film]),
        said("", 1, attachments=[voice, animated]),
        said("", 2, attachments=[missing, {"pointer": {"contentType": "application/pdf", "caption": "the plan"}}]),
    ]
    (conversation,), left_out = all_of(signal, export(*frames, **{f"{photo_file}.jpg": b"jpg"}))
    assert [(one.text, len(one.pictures)) for one in conversation.messages] == [("look", 1), ("the plan", 0)]
    assert conversation.messages[0].pictures[0].read() == b"jpg"
    assert left_out.counts == {
        "videos": 1,
        "voice messages without words": 1,
        "animated pictures": 1,
        "pictures that are not in the export": 1,
        "attached files": 1,
    }


def test_a_text_longer_than_a_message_is_read_from_its_file():
    long, file = stored("long", "text/x-signal-plain")
    frames = [
        said("the begin", 0, longText=long["pointer"]),
        said("the begin", 1, longText=stored("lost", "text/x-signal-plain")[0]["pointer"]),
    ]
    (conversation,), _ = all_of(signal, export(*frames, **{f"{file}.txt": "the beginning and the end ☂".encode()}))
    assert [one.text for one in conversation.messages] == ["the beginning and the end ☂", "the begin"]


def test_mentions_become_names():
    ranges = [
        {"start": 0, "length": 2, "style": "BOLD"},
        {"start": 3, "length": 1, "mentionAci": ACI},
        {"start": 3, "length": 1, "style": "BOLD"},
        {"start": 9, "length": 1, "mentionAci": "AAAA"},
    ]
    (conversation,), _ = all_of(signal, export(said("😂 \ufffc and \ufffc!", 0, ranges=ranges)))
    assert conversation.messages[0].text == "😂 @Mona Berg and @Ada Moss!"


def test_an_edited_message_keeps_its_place_and_has_its_last_words():
    edited = said("See you at six", 5, revisions=[said("See you at five", 0)["chatItem"], said("See you at 6", 4)["chatItem"]])
    (conversation,), _ = all_of(signal, export(edited, said("ok", 1)))
    assert [(one.text, one.time) for one in conversation.messages] == [
        ("See you at six", START),
        ("ok", START + timedelta(minutes=1)),
    ]


def test_someone_without_a_name_has_the_number():
    stranger = {"recipient": {"id": "9", "contact": {"e164": "4915122222222"}}}
    (conversation,), _ = all_of(signal, export(stranger, said("hello", 0, author="9")))
    assert conversation.messages[0].speaker == "+4915122222222"


def test_a_long_chat_comes_in_parts(monkeypatch):
    monkeypatch.setattr(signal, "MOST_MESSAGES", 3)
    found, _ = all_of(signal, export(*(said(str(number), number) for number in range(7))))
    assert [len(one.messages) for one in found] == [3, 3, 1]


def test_missing_keys_are_harmless():
    frames = [
        {"chatItem": {"chatId": 10, "authorId": 2, "dateSent": int(at(0)), "standardMessage": {"text": {"body": "hi"}}}},
        {"chatItem": {"chatId": "10", "authorId": "1", "standardMessage": {"text": {"body": "ho"}}}},
        {"chatItem": {"chatId": "77", "dateSent": at(2), "outgoing": {}, "standardMessage": {"text": {"body": "alone"}}}},
        {"chatItem": {"chatId": "78", "incoming": {}, "standardMessage": {"text": {"body": "lost"}}}},
    ]
    found, left_out = all_of(signal, export(*frames))
    assert [(one.role, one.text, one.time) for one in found[0].messages] == [
        (Role.OTHER, "hi", START),
    ]
    assert [(found[1].title, one.role, one.speaker) for one in found[1].messages] == [("", Role.ME, "Ada Moss")]
    assert left_out.counts == {"messages without a time": 2}
    assert left_out.places[0].endswith("key dateSent: messages without a time")


def test_a_file_alone_and_cut():
    data = as_lines([*PEOPLE, said("hi", 0)]) + as_json(said("cut", 1))[:40]
    source = source_of({"export.txt": data})
    assert signal.recognises(source)
    (conversation,), left_out = all_of(signal, source)
    assert [one.text for one in conversation.messages] == ["hi"]
    assert left_out.places == ["export.txt, line 12: damaged lines"]


def test_chats_that_are_mixed_come_in_parts_and_nothing_is_lost(monkeypatch):
    monkeypatch.setattr(signal, "_MOST_HELD", 200)
    frames = [said(str(number), number, author="1", chat=str(100 + number % 9)) for number in range(1_000)]
    found, _ = all_of(signal, export(*frames))
    assert len(found) > 9
    assert sum(len(one.messages) for one in found[:-9]) > 700
    seen = {}
    for one in found:
        seen.setdefault(one.id, []).extend(int(message.text) for message in one.messages)
    assert len(seen) == 9
    assert all(numbers == sorted(numbers) for numbers in seen.values())
    assert sorted(number for numbers in seen.values() for number in numbers) == list(range(1_000))


def test_what_is_something_else():
    others = (
        {"main.jsonl": as_json({"time": "2026-03-01 09:30", "user": "hi", "assistant": "ho"})},
        {"main.jsonl": as_lines([{"user_name": "a", "character_name": "b"}, {"mes": "x", "name": "b", "is_user": False}])},
        {"main.jsonl": b"[" * 100_000},
        {"main": b"\x00\x01"},
        {},
    )
    for members in others:
        assert not signal.recognises(source_of(members))
        with pytest.raises(InvalidInput, match="Signal"):
            all_of(signal, source_of(members))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    changed(
        [
            INFO,
            *PEOPLE,
            said(
                "a \ufffc",
                0,
                attachments=[stored("photo")[0]],
                ranges=[{"start": 2, "mentionAci": ACI}],
                longText=stored("long")[0]["pointer"],
            ),
            item(1, poll={"question": "q", "options": [{"option": "o"}]}),
            said("b", 2, revisions=[said("c", 1)["chatItem"]]),
            item(3, directStoryReplyMessage={"textReply": {"text": {"body": "r"}}, "emoji": "x"}),
        ]
    )
)
def test_whatever_stands_at_a_key(frames):
    survives(
        signal, source_of({"main.jsonl": as_lines(frames), f"{stored('photo')[1]}.jpg": b"1", f"{stored('long')[1]}.txt": b"2"})
    )
