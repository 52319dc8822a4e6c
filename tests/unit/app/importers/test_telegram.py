"""Telegram Desktop's exports as JSON."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings

from app.importers.conversations import Choices, LeftOut, Role
from app.importers.formats import telegram
from memory.core.errors import InvalidInput
from tests.unit.app.importers.damage import all_of, as_json, changed, survives
from tests.unit.app.importers.sources import source_of

ABOUT = "Here is the data you requested. Remember: Telegram is ad free, it doesn't use your data for ad targeting."
OWNER = {"user_id": 111, "first_name": "Ada", "last_name": "Brandt", "phone_number": "+49 171 5550001"}
ADA, MONA = {"from": "Ada Brandt", "from_id": "user111"}, {"from": "Mona", "from_id": "user222"}
NOON = 1779791400
"""2026-05-26 12:30 in Berlin."""


def message(number, text="hello", who=MONA, **more):
    return {
        "id": number,
        "type": "message",
        "date": "2026-05-26T12:30:00",
        "date_unixtime": str(NOON + number),
        **who,
        "text": text,
        "text_entities": [],
        **more,
    }


def chat(*messages, name="Mona", kind="personal_chat", number=222):
    return {"name": name, "type": kind, "id": number, "messages": list(messages)}


def everything(*chats, left=(), **more):
    return {
        "about": ABOUT,
        "personal_information": OWNER,
        "contacts": {"about": "…", "list": []},
        "chats": {"about": "…", "list": list(chats)},
        **({"left_chats": {"about": "…", "list": list(left)}} if left else {}),
        **more,
    }


def read(value, *, more=None, **choices):
    source = source_of({"result.json": as_json(value), **(more or {})})
    assert telegram.recognises(source)
    return all_of(telegram, source, Choices(**{"zone": "Europe/Berlin", **choices}))


def only(value, **more):
    (conversation,), left_out = read(value, **more)
    return conversation.messages, left_out


def test_one_chat():
    (conversation,), left_out = read(chat(message(1), message(2, "hi", ADA)))
    assert (conversation.id, conversation.title, conversation.between_people, conversation.has_seconds) == (
        "222",
        "Mona",
        True,
        True,
    )
    one, two = conversation.messages
    assert (one.text, one.speaker, one.role) == ("hello", "Mona", Role.OTHER)
    assert (two.text, two.speaker, two.role) == ("hi", "Ada Brandt", Role.ME)
    assert one.time == datetime(2026, 5, 26, 10, 30, 1, tzinfo=UTC)
    assert f"{one.time:%H:%M}" == "12:30"
    assert not left_out.counts


def test_everything_with_chats_that_were_left():
    found, _ = read(
        everything(
            chat(message(1), message(2, "hi", ADA)),
            chat(message(3, "note", ADA), name=None, kind="saved_messages", number=111),
            left=[chat(message(4, "bye", ADA), name="Book club", kind="private_supergroup", number=333)],
        )
    )
    assert [(part.id, part.title) for part in found] == [("222", "Mona"), ("111", "Saved Messages"), ("333", "Book club")]
    assert [one.role for part in found for one in part.messages] == [Role.OTHER, Role.ME, Role.ME, Role.ME]


def test_a_talk_without_any_of_a_person():
    found, left_out = read(everything())
    assert not found
    assert left_out.counts == {"files without chats": 1}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("plain  text ", "plain  text"),
        (
            ["see ", {"type": "link", "text": "https://example.org"}, " and ", {"type": "bold", "text": "this"}],
            "see https://example.org and this",
        ),
        ([{"type": "mention_name", "text": "Kai", "user_id": 5}, ": hi"], "Kai: hi"),
        ([{"type": "text_link", "text": "here", "href": "https://example.org"}], "here"),
        ({"type": "bold", "text": "bold"}, "bold"),
        (["a", 5, None, {"type": "bold"}, {"text": ["x"]}, ["y"], "b"], "ab"),
    ],
)
def test_texts(text, words):
    (one,), left_out = only(chat(message(1, text)))
    assert one.text == words
    assert not left_out.counts


def test_entities_stand_in_for_a_text_that_is_missing():
    (one,), _ = only(
        chat(message(1, None, text_entities=[{"type": "plain", "text": "from "}, {"type": "bold", "text": "entities"}]))
    )
    assert one.text == "from entities"


def test_times():
    local = message(2)
    del local["date_unixtime"]
    missing = message(3)
    del missing["date_unixtime"], missing["date"]
    other = message(1, date="2020-01-01T00:00:00")
    never_set = message(4, date="1970-01-01T01:00:00", date_unixtime="0")
    strange = message(5, date="yesterday", date_unixtime="soon")
    messages, left_out = only(chat(other, missing, local, never_set, strange))
    assert [one.time for one in messages] == [datetime(2026, 5, 26, 10, 30, second, tzinfo=UTC) for second in (1, 0)]
    assert left_out.counts == {"messages without a time": 3}
    assert left_out.places == [
        f'chat "Mona", message {number}, keys date_unixtime and date: messages without a time' for number in (3, 4, 5)
    ]


@pytest.mark.parametrize("value", [chat(message(1)), everything(chat(message(1)))])
@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_a_file_that_was_saved_again_in_another_encoding(value, encoding):
    source = source_of({"result.json": as_json(value).decode().encode(encoding)})
    assert telegram.recognises(source)
    (conversation,), _ = all_of(telegram, source)
    assert [one.text for one in conversation.messages] == ["hello"]


def test_a_message_that_is_nested_too_deep():
    text = as_json(chat(message(1), message(2, more="DEEP"), message(3))).replace(b'"DEEP"', b"[" * 300 + b"]" * 300)
    (conversation,), left_out = all_of(telegram, source_of({"result.json": text}))
    assert len(conversation.messages) == 2
    assert left_out.places == ['chat "Mona", message 2: messages nested too deep']


def test_who_is_the_person():
    group = {"name": "Book club", "kind": "private_group", "number": 333}
    unknown = {"from": None, "from_id": "user999"}
    # In an export of everything the account says it.
    messages, _ = only(everything(chat(message(1), message(2, who=ADA), message(3, who=unknown), **group)))
    assert [(one.role, one.speaker) for one in messages] == [(Role.OTHER, "Mona"), (Role.ME, "Ada Brandt"), (Role.OTHER, "")]
    # In a group alone nothing does, but the person may.
    assert {one.role for one in only(chat(message(1), message(2, who=ADA), **group))[0]} == {Role.OTHER}
    assert [one.role for one in only(chat(message(1), message(2, who=ADA), **group), me="ada brandt")[0]] == [
        Role.OTHER,
        Role.ME,
    ]
    with pytest.raises(InvalidInput, match=r"Nobody called 'Eva'.*Mona, Ada Brandt"):
        read(chat(message(1), message(2, who=ADA), **group), me="Eva")
    assert [one.role for one in only(chat(message(1, who=ADA), kind="saved_messages", number=111))[0]] == [Role.ME]
    # Before 2021 a sender is a number. A deleted account has no name.
    old = [message(1, who={"from": None, "from_id": 222}), message(2, who={"from": "Ada", "from_id": 111})]
    assert [one.role for one in only(chat(*old, name=None))[0]] == [Role.OTHER, Role.ME]
    named = [message(1, who={"from": "Mona"}), message(2, who={"from": "Ada"}), message(3, who={"from": None})]
    assert [one.role for one in only(chat(*named))[0]] == [Role.OTHER, Role.ME, Role.OTHER]


def test_what_somebody_forwarded_is_the_words_of_another():
    messages, _ = only(
        everything(
            chat(
                message(1, who=ADA, forwarded_from="Kai"),
                message(2, forwarded_from="Ada Brandt"),
                message(3, who=ADA, forwarded_from=None),
                kind="saved_messages",
            )
        )
    )
    assert [(one.role, one.speaker) for one in messages] == [(Role.OTHER, "Kai"), (Role.ME, "Ada Brandt"), (Role.OTHER, "")]


def test_pictures():
    more = {"chats/chat_1/photos/photo_1.jpg": b"one", "chats/chat_1/files/scan.png": b"two"}
    value = everything(
        chat(
            message(1, "", photo="chats/chat_1/photos/photo_1.jpg", width=1),
            message(2, "scan", file="chats/chat_1/files/scan.png", mime_type="image/png"),
            message(3, "gone", photo="(File not included. Change data exporting settings to download.)"),
            message(4, "", photo="chats/chat_1/photos/photo_9.jpg"),
        )
    )
    messages, left_out = only(value, more=more)
    assert [(one.text, [picture.read() for picture in one.pictures]) for one in messages] == [
        ("", [b"one"]),
        ("scan", [b"two"]),
        ("gone", []),
    ]
    assert left_out.counts == {"pictures that are not in the export": 2}
    # Beside the file, wherever that lies.
    source = source_of({"export/result.json": as_json(value), **{f"export/{name}": data for name, data in more.items()}})
    (conversation,), _ = all_of(telegram, source)
    assert conversation.messages[0].pictures[0].name == "export/chats/chat_1/photos/photo_1.jpg"


@pytest.mark.parametrize(
    ("keys", "reason"),
    [
        ({"file": "stickers/sticker.webp", "media_type": "sticker", "sticker_emoji": "🦊"}, "stickers"),
        ({"file": "video_files/a.mp4", "media_type": "animation", "mime_type": "video/mp4"}, "animations"),
        ({"file": "voice_messages/audio_1.ogg", "media_type": "voice_message"}, "voice messages without words"),
        ({"file": "video_files/a.mp4", "media_type": "video_file"}, "videos"),
        ({"file": "round/a.mp4", "media_type": "video_message"}, "videos"),
        ({"file": "files/a.mp3", "media_type": "audio_file"}, "audio files"),
        ({"file": "files/a.pdf", "mime_type": "application/pdf"}, "documents"),
        ({"contact_information": {"first_name": "Kai", "phone_number": "1"}}, "contact cards"),
        ({"location_information": {"latitude": 48.1, "longitude": 11.5}}, "locations"),
    ],
)
def test_what_is_left_out_of_a_message(keys, reason):
    messages, left_out = only(chat(message(1, "", **keys), message(2, "words", **keys)))
    assert [one.text for one in messages] == ["words"]
    assert left_out.counts == {reason: 2}


def test_polls_and_places_are_words():
    poll = {
        "question": "Where?",
        "closed": False,
        "total_voters": 2,
        "answers": [{"text": "Rome", "voters": 2}, {"text": "Oslo", "voters": 0}],
    }
    newer = {"question": [{"type": "plain", "text": "When?"}], "answers": [{"text": [{"type": "plain", "text": "May"}]}]}
    place = {"location_information": {"latitude": 1, "longitude": 2}, "place_name": "Café Luna", "address": "Elm Street 1"}
    messages, left_out = only(chat(message(1, "", poll=poll), message(2, "", poll=newer), message(3, "", **place)))
    assert [one.text for one in messages] == ["Where?\n- Rome\n- Oslo", "When?\n- May", "Café Luna, Elm Street 1"]
    assert not left_out.counts


def test_what_is_no_message():
    service = {"id": 1, "type": "service", "date": "2026-05-26T12:30:00", "actor": "Mona", "action": "phone_call"}
    messages, left_out = only(chat(service, message(2), 5, None, message(3, "")))
    assert len(messages) == 1
    assert left_out.counts == {"service messages": 1, "messages that are none": 2, "empty messages": 1}


def test_edited_messages_and_answers_are_messages():
    messages, _ = only(
        chat(message(1, edited="2026-05-26T12:31:00", edited_unixtime="1779791460"), message(2, reply_to_message_id=1))
    )
    assert [one.text for one in messages] == ["hello", "hello"]


def test_a_long_chat_comes_in_parts_with_one_id():
    found, _ = read(everything(chat(*(message(number, str(number)) for number in range(12_001)))))
    assert [len(part.messages) for part in found] == [5_000, 5_000, 2_001]
    assert {part.id for part in found} == {"222"}
    assert [one.text for part in found for one in part.messages] == [str(number) for number in range(12_001)]


def test_what_stands_before_the_chats_may_be_long():
    contacts = {"list": [{"first_name": f"Person {number}", "phone_number": "0"} for number in range(5_000)]}
    (one,), _ = only(everything(chat(message(1, who=ADA)), contacts=contacts))
    assert one.role == Role.ME


PAGE = (
    b'<!DOCTYPE html><html><head><title>Exported Data</title></head><body><div class="page_wrap">Telegram</div></body></html>'
)


@pytest.mark.parametrize("name", ["messages.html", "chats/chat_1/messages2.html", "export_results.html"])
def test_an_export_as_pages_is_answered_with_what_to_do(name):
    source = source_of({name: PAGE})
    assert telegram.recognises(source)
    with pytest.raises(InvalidInput, match=r'as pages. Export again in Telegram Desktop.*"Machine-readable JSON"'):
        all_of(telegram, source)


@pytest.mark.parametrize(
    "members",
    [
        {"messages.html": b"<html>another program</html>"},
        {"result.json": b'{"messages": [{"type": "message"}]}'},
        {"result.json": b'[{"type": "personal_chat"}]'},
        {"result.json": b""},
        {},
    ],
)
def test_what_is_no_export(members):
    source = source_of(members)
    assert not telegram.recognises(source)
    with pytest.raises(InvalidInput, match="has no export of Telegram"):
        all_of(telegram, source)


def test_a_file_that_is_cut_ends_in_one_sentence():
    data = as_json(everything(chat(*(message(number) for number in range(20)))))
    source = source_of({"result.json": data[:-300]})
    left_out = LeftOut()
    with pytest.raises(InvalidInput, match=r"result\.json"):
        list(telegram.read(source, Choices(), left_out))


@settings(suppress_health_check=[HealthCheck.filter_too_much])
@given(
    changed(
        everything(
            chat(
                message(1, ["a", {"type": "link", "text": "b"}]),
                message(2, photo="a.jpg", forwarded_from="Kai"),
                {"type": "service"},
            ),
            chat(
                message(
                    3,
                    poll={"question": "?", "answers": [{"text": "x"}]},
                    location_information={"latitude": 1},
                    media_type="sticker",
                )
            ),
            left=[chat(message(4, file="x.png", mime_type="image/png"), kind="private_group")],
        )
    )
)
def test_whatever_stands_at_a_key_the_rest_is_read(value):
    survives(telegram, source_of({"result.json": as_json(value), "a.jpg": b"x", "x.png": b"x"}))


@given(changed(chat(message(1), message(2, who=ADA))))
def test_whatever_stands_at_a_key_of_one_chat_the_rest_is_read(value):
    survives(telegram, source_of({"result.json": as_json(value)}))
