"""ChatGPT's export: the path that was seen last, what is no message, pictures, missing keys and damage."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given

from app.importers.conversations import Choices
from app.importers.formats import chatgpt
from app.importers.formats.chatgpt_message import without_marks
from memory.core.errors import InvalidInput
from tests.unit.app.importers.damage import all_of, as_json, changed, survives
from tests.unit.app.importers.sources import source_of

BERLIN = ZoneInfo("Europe/Berlin")
PNG = b"\x89PNG\r\n\x1a\nrest"
T = 1_780_000_000.25


def said(role: str, *parts: Any, **keys: Any) -> dict[str, Any]:
    kind = "text" if all(isinstance(part, str) for part in parts) else "multimodal_text"
    return {"author": {"role": role}, "content": {"content_type": kind, "parts": list(parts)}} | keys


def chat(*messages: dict[str, Any] | None, **keys: Any) -> dict[str, Any]:
    """Return a conversation of one path, with the keys that nodes of the newest exports have."""
    mapping = {
        f"n{at}": {"id": f"n{at}", "message": one, "parent": f"n{at - 1}" if at else None} for at, one in enumerate(messages)
    }
    return {
        "conversation_id": "c1", "title": "Garden", "create_time": T, "mapping": mapping, "current_node": f"n{len(messages) - 1}",
    } | keys  # fmt: skip


def read(*chats: Any, files: dict[str, bytes] | None = None) -> tuple[list[Any], Any]:
    return all_of(chatgpt, source_of({"conversations.json": as_json(list(chats))} | (files or {})))


def texts(conversation: Any) -> list[tuple[str, str]]:
    return [(message.role.value, message.text) for message in conversation.messages]


def test_nodes_of_the_newest_exports_have_neither_children_nor_times() -> None:
    (one,), _ = read(chat(None, said("user", "When do I sow beans?"), said("assistant", "In May.")))
    assert texts(one) == [("me", "When do I sow beans?"), ("assistant", "In May.")]
    assert (one.id, one.title) == ("c1", "Garden")
    assert [message.time for message in one.messages] == [
        datetime.fromtimestamp(T, BERLIN),
        datetime.fromtimestamp(T + 1, BERLIN),
    ]


def test_a_conversation_that_is_nested_too_deep_is_left_out_with_its_place() -> None:
    chats = [chat(said("user", "one")), chat(said("user", "two", metadata="DEEP"), title="Deep"), chat(said("user", "three"))]
    text = as_json(chats).replace(b'"DEEP"', b'{"x":' * 5_000 + b"1" + b"}" * 5_000)
    found, left_out = all_of(chatgpt, source_of({"conversations.json": text}))
    assert [texts(one) for one in found] == [[("me", "one")], [("me", "three")]]
    assert left_out.counts == {"conversations nested too deep": 1}
    assert left_out.places == ['conversations.json, conversation 2 "Deep": conversations nested too deep']
    # So is a file with one such conversation beside others.
    single = as_json(chats[1]).replace(b'"DEEP"', b"[" * 5_000 + b"]" * 5_000)
    found, left_out = all_of(chatgpt, source_of({"a.json": single, "b.json": as_json([chats[0]])}))
    assert len(found) == left_out.counts["conversations nested too deep"] == 1


def test_a_file_that_was_saved_again_as_utf_16() -> None:
    source = source_of({"conversations.json": as_json([chat(said("user", "one"))]).decode().encode("utf-16")})
    assert chatgpt.recognises(source)
    (found,), _ = all_of(chatgpt, source)
    assert texts(found) == [("me", "one")]


def test_lists_of_a_hundred_are_one_history_in_their_order() -> None:
    shards = {f"conversations-{at:03}.json": as_json([chat(said("user", f"number {at}"))]) for at in range(3)}
    source = source_of({**shards, "export_manifest.json": b'{"files": []}', "user.json": b"{}"})
    assert chatgpt.recognises(source)
    found, _ = all_of(chatgpt, source)
    assert [one.messages[0].text for one in found] == ["number 0", "number 1", "number 2"]


def test_a_file_under_any_name_is_known_by_its_content() -> None:
    assert chatgpt.recognises(source_of({"backup.txt": as_json([chat(said("user", "hello"))])}))
    assert not chatgpt.recognises(source_of({"conversations.json": b'[{"uuid": "1", "chat_messages": []}]'}))


def test_the_path_ends_at_the_current_node_and_other_branches_are_counted() -> None:
    value = chat(said("user", "first wording"), said("assistant", "first answer"))
    value["mapping"] |= {
        "e1": {"id": "e1", "message": said("user", "second wording", create_time=T + 50), "parent": None},
        "e2": {"id": "e2", "message": said("assistant", "second answer", create_time=T + 51), "parent": "e1"},
    }
    (one,), left_out = read(value)
    assert [text for _, text in texts(one)] == ["first wording", "first answer"]
    assert left_out.counts["messages of branches that were not seen last"] == 2
    for current in ({"current_node": None}, {"current_node": "gone"}):
        (one,), _ = read(value | current)
        assert [text for _, text in texts(one)] == ["second wording", "second answer"]


def test_older_nodes_that_lost_their_parent_are_found_by_children() -> None:
    value = chat(said("user", "one"), said("assistant", "two"))
    value["mapping"]["n0"]["children"] = ["n1"]
    del value["mapping"]["n1"]["parent"]
    (one,), _ = read(value)
    assert [text for _, text in texts(one)] == ["one", "two"]


@pytest.mark.parametrize("parent", ["n0", "n1", "n2"])
def test_a_circle_ends(parent: str) -> None:
    value = chat(said("user", "one"), said("assistant", "two"), said("user", "three"))
    value["mapping"]["n0"]["parent"] = parent
    for current in ("n2", None):
        (one,), _ = read(value | {"current_node": current})
        assert {text for _, text in texts(one)} <= {"one", "two", "three"}
        assert texts(one)[-1][1] == "three" if current else True


def test_what_is_no_message_is_left_out_and_counted() -> None:
    code = {"author": {"role": "assistant"}, "content": {"content_type": "code", "text": "search()"}, "recipient": "web"}
    instructions = {
        "author": {"role": "user"},
        "content": {"content_type": "user_editable_context", "user_profile": "I am Ada"},
    }
    thoughts = {"author": {"role": "assistant"}, "content": {"content_type": "thoughts", "thoughts": [{"content": "Hm"}]}}
    recap = {"author": {"role": "assistant"}, "content": {"content_type": "reasoning_recap", "content": "Thought for 3s"}}
    (one,), left_out = read(
        chat(
            said("system", ""),
            instructions,
            said("user", "secret", metadata={"is_visually_hidden_from_conversation": True}),
            said("user", "Will it rain?"),
            thoughts,
            recap,
            said("assistant", "Let me look."),
            code,
            said("tool", "rain at 5"),
            said("assistant", "noted", recipient="bio"),
            said("assistant", "Yes, at five.", recipient="all"),
        )
    )
    assert texts(one) == [("me", "Will it rain?"), ("assistant", "Let me look."), ("assistant", "Yes, at five.")]
    assert left_out.counts == {
        "messages of the program": 1, "custom instructions": 1, "hidden messages": 1, "thoughts of the model": 2, "tool calls": 3,
    }  # fmt: skip


def test_what_must_not_be_remembered_is_not() -> None:
    found, left_out = read(chat(said("user", "private"), is_do_not_remember=True), chat(said("user", "ours")))
    assert [one.messages[0].text for one in found] == ["ours"]
    assert left_out.counts == {"conversations marked not to be remembered": 1}


@pytest.mark.parametrize(
    ("pointer", "member"),
    [
        ("file-service://file-Ab12Cd", "file-Ab12Cd-holiday.png"),
        ("file-service://file-Ab12Cd", "file-Ab12Cd.png"),
        ("file-service://file-Ab12Cd", "dalle-generations/file-Ab12Cd-9f8e.webp"),
        ("sediment://file_00000000ab12", "file_00000000ab12-sanitized.jpg"),
        ("sediment://file_00000000ab12", "user-x1/file_00000000ab12.dat"),
        ("sediment://ff01#file_00000000ab12#page.jpg", "file_00000000ab12.dat"),
    ],
)
def test_pictures_are_found_by_their_pointers(pointer: str, member: str) -> None:
    image = {"content_type": "image_asset_pointer", "asset_pointer": pointer}
    (one,), left_out = read(chat(said("user", image, "Our tent", create_time=T)), files={member: PNG})
    (message,) = one.messages
    assert message.text == "Our tent"
    assert [picture.read() for picture in message.pictures] == [PNG]
    assert not left_out.counts


def test_names_of_the_newest_exports_say_what_an_asset_was() -> None:
    names = {"file_1a.dat": "tent.png", "file_2b.dat": "plan.pdf", "file_3c.dat": 5}
    parts = [
        {"content_type": "image_asset_pointer", "asset_pointer": f"sediment://{mark}"}
        for mark in ("file_1a", "file_2b", "file_9z")
    ]
    (one,), left_out = read(
        chat(said("user", *parts, "See")),
        files={"conversation_asset_file_names.json": as_json(names), "file_1a.dat": b"x", "file_2b.dat": b"%PDF"},
    )
    assert [picture.name for picture in one.messages[0].pictures] == ["tent.png"]
    assert left_out.counts == {"documents": 1, "pictures that are not in the export": 1}


def test_a_broken_list_of_names_costs_only_the_names() -> None:
    found, left_out = read(chat(said("user", "hello")), files={"conversation_asset_file_names.json": b"{"})
    assert len(found) == 1
    assert left_out.counts == {"names of files that cannot be read": 1}


def test_voice_keeps_its_words() -> None:
    audio = {"content_type": "audio_asset_pointer", "asset_pointer": "sediment://file_9"}
    live = {
        "content_type": "real_time_user_audio_video_asset_pointer",
        "frames_asset_pointers": [],
        "audio_asset_pointer": audio,
    }
    spoken = {"content_type": "audio_transcription", "text": "What is for dinner?", "direction": "in"}
    (one,), left_out = read(
        chat(said("user", spoken, audio), said("assistant", spoken | {"text": "Soup."}, live), said("user", audio))
    )
    assert texts(one) == [("me", "What is for dinner?"), ("assistant", "Soup.")]
    assert left_out.counts == {"voice messages without words": 1}


def test_documents_are_counted_and_the_words_stay() -> None:
    attached = {"attachments": [{"id": "file-9", "name": "tax.pdf", "mime_type": "application/pdf"}]}
    (one,), left_out = read(chat(said("user", "My taxes", metadata=attached)))
    assert texts(one) == [("me", "My taxes")]
    assert left_out.counts == {"documents": 1}


def test_an_attachment_that_a_part_points_to_counts_once() -> None:
    image = {"content_type": "image_asset_pointer", "asset_pointer": "file-service://file-9"}
    attached = {"attachments": [{"id": "file-9", "name": "no ending"}]}
    (one,), left_out = read(chat(said("user", image, "My cat", metadata=attached)), files={"file-9-cat.png": PNG})
    assert len(one.messages[0].pictures) == 1
    assert not left_out.counts


def test_an_attached_picture_without_a_part_is_a_picture() -> None:
    attached = {"attachments": [{"id": "file-9", "name": "cat.png", "mime_type": "image/png"}]}
    (one,), _ = read(chat(said("user", "My cat", metadata=attached)), files={"file-9-cat.png": PNG})
    assert one.messages[0].pictures[0].read() == PNG


def test_pictures_of_the_assistant_and_placeholders_of_a_research_are_no_reply() -> None:
    image = {"content_type": "image_asset_pointer", "asset_pointer": "sediment://file_1"}
    (one,), left_out = read(
        chat(
            said("user", "Draw and research"),
            said("tool", image),
            said("assistant", "", metadata={"async_task_id": "d1"}),
            said("assistant", 'The latest state of the widget is: {"a": 1}'),
            said("assistant", "Done."),
        )
    )
    assert texts(one) == [("me", "Draw and research"), ("assistant", "Done.")]
    assert left_out.counts == {"generated pictures": 1, "placeholders of a research": 2}


def test_marks_of_sources_are_no_words() -> None:
    assert without_marks("It rains \ue200cite\ue202turn0search1\ue201.") == "It rains ."
    assert without_marks('\ue200entity\ue202["city","Bergen"]\ue201 is wet【4:0†source】') == "Bergen is wet"
    assert without_marks("\ue200url\ue202The page\ue202https://a.example\ue201") == "The page"
    assert without_marks("x:contentReference[oaicite:0]{index=0} \ue200entity\ue202{\ue201") == "x "


def test_strange_values_are_named_with_their_place_and_the_rest_is_read() -> None:
    found, left_out = read(
        chat({"author": {"role": "alien"}, "content": {"parts": ["x"]}}, said("user", "one", 7, create_time="soon"), {"author": 3}),
        None, 5, {"title": "Empty", "mapping": {}}, chat(said("user", "after it")),
    )  # fmt: skip
    assert [text for one in found for _, text in texts(one)] == ["one", "after it"]
    assert left_out.counts["messages of unknown form"] == 2
    assert left_out.counts["conversations without messages"] == 3
    assert 'conversation 1 "Garden", key create_time: unreadable times, whose messages follow the one before' in left_out.places
    assert 'conversation 4 "Empty", key mapping: conversations without messages' in left_out.places


def test_text_may_hold_nul_and_half_a_character() -> None:
    (one,), _ = read(chat(said("user", " a\x00b \ud83d ")))
    assert one.messages[0].text == "ab �"


def test_a_long_conversation_comes_in_parts_with_one_id() -> None:
    found, _ = read(chat(*(said("user", f"m{at}") for at in range(5_001))))
    assert [(one.id, len(one.messages)) for one in found] == [("c1", 5_000), ("c1", 1)]
    assert found[0].messages[-1].time < found[1].messages[0].time


def test_messages_without_any_time_are_left_out() -> None:
    found, left_out = read(chat(said("user", "when?"), create_time=None))
    assert found == []
    assert left_out.counts == {"messages without a time": 1}


@pytest.mark.parametrize("cut", [1, 40])
def test_a_cut_file_is_one_sentence(cut: int) -> None:
    data = as_json([chat(said("user", "one"), said("assistant", "two"))])
    with pytest.raises(InvalidInput, match=r"conversations\.json is cut off"):
        all_of(chatgpt, source_of({"conversations.json": data[:-cut], "other.json": b"{}"}))


def test_a_zone_that_does_not_exist_is_one_sentence() -> None:
    with pytest.raises(InvalidInput, match="no time zone"):
        all_of(chatgpt, source_of({"c.json": as_json([chat(said("user", "x"))])}), Choices(zone="Mars/Base"))


SAMPLE = [
    chat(
        None, said("user", {"content_type": "image_asset_pointer", "asset_pointer": "sediment://file_1"}, "hi", create_time=T),
        said("assistant", {"content_type": "audio_transcription", "text": "ho"}, recipient="all", channel="final"),
        said("user", "bye", metadata={"attachments": [{"id": "file-1", "name": "a.png", "mime_type": "image/png"}]}),
    )
]  # fmt: skip


@given(changed(SAMPLE))
def test_whatever_stands_at_a_key_the_rest_is_read(value: Any) -> None:
    survives(chatgpt, source_of({"c.json": as_json(value), "file_1.dat": PNG}))


@given(changed(SAMPLE))
def test_recognising_never_raises(value: Any) -> None:
    data = as_json(value)
    chatgpt.recognises(source_of({"c.json": data[: len(data) // 2], "d.json": b"\xff\xfe", "e.json": b""}))


def test_a_file_of_something_else_is_refused_when_the_format_is_given() -> None:
    with pytest.raises(InvalidInput, match=r"export\.zip has no conversations of ChatGPT"):
        all_of(chatgpt, source_of({"a.json": b"[]", "b.json": b"{}"}))
