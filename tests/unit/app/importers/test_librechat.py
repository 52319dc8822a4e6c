"""LibreChat's export of a conversation: branches, trees, content in parts, and damage."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given

from app.importers.formats import librechat
from memory.core.errors import InvalidInput
from tests.unit.app.importers.damage import all_of, as_json, changed, survives
from tests.unit.app.importers.sources import source_of

ROOT = "00000000-0000-0000-0000-000000000000"


def message(name: str, text: str, minute: int | None, parent: str = ROOT, **keys: Any) -> dict[str, Any]:
    mine = name.startswith("u")
    return {
        "messageId": name, "parentMessageId": parent, "sender": "User" if mine else "Model", "text": text, "isCreatedByUser": mine,
        "error": False, "unfinished": False, "createdAt": None if minute is None else f"2026-02-03T08:{minute:02}:00.000Z",
    } | keys  # fmt: skip


def chat(*messages: Any, **keys: Any) -> dict[str, Any]:
    return {
        "conversationId": "l1", "endpoint": "openAI", "title": "Tea", "exportAt": "12:30:38 GMT+0100", "branches": True,
        "recursive": False, "messages": list(messages),
    } | keys  # fmt: skip


def read(*chats: Any) -> tuple[list[Any], Any]:
    return all_of(librechat, source_of({f"{at}.json": as_json(one) for at, one in enumerate(chats)}))


def texts(conversation: Any) -> list[tuple[str, str]]:
    return [(one.role.value, one.text) for one in conversation.messages]


def test_of_branches_the_newest_is_read() -> None:
    (one,), left_out = read(
        chat(
            message("u1", "Green?", 1),
            message("a1", "No.", 2, "u1"),
            message("a2", "Yes.", 3, "u1"),
            message("u2", "Thanks", 4, "a2"),
        )
    )
    assert texts(one) == [("me", "Green?"), ("assistant", "Yes."), ("me", "Thanks")]
    assert one.messages[0].time == datetime(2026, 2, 3, 9, 1, tzinfo=ZoneInfo("Europe/Berlin"))
    assert (one.id, one.title) == ("l1", "Tea")
    assert left_out.counts == {"messages of branches that were not seen last": 1}


@pytest.mark.parametrize("key", ["messages", "messagesTree"])
def test_a_tree_with_children(key: str) -> None:
    leaf = message("u2", "Thanks", 4) | {"children": []}
    tree = message("u1", "Green?", 1) | {"children": [message("a1", "No.", 2), message("a2", "Yes.", 3) | {"children": [leaf]}]}
    for one in (tree, leaf, *tree["children"]):
        del one["parentMessageId"]
    value = chat(recursive=True) | {key: [tree]}
    if key != "messages":
        del value["messages"]
    assert librechat.recognises(source_of({"a.json": as_json(value)}))
    (one,), _ = read(value)
    assert [text for _, text in texts(one)] == ["Green?", "Yes.", "Thanks"]


def test_a_list_in_which_nothing_names_a_parent_is_one_path() -> None:
    bare = [
        {"text": text, "isCreatedByUser": not at % 2, "createdAt": f"2026-02-03T08:0{at}:00Z"} for at, text in enumerate("abc")
    ]
    (one,), _ = read(chat(*bare))
    assert texts(one) == [("me", "a"), ("assistant", "b"), ("me", "c")]


def test_a_folder_of_exports_is_one_history() -> None:
    found, _ = read(chat(message("u1", "one", 1)), chat(message("u1", "two", 2), conversationId="l2"))
    assert [(one.id, one.messages[0].text) for one in found] == [("l1", "one"), ("l2", "two")]


def test_content_in_parts_and_folded_thoughts() -> None:
    parts = [
        {"type": "think", "think": "hm"}, {"type": "text", "text": "First."}, {"type": "tool_call", "tool_call": {}}, None,
        {"type": "text", "text": {"value": "Second."}}, {"type": "error", "error": "x"},
    ]  # fmt: skip
    (one,), left_out = read(
        chat(
            message("u1", "Go", 1),
            message("a1", "", 2, "u1", content=parts),
            message("u2", "More", 3, "a1"),
            message("a2", ":::thinking\nhm\n:::\n\nHere.", 4, "u2"),
            message("u3", "And", 5, "a2"),
            message("a3", "broken", 6, "u3", error=True),
        )
    )
    assert [text for _, text in texts(one)] == ["Go", "First.\n\nSecond.", "More", "Here.", "And"]
    assert left_out.counts == {"thoughts of the model": 1, "tool calls": 1, "error messages of the program": 2}


def test_files_are_counted() -> None:
    files = [{"type": "image/png", "filename": "cup.png"}, {"type": "application/pdf", "filename": "a.pdf"}]
    (one,), left_out = read(chat(message("u1", "My cup", 1, files=files), message("a1", "Nice", 2, "u1", files=files[:1])))
    assert texts(one) == [("me", "My cup"), ("assistant", "Nice")]
    assert left_out.counts == {"pictures that are not in the export": 1, "documents": 1, "generated pictures": 1}


def test_missing_times_follow_the_message_before() -> None:
    (one,), _ = read(chat(message("u1", "a", None), message("a1", "b", 2, "u1"), message("u2", "c", None, "a1")))
    assert [f"{message.time:%H:%M:%S}" for message in one.messages] == ["09:01:59", "09:02:00", "09:02:01"]


def test_a_circle_ends() -> None:
    (one,), _ = read(chat(message("u1", "a", 1, "u1"), message("a1", "b", 2, "u1")))
    assert [text for _, text in texts(one)] == ["a", "b"]


def test_strange_values_are_named() -> None:
    found, left_out = read(chat(message("u1", "a", 1), 7, message("x", "b", 2, "u1", isCreatedByUser="no")), chat())
    assert [texts(one) for one in found] == [[("me", "a")]]
    assert left_out.counts["messages of unknown form"] == 1
    assert left_out.counts["messages of branches that were not seen last"] == 1
    assert 'conversation 1 "Tea", key isCreatedByUser: messages of unknown form' in left_out.places
    assert 'conversation 2 "Tea", key messages: conversations without messages' in left_out.places


@pytest.mark.parametrize("key", ["messages", "messagesTree"])
def test_a_long_conversation_in_which_each_message_stands_inside_the_one_before_it(key: str) -> None:
    # As text: Python writes nested values by calling itself.
    number = 5_000
    opened = "".join(
        f'{{"messageId": "m{at}", "isCreatedByUser": {"false" if at % 2 else "true"}, "text": "text {at}",'
        f' "createdAt": "2026-02-03T{8 + at // 3600:02}:{at // 60 % 60:02}:{at % 60:02}.000Z", "children": ['
        for at in range(number)
    )
    text = f'{{"conversationId": "l1", "title": "Tea", "recursive": true, "{key}": [{opened}{"]}" * number}]}}'
    (conversation,), left_out = all_of(librechat, source_of({"0.json": text.encode()}))
    assert [one.text for one in conversation.messages] == [f"text {at}" for at in range(number)]
    assert not left_out.counts


def test_a_cut_file_is_one_sentence() -> None:
    with pytest.raises(InvalidInput, match="is cut off"):
        all_of(librechat, source_of({"c.json": as_json(chat(message("u1", "one", 1)))[:-30]}))


SAMPLE = chat(
    message("u1", "one", 1, files=[{"type": "image/png", "filename": "a.png"}]),
    message("a1", "two", 2, "u1", content=[{"type": "text", "text": {"value": "two"}}])
    | {"children": [message("u2", "three", 3)]},
)


@given(changed(SAMPLE))
def test_whatever_stands_at_a_key_the_rest_is_read(value: Any) -> None:
    survives(librechat, source_of({"c.json": as_json(value), "a.png": b"\x89PNG"}))
