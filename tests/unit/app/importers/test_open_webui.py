"""Open WebUI's export of chats: the current path, folded thoughts, pictures as data, and damage."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given

from app.importers.formats import open_webui
from memory.core.errors import InvalidInput
from tests.unit.app.importers.damage import all_of, as_json, changed, survives
from tests.unit.app.importers.sources import source_of

PNG = b"\x89PNG\r\n\x1a\n"
DATA_URL = f"data:image/png;base64,{base64.b64encode(PNG).decode()}"
T = 1_770_000_000


def message(name: str, content: Any, parent: str | None = None, **keys: Any) -> dict[str, Any]:
    role = "user" if name.startswith("u") else "assistant"
    return {"id": name, "parentId": parent, "childrenIds": [], "role": role, "content": content, "timestamp": T} | keys


def chat(*messages: dict[str, Any], current: Any = None, **keys: Any) -> dict[str, Any]:
    history = {"messages": {one["id"]: one for one in messages}, "currentId": current or messages[-1]["id"]}
    inner = {"id": "", "title": "Bread", "models": ["m"], "history": history, "messages": list(messages), "timestamp": T * 1000}
    return {
        "id": "w1",
        "user_id": "u",
        "title": "Bread",
        "chat": inner,
        "created_at": T - 5,
        "updated_at": T,
        "archived": False,
    } | keys


def read(*chats: Any) -> tuple[list[Any], Any]:
    return all_of(open_webui, source_of({"chat-export-1.json": as_json(list(chats))}))


def texts(conversation: Any) -> list[tuple[str, str]]:
    return [(one.role.value, one.text) for one in conversation.messages]


def test_the_current_path_is_read_and_other_answers_are_counted() -> None:
    (one,), left_out = read(
        chat(
            message("u1", "How long?"),
            message("a1", "An hour.", "u1", timestamp=T + 60),
            message("a2", "Two.", "u1"),
            current="a1",
        )
    )
    assert (one.id, one.title) == ("w1", "Bread")
    assert texts(one) == [("me", "How long?"), ("assistant", "An hour.")]
    assert one.messages[0].time == datetime.fromtimestamp(T, ZoneInfo("Europe/Berlin"))
    assert left_out.counts == {"messages of branches that were not seen last": 1}


@pytest.mark.parametrize("current", ["gone", 5])
def test_without_a_current_message_the_newest_leaf_is_taken(current: Any) -> None:
    value = chat(message("u1", "q"), message("a1", "new", "u1", timestamp=T + 9), message("a2", "old", "u1"), current=current)
    (one,), _ = read(value)
    assert texts(one)[-1] == ("assistant", "new")


def test_the_oldest_exports_have_a_flat_list() -> None:
    value = chat(message("u1", "one"), message("a1", "two"))
    del value["chat"]["history"]
    (one,), _ = read(value)
    assert texts(one) == [("me", "one"), ("assistant", "two")]


def test_a_single_chat_is_an_export_too() -> None:
    source = source_of({"chat.json": as_json(chat(message("u1", "alone")))})
    assert open_webui.recognises(source)
    assert texts(all_of(open_webui, source)[0][0]) == [("me", "alone")]


def test_a_message_that_is_its_own_parent_ends() -> None:
    (one,), _ = read(chat(message("u1", "one", "u1")))
    assert texts(one) == [("me", "one")]


def test_what_a_model_thought_and_did_is_no_reply() -> None:
    folded = (
        '<details type="reasoning" done="true" duration="3">\n<summary>Thought</summary>\n> hm\n</details>\nKnead it.'
        '<details type="tool_calls" done="true">\n<summary>Tool</summary>\n</details> Then wait.'
    )
    (one,), left_out = read(
        chat(
            message("u1", "Why?"),
            message("a1", folded, "u1"),
            message("u2", "<think>mine</think>", "a1"),
            message("a2", "<think>so</think>\nBecause.", "u2"),
            message("u3", "ok", "a2"),
            message("a3", "", "u3", error={"content": "no server"}),
            message("u4", "<details>mine</details>", "a3"),
            message("a4", "<details><summary>More</summary>kept</details>", "u4"),
            message("s1", "Be kind", "a4", role="system"),
        )
    )
    assert [text for _, text in texts(one)] == [
        "Why?", "Knead it. Then wait.", "<think>mine</think>", "Because.", "ok", "<details>mine</details>",
        "<details><summary>More</summary>kept</details>",
    ]  # fmt: skip
    assert left_out.counts == {"error messages of the program": 1, "messages of the program": 1}


def test_pictures_are_data_urls_or_gone() -> None:
    files = [
        {"type": "image", "url": DATA_URL}, {"type": "image", "url": "/api/v1/files/7/content"}, {"type": "file", "name": "a.pdf"},
        {"type": "file", "content_type": "image/png", "url": "0b1c", "name": "b.png"},
    ]  # fmt: skip
    (one,), left_out = read(chat(message("u1", "See", files=files)))
    assert [picture.read() for picture in one.messages[0].pictures] == [PNG]
    assert left_out.counts == {"pictures that are not in the export": 2, "documents": 1}


def test_pictures_inside_of_texts_do_not_become_words() -> None:
    (one,), left_out = read(
        chat(
            message("u1", "Draw"), message("a1", f"Here: ![cat]({DATA_URL})", "u1", files=[{"type": "image", "url": DATA_URL}])
        )
    )
    assert texts(one) == [("me", "Draw"), ("assistant", "Here:")]
    assert left_out.counts == {"generated pictures": 2}


def test_content_in_parts() -> None:
    parts = [{"type": "text", "text": "What is it?"}, {"type": "image_url", "image_url": {"url": DATA_URL}}, 5]
    (one,), left_out = read(chat(message("u1", parts)))
    assert texts(one) == [("me", "What is it?")]
    assert len(one.messages[0].pictures) == 1
    assert left_out.counts == {"parts of unknown form": 1}


def test_a_damaged_picture_is_one_sentence() -> None:
    (one,), _ = read(chat(message("u1", "x", files=[{"type": "image", "url": "data:image/png;base64,AAAAA"}])))
    with pytest.raises(InvalidInput, match="is damaged"):
        one.messages[0].pictures[0].read()


def test_strange_values_are_named_and_the_rest_is_read() -> None:
    found, left_out = read(
        None, chat(message("u1", "one"), message("a1", "", "u1", role="alien", timestamp=[1])), {"title": "T", "chat": {}}
    )
    assert [texts(one) for one in found] == [[("me", "one")]]
    assert left_out.counts == {
        "conversations of unknown form": 1,
        "messages of unknown form": 1,
        "conversations without messages": 1,
    }
    assert 'conversation 2 "Bread", key role: messages of unknown form' in left_out.places


def test_a_cut_file_is_one_sentence() -> None:
    with pytest.raises(InvalidInput, match="is cut off"):
        all_of(open_webui, source_of({"c.json": as_json([chat(message("u1", "one"))])[:-30]}))


SAMPLE = [
    chat(
        message("u1", "one", files=[{"type": "image", "url": DATA_URL}]), message("a1", [{"type": "text", "text": "two"}], "u1")
    )
]


@given(changed(SAMPLE))
def test_whatever_stands_at_a_key_the_rest_is_read(value: Any) -> None:
    survives(open_webui, source_of({"c.json": as_json(value)}))
