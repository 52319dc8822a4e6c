"""Claude's export: the path of the newest leaf, blocks before text, pasted texts, the newest export's files, and damage."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given

from app.importers.formats import chatgpt, claude
from memory.core.errors import InvalidInput
from tests.unit.app.importers.damage import all_of, as_json, changed, survives
from tests.unit.app.importers.sources import source_of

ROOT = "00000000-0000-4000-8000-000000000000"
PLACEHOLDER = "```\nThis block is not supported on your current device yet.\n```"


def message(name: str, text: str, minute: int, parent: str | None = ROOT, **keys: Any) -> dict[str, Any]:
    linked = {} if parent is None else {"parent_message_uuid": parent}
    return {
        "uuid": name, "sender": "human" if name.startswith("h") else "assistant", "text": text,
        "content": [{"type": "text", "text": text}], "created_at": f"2026-05-01T10:{minute:02}:00.123456Z",
        "attachments": [], "files": [],
    } | linked | keys  # fmt: skip


def chat(*messages: Any, **keys: Any) -> dict[str, Any]:
    return {
        "uuid": "c1", "name": "Boat", "summary": "", "created_at": "2026-05-01T09:59:00Z", "updated_at": "2026-05-01T11:00:00Z",
        "account": {"uuid": "a"}, "chat_messages": list(messages),
    } | keys  # fmt: skip


def read(*chats: Any, files: dict[str, bytes] | None = None) -> tuple[list[Any], Any]:
    return all_of(claude, source_of({"conversations.json": as_json(list(chats))} | (files or {})))


def texts(conversation: Any) -> list[str]:
    return [one.text for one in conversation.messages]


def test_the_path_of_the_newest_leaf_is_read_and_the_rest_counted() -> None:
    (one,), left_out = read(
        chat(
            message("h1", "Old question", 1),
            message("a1", "Old answer", 2, "h1"),
            message("h2", "Edited question", 3),
            message("a2", "First try", 4, "h2"),
            message("a3", "Second try", 5, "h2"),
        )
    )
    assert [(entry.role.value, entry.text) for entry in one.messages] == [
        ("me", "Edited question"),
        ("assistant", "Second try"),
    ]
    assert left_out.counts == {"messages of branches that were not seen last": 3}
    assert one.messages[0].time == datetime(2026, 5, 1, 12, 3, 0, 123456, ZoneInfo("Europe/Berlin"))


def test_the_newest_leaf_counts_and_not_the_last_in_the_file() -> None:
    (one,), _ = read(chat(message("h1", "Hi", 1), message("a2", "newer", 9, "h1"), message("a1", "older", 2, "h1")))
    assert texts(one) == ["Hi", "newer"]


def test_older_exports_are_one_path() -> None:
    (one,), left_out = read(chat(message("h1", "one", 1, None), message("a1", "two", 2, None), message("h2", "three", 3, None)))
    assert texts(one) == ["one", "two", "three"]
    assert not left_out.counts


def test_a_parent_that_is_missing_is_the_message_before() -> None:
    (one,), _ = read(chat(message("h1", "one", 1), message("a1", "two", 2, "h1"), message("h2", "three", 3, "lost")))
    assert texts(one) == ["one", "two", "three"]


@pytest.mark.parametrize("parent", ["h1", "a1"])
def test_a_circle_ends(parent: str) -> None:
    (one,), _ = read(chat(message("h1", "one", 1, parent), message("a1", "two", 2, "h1")))
    assert texts(one)[-1] == "two"


def test_blocks_come_before_text_and_placeholders_are_no_words() -> None:
    blocks = [
        {"type": "thinking", "thinking": "The user wants…"}, {"type": "text", "text": "Let me look."},
        {"type": "tool_use", "name": "web_search", "input": {}}, {"type": "tool_result", "content": []},
        {"type": "token_budget"}, {"type": "text", "text": "It sails."},
    ]  # fmt: skip
    flat = f"The user wants…\n{PLACEHOLDER}\n\nLet me look. It sails."
    (one,), left_out = read(
        chat(
            message("h1", "Does it sail?", 1),
            message("a1", flat, 2, "h1", content=blocks),
            message("h2", "And now?", 3, "a1", content=[]),
            message("a2", f"Wait.\n{PLACEHOLDER}\n\nYes.", 4, "h2", content=[]),
            message("h3", "ok", 5, "a2"),
            message("a3", f"The user wants…\n{PLACEHOLDER}", 6, "h3", content=[blocks[2]]),
        )
    )
    assert texts(one) == ["Does it sail?", "Let me look.\n\nIt sails.", "And now?", "Wait.\n\nYes.", "ok"]
    assert left_out.counts == {"thoughts of the model": 1, "tool calls": 3, "notes of the program to itself": 1}


def test_a_text_of_the_oldest_exports_is_taken_without_blocks() -> None:
    old = message("h1", "Only text", 1, None)
    del old["content"]
    (one,), _ = read(chat(old, message("a1", "", 2, None, content="plain")))
    assert texts(one) == ["Only text", "plain"]


def test_a_voice_note_is_words() -> None:
    (one,), _ = read(chat(message("h1", "", 1, content=[{"type": "voice_note", "title": "Note", "text": "Spoken words"}])))
    assert texts(one) == ["Spoken words"]


def test_pasted_texts_are_the_persons_own_and_documents_are_counted() -> None:
    pasted = {"file_name": "", "file_type": "txt", "extracted_content": "My whole letter"}
    older = {"file_name": "paste.txt", "extracted_content": "Another paste"}
    document = {"file_name": "contract.pdf", "extracted_content": "Clause 1"}
    (one,), left_out = read(
        chat(
            message("h1", "", 1, content=[], attachments=[pasted]),
            message("h2", "Read this", 2, "h1", attachments=[pasted, older, document, {"file_name": ""}, None]),
        )
    )
    assert texts(one) == ["My whole letter", "Read this\n\nMy whole letter\n\nAnother paste"]
    assert left_out.counts == {"documents": 3}


def test_a_long_pasted_text_is_whole() -> None:
    (one,), _ = read(chat(message("h1", "", 1, attachments=[{"file_name": "", "extracted_content": "x" * 90_000}])))
    assert len(texts(one)[0]) == 90_000


def test_files_are_named_only_and_counted() -> None:
    (one,), left_out = read(
        chat(message("h1", "See", 1, files=[{"file_name": "boat.jpg"}, {"file_name": "plan.pdf"}, {"file_name": "sea.png"}])),
        files={"files/sea.png": b"\x89PNG"},
    )
    assert [picture.read() for picture in one.messages[0].pictures] == [b"\x89PNG"]
    assert left_out.counts == {"pictures that are not in the export": 1, "documents": 1}


def test_the_newest_export_is_several_zip_files() -> None:
    design = {
        "uuid": "d1", "title": "Logo", "created_at": "2026-06-01T08:00:00Z", "project": {"uuid": "p"},
        "messages": [{"uuid": "m", "role": "user", "content": "A blue logo", "created_at": "2026-06-01T08:00:00Z"}],
    }  # fmt: skip
    project = {"uuid": "p", "name": "Sea", "prompt_template": "", "docs": [{"filename": "chart.md", "content": "depths"}]}
    source = source_of(
        {
            "manifest-1.json": as_json({"version": "1.0", "data_files": [{"filename": "conversations-000.zip"}]}),
            "conversations-000.zip/conversations.json": as_json([chat(message("h1", "Ahoy", 1))]),
            "projects-000.zip/projects/p.json": as_json(project),
            "memories-000.zip/memories/a.json": as_json({"account_uuid": "a", "conversations_memory": "Likes the sea."}),
            "design_chats-000.zip/design_chats/d1.json": as_json(design),
            "light_metadata-000.zip/users.json": as_json([{"uuid": "a", "full_name": "Ada"}]),
        }
    )
    assert claude.recognises(source)
    assert not chatgpt.recognises(source)
    found, left_out = all_of(claude, source)
    assert sorted((one.title, *texts(one)) for one in found) == [("Boat", "Ahoy"), ("Logo", "A blue logo")]
    assert left_out.counts == {"documents of projects": 1, "files of what Claude noted about you": 1}


def test_conversations_zip_by_itself_is_claude_and_not_chatgpt() -> None:
    source = source_of({"conversations.json": as_json([chat(message("h1", "Ahoy", 1))])}, name="conversations-000.zip")
    assert claude.recognises(source)
    assert not chatgpt.recognises(source)


def test_a_broken_list_of_projects_costs_nothing_else() -> None:
    found, left_out = read(chat(message("h1", "Ahoy", 1)), files={"projects.json": b'[{"docs": ['})
    assert len(found) == 1
    assert left_out.counts == {"files that cannot be read": 1}


def test_strange_values_are_named_and_the_rest_is_read() -> None:
    found, left_out = read(
        5, chat(chat_messages={}), chat(), chat(message("h1", "one", 1, created_at="noon"), 7, message("x", "?", 3, sender=["human"])),
        chat(message("h1", "two", 1, content=[3, {"type": "chart"}, {"type": "text", "text": "two"}])),
    )  # fmt: skip
    assert [text for one in found for text in texts(one)] == ["two"]
    assert left_out.counts["conversations of unknown form"] == 2
    assert left_out.counts["conversations without messages"] == 1
    assert left_out.counts["parts of unknown form"] == 2
    assert 'conversation 4 "Boat", key sender: messages of unknown form' in left_out.places


def test_a_time_that_cannot_be_read_is_a_second_after_the_message_before() -> None:
    (one,), left_out = read(chat(message("h1", "one", 1), message("a1", "two", 1, "h1", created_at="noon")))
    assert (one.messages[1].time - one.messages[0].time).total_seconds() == 1
    assert left_out.places == ['conversation 1 "Boat", key created_at: unreadable times, whose messages follow the one before']


def test_messages_of_one_id_are_both_kept() -> None:
    (one,), _ = read(chat(message("h1", "one", 1, None), message("h1", "two", 2, None)))
    assert texts(one) == ["one", "two"]


def test_a_cut_file_is_one_sentence() -> None:
    data = as_json([chat(message("h1", "one", 1)), chat(message("h1", "two", 1))])
    with pytest.raises(InvalidInput, match=r"conversations\.json is cut off"):
        all_of(claude, source_of({"conversations.json": data[:-60]}))


SAMPLE = [
    chat(
        message("h1", "one", 1, attachments=[{"file_name": "", "extracted_content": "pasted"}], files=[{"file_name": "a.png"}]),
        message("a1", "two", 2, "h1", content=[{"type": "thinking", "thinking": "x"}, {"type": "text", "text": "two"}]),
    )
]


@given(changed(SAMPLE))
def test_whatever_stands_at_a_key_the_rest_is_read(value: Any) -> None:
    project = as_json([{"name": value, "docs": [value]}])
    survives(claude, source_of({"c.json": as_json(value), "projects.json": project}))
