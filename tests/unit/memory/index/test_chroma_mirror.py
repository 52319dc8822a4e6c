"""Chroma behind the index: it ends up with what the index has, whatever happened in between."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from memory.core.errors import StorageError
from memory.core.records import SemanticMemory, make_id
from memory.memory import Memory
from tests.fakes import WordEmbedder
from tests.unit.memory.stores.test_journal import at


@pytest.fixture
def memory(tmp_path):
    with Memory(tmp_path, WordEmbedder(), asks=False) as opened:
        yield opened


def say(memory, count, text="I keep a heron. It sings at night"):
    last = memory.journal.last_time("ada") or at("2026-03-01 09:00")
    for number in range(1, count + 1):
        memory.ingest_turn("ada", last + timedelta(minutes=number), f"{text} {number}.", "I see.")


def in_chroma(memory, kind="turn"):
    return memory._indexes.chroma.record_ids("ada", kind)


def said(memory):
    return {turn.id for turn in memory.journal.turns("ada")}


def test_a_few_turns_are_found_at_once_and_written_to_chroma_later(memory):
    say(memory, 3)
    memory.index_soon("ada")
    assert memory.search("ada", "heron", kind="episodic")
    assert in_chroma(memory) == set()
    say(memory, 60, "I walk by the sea")
    memory.index_soon("ada")
    assert in_chroma(memory) == said(memory)


def test_documents_carry_text_record_facet_and_time(memory):
    say(memory, 2)
    memory.index("ada")
    collection = memory._indexes.chroma._there("ada", "turn")
    got = collection.get(include=["documents", "metadatas", "embeddings"])
    assert any("heron" in text for text in got["documents"])
    assert {entry["facet"] for entry in got["metadatas"]} == {"turn", "before", "sentence", "exchange"}
    assert {entry["record"] for entry in got["metadatas"]} == said(memory)
    assert abs((got["embeddings"] ** 2).sum(axis=1) - 1.0).max() < 1e-3


def test_what_is_forgotten_leaves_chroma_too_with_all_its_documents(memory):
    say(memory, 2)
    memory.index("ada")
    first, second = memory.journal.turns("ada")
    memory.forget("ada", first.id)
    assert in_chroma(memory) == {second.id}
    memory.undo("ada", first.id)
    assert in_chroma(memory) == {first.id, second.id}


def test_a_fact_that_became_untrue_changes_its_collection(memory):
    say(memory, 1)
    [turn] = memory.journal.turns("ada")
    fact = SemanticMemory(
        id=make_id("ada", "semantic", turn.id),
        turn_id=turn.id,
        time=turn.time,
        content="Ada keeps a heron.",
        keywords=("heron",),
    )
    memory.memories.commit_remember("ada", turn.id, memory.personality.reset("ada", turn.time), fact)
    memory.index("ada")
    assert in_chroma(memory, "semantic") == {fact.id}
    memory.outdate("ada", fact.id, turn.time + timedelta(days=1))
    assert in_chroma(memory, "semantic") == set()
    assert in_chroma(memory, "past") == {fact.id}


def test_what_changes_while_it_is_written_is_written_again(memory, monkeypatch):
    say(memory, 2)
    chroma, put = memory._indexes.chroma, memory._indexes.chroma.put
    first, _ = memory.journal.turns("ada")

    def put_and_forget(*args):
        put(*args)
        monkeypatch.setattr(chroma, "put", put)
        memory._forgetting.soft_delete("ada", first.id, lambda _: ({}, 0))
        memory._indexer.run("ada")

    monkeypatch.setattr(chroma, "put", put_and_forget)
    memory.index("ada")
    assert in_chroma(memory) == said(memory) - {first.id}


def test_where_chroma_fails_everything_is_found_and_written_when_it_is_back(memory, monkeypatch):
    say(memory, 2)
    down = StorageError("The vector store cannot be used.")
    with monkeypatch.context() as patch:
        patch.setattr(memory._indexes.chroma, "put", lambda *_: (_ for _ in ()).throw(down))
        with pytest.raises(StorageError):
            memory.index("ada")
        assert memory.search("ada", "heron", kind="episodic")
    memory.index("ada")
    assert in_chroma(memory) == said(memory)


def test_what_was_not_written_before_the_end_is_written_by_the_next_process(tmp_path):
    with Memory(tmp_path, WordEmbedder(), asks=False) as memory:
        say(memory, 2)
        memory.index_soon("ada")
    with Memory(tmp_path, WordEmbedder(), asks=False) as memory:
        memory.index("ada")
        assert in_chroma(memory) == said(memory)


def test_what_is_forgotten_while_another_thread_writes_it_does_not_come_back(memory, monkeypatch):
    say(memory, 2)
    chroma, put = memory._indexes.chroma, memory._indexes.chroma.put
    first, second = memory.journal.turns("ada")
    forgotten = threading.Event()

    def forget():
        memory.forget("ada", first.id)
        forgotten.set()

    other = threading.Thread(target=forget)

    def slow_put(*args):
        monkeypatch.setattr(chroma, "put", put)
        other.start()
        forgotten.wait(1.0)
        put(*args)

    monkeypatch.setattr(chroma, "put", slow_put)
    memory.index("ada")
    other.join()
    assert in_chroma(memory) == {second.id}
