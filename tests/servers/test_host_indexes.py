"""Hosts with folders of their own follow one journal: each person's index file is brought up to it before each search."""

from __future__ import annotations

import shutil
import time
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from memory.core.errors import StorageError
from memory.core.query import Query
from memory.core.time_window import TimeWindow
from memory.index.chroma import COLLECTIONS
from memory.index.position import Position
from memory.memory import Memory
from tests.fakes import WordEmbedder

pytestmark = pytest.mark.server
START = datetime(2026, 3, 1, 9, tzinfo=UTC)


@pytest.fixture
def hosts(stores, tmp_path):
    """Two hosts on one journal and one Chroma, each with a folder of its own."""
    with ExitStack() as opened:
        yield [
            opened.enter_context(
                Memory(tmp_path / name, WordEmbedder(), database_url=stores.database_url, chroma_url=stores.chroma_url)
            )
            for name in ("one", "two")
        ]


def say(memory: Memory, user: str, text: str, number: int = 0) -> str:
    turn = memory.ingest_turn(user, START + timedelta(minutes=number), text, "I see.")
    assert turn is not None
    return turn.id


def asked(memory: Memory, user: str, text: str) -> list[str]:
    found = memory.search_jointly(user, Query(text, text, START + timedelta(days=30)))
    return [one.text for one in found.memories]


def test_what_is_said_on_one_host_is_found_on_the_other_at_its_next_search(hosts, user):
    one, other = hosts
    for number in range(3):
        say(one, user, f"My heron number {number} is called Zazuquill.", number)
        assert any(f"number {number}" in text for text in asked(other, user, f"heron number {number}"))
        say(other, user, f"My newt number {number} is called Quorlim.", 100 + number)
        assert any(f"newt number {number}" in text for text in asked(one, user, f"newt number {number}"))


def test_what_is_forgotten_on_one_host_is_not_found_on_the_other_at_its_next_search(hosts, user):
    one, other = hosts
    turn_id = say(one, user, "My heron is called Zazuquill.")
    say(one, user, "I have two newts.", 1)
    assert "Zazuquill" in str(asked(other, user, "heron Zazuquill"))
    one.forget(user, turn_id)
    assert "Zazuquill" not in str(asked(other, user, "heron Zazuquill"))
    other.undo(user, turn_id)
    assert "Zazuquill" in str(asked(one, user, "heron Zazuquill"))


def test_chroma_has_each_row_once_whichever_host_copies_it(hosts, user):
    one, other = hosts
    turn_ids = {say(hosts[number % 2], user, f"I have seen the heron {number} times.", number) for number in range(6)}
    for memory in (*hosts, *hosts):
        memory.index(user)
    chroma = one._indexes.chroma
    assert chroma.record_ids(user, "turn") == turn_ids
    gone = min(turn_ids)
    other.forget(user, gone, now=True)
    assert chroma.record_ids(user, "turn") == turn_ids - {gone}
    assert not one._indexer.behind()


def test_what_is_said_elsewhere_while_a_host_copies_to_chroma_is_copied_too(hosts, user, monkeypatch):
    one, other = hosts
    say(one, user, "My heron is called Zazuquill.")
    run = one._indexer.run

    def _then_said_elsewhere(*args, **options):
        done = run(*args, **options)
        monkeypatch.setattr(one._indexer, "run", run)
        say(other, user, "My newt is called Quorlim.", 1)
        return done

    monkeypatch.setattr(one._indexer, "run", _then_said_elsewhere)
    one._indexer.mirror(user)
    one._indexer.mirror(user)
    assert one._indexes.chroma.record_ids(user, "turn") == {turn.id for turn in one.journal.turns(user)}


def test_what_another_process_of_the_host_wrote_meanwhile_does_not_end_the_indexing(hosts, user, stores, tmp_path):
    one, _ = hosts
    say(one, user, "My heron is called Zazuquill.")
    urls = {"database_url": stores.database_url, "chroma_url": stores.chroma_url}
    with Memory(tmp_path / "one", WordEmbedder(), **urls) as beside:
        following = one._indexer._changed.next

        def _read_late(user_id, *, pictures):
            one._indexer._changed.next = following
            beside._indexer.run(user_id)
            say(beside, user_id, "My newt is called Quorlim.", 1)
            batch = following(user_id, pictures=pictures)
            return replace(batch, move=batch.move._replace(start=Position(batch.move.end.era, 0)))

        one._indexer._changed.next = _read_late
        assert "Quorlim" in str(asked(one, user, "newt Quorlim"))


def test_a_host_whose_files_are_lost_has_them_again(hosts, user):
    one, _ = hosts
    say(one, user, "My heron is called Zazuquill.")
    assert asked(one, user, "heron")
    one._indexes.search.files.delete_user(user)
    assert "Zazuquill" in str(asked(one, user, "heron"))


def test_a_person_who_comes_back_has_nothing_of_before_on_any_host(hosts, user):
    one, other = hosts
    for number in range(3):
        say(one, user, f"My heron is called Zazuquill{number}.", number)
    assert asked(other, user, "heron")
    one.delete_user(user)
    assert asked(other, user, "heron") == []
    for number in range(5):
        say(other, user, f"I keep newts, {number} of them.", number)
    for memory in hosts:
        assert "Zazuquill" not in str(asked(memory, user, "heron"))
        assert "newts" in str(asked(memory, user, "newts"))


def test_after_a_rebuild_every_host_discards_its_files(hosts, user):
    one, other = hosts
    say(one, user, "My heron is called Zazuquill.")
    assert asked(other, user, "heron")
    before = other._indexes.search.position(user)
    assert one.reindex() > 0
    assert "Zazuquill" in str(asked(other, user, "heron"))
    assert other._indexes.search.position(user).era != before.era
    in_chroma = {name for kind in COLLECTIONS for name in one._indexes.chroma.record_ids(user, kind)}
    assert in_chroma == one._indexes.search.ids(user)


def test_hosts_go_on_with_chroma_after_another_one_made_it_again(hosts, user):
    one, other = hosts
    turn_id = say(one, user, "My heron is called Zazuquill.")
    one.index(user)
    other.index(user)
    assert one.reindex() > 0
    say(other, user, "My newt is called Quorlim.", 1)
    other.index(user)
    assert other.forget(user, turn_id, now=True).is_clean
    assert len(one._indexes.chroma.record_ids(user, "turn")) == 1


def test_a_host_whose_folder_is_deleted_while_it_runs_makes_it_again(hosts, user, tmp_path):
    one, _ = hosts
    say(one, user, "My heron is called Zazuquill.")
    assert asked(one, user, "heron")
    shutil.rmtree(tmp_path / "one" / "shared-words")
    assert "Zazuquill" in str(asked(one, user, "heron"))


def test_without_chroma_something_is_forgotten_at_once_all_the_same(hosts, user, monkeypatch):
    one, other = hosts
    turn_id = say(one, user, "My heron is called Zazuquill.")

    def _down(*_, **__):
        raise StorageError("Chroma is down.")

    monkeypatch.setattr(one._indexes.chroma, "replace", _down)
    one.forget(user, turn_id)
    assert "Zazuquill" not in str(asked(other, user, "heron Zazuquill"))


class TestNewHere:
    """A person whose index file is not on this host yet."""

    @pytest.fixture
    def long(self, hosts, user):
        """A long history on the first host; Chroma has it."""
        one, other = hosts
        for number in range(150):
            say(one, user, f"On day {number} I counted {number} swans at the lake.", number)
        say(one, user, "My heron is called Zazuquill.", 200)
        one.index(user)
        other._indexes.follower.ask = lambda _: None
        return one, other

    def test_is_answered_from_chroma_and_the_journal(self, long, user):
        _, other = long
        found = other.search_jointly(user, Query("heron Zazuquill", "heron", START + timedelta(days=30)))
        assert found.from_chroma
        assert "Zazuquill" in str(found.memories)
        assert not other._indexes.search.files.has(user)
        assert (other.counts.total("chroma"), other.counts.total("misses")) == (1, 1)
        assert "Zazuquill" in str(other.search(user, "heron Zazuquill"))

    def test_what_chroma_lacks_is_found_too(self, long, user):
        one, other = long
        say(one, user, "My newt is called Quorlim.", 300)
        assert "Quorlim" in str(asked(other, user, "newt Quorlim"))

    def test_what_is_copied_to_chroma_during_the_search_is_found_too(self, long, user, monkeypatch):
        one, other = long
        say(one, user, "My newt is called Quorlim.", 300)
        nearest = other._indexes.chroma.nearest

        def _before_it_was_copied(*given, **named):
            found = nearest(*given, **named)
            one.index(user)
            return found

        monkeypatch.setattr(other._indexes.chroma, "nearest", _before_it_was_copied)
        assert "Quorlim" in str(asked(other, user, "newt Quorlim"))

    def test_what_chroma_lacks_is_found_beside_much_that_is_near(self, long, user):
        one, other = long
        for number in range(150):
            say(one, user, f"In year {number} a {('goose', 'duck', 'crane')[number % 3]} came.", 200 + number)
        one.index(user)
        say(one, user, "My newt is called Quorlim.", 400)
        query = Query("newt Quorlim", "a goose came", START + timedelta(days=30), previous_message="a duck came")
        found = other.search_jointly(user, query)
        assert found.from_chroma
        assert "Quorlim" in str(found.memories)

    def test_a_word_finds_what_no_vector_is_near_to(self, long, user, monkeypatch):
        _, other = long
        monkeypatch.setattr(other._indexes.chroma, "nearest", lambda _user, _kind, vectors, **_: [[] for _ in vectors])
        found = other.search_jointly(user, Query("What are my herons called?", "", START + timedelta(days=30)))
        assert found.from_chroma
        assert "Zazuquill" in str(found.memories)

    def test_what_is_forgotten_is_not_found(self, long, user):
        one, other = long
        turn = next(turn for turn in one.journal.turns(user) if "Zazuquill" in turn.text)
        one._forgetting.soft_delete(user, turn.id, lambda words: ({}, 1))
        assert one._indexes.chroma.record_ids(user, "turn") >= {turn.id}
        assert "Zazuquill" not in str(asked(other, user, "heron Zazuquill"))

    def test_what_was_said_in_the_time_asked_for_is_found(self, long, user):
        _, other = long
        window = TimeWindow.between(START + timedelta(minutes=70), START + timedelta(minutes=72))
        found = other.search_jointly(user, Query("heron", "heron", START + timedelta(days=30), window))
        assert found.from_chroma
        assert not found.widened
        assert all(window.contains(one.time.timestamp()) for one in found.memories)

    def test_without_chroma_the_index_is_made_first(self, long, user, monkeypatch):
        _, other = long

        def _down(*_, **__):
            raise StorageError("Chroma is down.")

        monkeypatch.setattr(other._indexes.chroma, "nearest", _down)
        found = other.search_jointly(user, Query("heron Zazuquill", "heron", START + timedelta(days=30)))
        assert not found.from_chroma
        assert "Zazuquill" in str(found.memories)

    def test_once_the_file_is_there_it_answers(self, hosts, user):
        one, other = hosts
        for number in range(150):
            say(one, user, f"On day {number} I counted {number} swans at the lake.", number)
        one.index(user)
        assert other.search_jointly(user, Query("swans", "swans", START + timedelta(days=30))).from_chroma
        for _ in range(300):
            if not other._indexes.follower.is_waiting(user):
                break
            time.sleep(0.1)
        assert not other.search_jointly(user, Query("swans", "swans", START + timedelta(days=30))).from_chroma
        assert other._indexes.search.count(user) == 150
