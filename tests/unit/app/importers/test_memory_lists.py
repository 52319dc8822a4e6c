"""Lists of memories of ChatGPT, Claude and mem0 as facts."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given

from app.importers.conversations import LeftOut
from app.importers.formats import memory_lists
from memory.core.errors import InvalidInput
from tests.unit.app.importers.damage import as_json, changed
from tests.unit.app.importers.sources import source_of

MEM0 = {
    "results": [
        {
            "id": "1",
            "memory": "Plays the oboe",
            "hash": "x",
            "metadata": None,
            "created_at": "2026-01-02T03:04:05-07:00",
            "updated_at": None,
        },
        {"id": "2", "memory": "Moved to Oslo", "created_at": "2026-01-02T03:04:05Z", "updated_at": "2026-03-01T10:00:00+00:00"},
    ]
}


def read(members: dict[str, bytes]) -> tuple[list[Any], LeftOut]:
    left_out = LeftOut()
    return list(memory_lists.read_facts(source_of(members), left_out)), left_out


def texts(members: dict[str, bytes]) -> list[str]:
    return [fact.text for fact in read(members)[0]]


@pytest.mark.parametrize("value", [MEM0, MEM0["results"], {"memories": MEM0["results"]}])
def test_mem0_gives_results_or_a_bare_list(value: Any) -> None:
    members = {"dump.json": as_json(value)}
    assert memory_lists.recognises(source_of(members))
    facts, left_out = read(members)
    assert [fact.text for fact in facts] == ["Plays the oboe", "Moved to Oslo"]
    assert [fact.time.astimezone(UTC) for fact in facts] == [
        datetime(2026, 1, 2, 10, 4, 5, tzinfo=UTC),
        datetime(2026, 3, 1, 10, tzinfo=UTC),
    ]
    assert not left_out.counts


def test_a_list_that_the_person_names_as_memories_may_be_of_texts_or_empty() -> None:
    assert texts({"dump.json": as_json(["Plays the oboe", "Moved to Oslo"])}) == ["Plays the oboe", "Moved to Oslo"]
    for empty in ({"results": []}, {"memories": []}, []):
        assert not texts({"dump.json": as_json(empty)})
    assert texts({"notes.txt": b"[2025-03-01] - Plays the oboe.\n[unknown] - Moved."}) == ["Plays the oboe.", "Moved."]


def test_what_the_page_of_chatgpts_memories_loads() -> None:
    value = {
        "memories": [{"id": "m1", "content": "Is vegetarian", "updated_at": "2025-08-01T00:00:00Z"}],
        "memory_max_tokens": 1,
    }
    members = {"memories.json": as_json(value)}
    assert memory_lists.recognises(source_of(members))
    assert texts(members) == ["Is vegetarian"]


@pytest.mark.parametrize(
    "text",
    [
        "User has a dog called Fido\nUser’s sister lives in Rome\n\nThe user likes tea\n",
        "# Memories\n- User has a dog called Fido\n- User’s sister lives in Rome\n- The user likes tea",
        "```\n[2025-03-01] - User has a dog called Fido\n[unknown] - User’s sister lives in Rome\n[2025-04-01]. The user likes tea\n```",
    ],
)
def test_memories_that_were_copied_as_text(text: str) -> None:
    members = {"chatgpt.txt": text.encode()}
    assert memory_lists.recognises(source_of(members))
    assert texts(members) == ["User has a dog called Fido", "User’s sister lives in Rome", "The user likes tea"]


def test_a_date_in_brackets_is_the_time() -> None:
    facts, _ = read({"a.txt": b"[2025-03-01] - Likes tea\n[unknown] - Plays chess"})
    assert [fact.time and fact.time.date() for fact in facts] == [date(2025, 3, 1), None]


@pytest.mark.parametrize(
    "text", ["Dear diary\nUser is a word", "User likes tea", "", '{"a": 1}', "[12.3.22] Ada: User likes tea\nUser"]
)
def test_other_texts_are_not_taken_for_memories(text: str) -> None:
    assert not memory_lists.recognises(source_of({"a.txt": text.encode()}))


def test_conversations_are_no_memories() -> None:
    for value in (
        [{"role": "user", "content": "hi"}],
        [{"uuid": "1", "chat_messages": [{"sender": "human", "content": "x"}]}],
        [{"author": {"role": "user"}, "mapping": {}, "memory": "x"}],
        {"conversation": [{"content": "x"}]},
    ):
        assert not memory_lists.recognises(source_of({"a.json": as_json(value)}))


def test_any_text_is_taken_line_by_line_when_the_format_is_given() -> None:
    facts, left_out = read({"a.txt": "\ufeffPlays chess\n\n1. Likes tea\n---\n".encode()})
    assert [fact.text for fact in facts] == ["Plays chess", "Likes tea"]
    assert left_out.counts == {"lines that are no memories": 1}


def test_claudes_notes_are_facts_by_paragraph() -> None:
    notes = {
        "account_uuid": "a", "conversations_memory": "**Work context**\n\nAda builds\nboats.\n\n# Home\n- Has two cats\n- Lives by the sea",
        "project_memories": {"p": "The hull is oak."},
        "memory_files": [{"path": "/sea.md", "content": "* Sails on Sundays", "updated_at": "2026-09-01T00:00:00Z"}, 5],
    }  # fmt: skip
    for value in ([notes], notes):
        members = {"memories-000.zip/memories/a.json": as_json(value), "conversations.json": b'[{"chat_messages": []}]'}
        assert memory_lists.recognises(source_of(members))
        facts, _ = read(members)
        assert [fact.text for fact in facts] == [
            "Ada builds boats.", "Has two cats", "Lives by the sea", "The hull is oak.", "Sails on Sundays",
        ]  # fmt: skip
        assert facts[-1].time is not None
        assert facts[0].time is None


def test_memories_of_unknown_form_are_named() -> None:
    facts, left_out = read({"a.json": as_json([{"memory": "ok"}, {"memory": 5}, None, "bare"])})
    assert [fact.text for fact in facts] == ["ok", "bare"]
    assert left_out.places == [f"a.json, memory {at}, key memory: memories of unknown form" for at in (2, 3)]


def test_damage_is_one_sentence() -> None:
    with pytest.raises(InvalidInput, match="is cut off"):
        read({"a.json": as_json(MEM0)[:-20]})
    with pytest.raises(InvalidInput, match="no text in UTF-8"):
        read({"a.txt": b"\xff\xfe\x00"})
    with pytest.raises(InvalidInput, match="too long"):
        read({"a.txt": b"x" * 5_000_001})


@given(changed(MEM0))
def test_whatever_stands_at_a_key_the_rest_is_read(value: Any) -> None:
    source = source_of({"a.json": as_json(value), "b.json": as_json({"conversations_memory": value, "memory_files": [value]})})
    memory_lists.recognises(source)
    with suppress(InvalidInput):  # NaN and Infinity are no JSON.
        for fact in memory_lists.read_facts(source, LeftOut()):
            fact.text.encode()
            assert fact.text.strip()
            assert fact.time is None or fact.time.tzinfo is not None
