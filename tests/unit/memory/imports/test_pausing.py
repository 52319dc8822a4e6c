"""An import whose reading is paused waits, holds nothing back, survives restarts, and is gone on with."""

from __future__ import annotations

import sqlite3
from datetime import timedelta

import pytest

from memory.core import clock
from memory.core.errors import InvalidInput, NotFound
from memory.imports.lines import ImportedLine
from memory.imports.reading import Reading
from memory.imports.service import Source
from memory.memory import Memory
from memory.storage import work_queue
from memory.storage.engine import Database
from memory.storage.work_queue import Backlog, Left
from tests.fakes import WordEmbedder

BEGIN = clock.parse_time("2025-03-01 09:00", "UTC")


def taken(memory, *minutes, depth="sessions", user="ada"):
    lines = [ImportedLine(BEGIN + timedelta(minutes=one), f"Word {one}", "Ok", "a") for one in minutes]
    return memory.imports.write(user, memory.imports.begin(user, Source("chatgpt", "a.json"), lines, depth).id).id


def done(memory, item):
    with memory._database.write() as connection:
        work_queue.done(connection, item.user_id, item.kind, item.subject)


def all_done(memory):
    """Do all the work that may start, and return it."""
    items = []
    while item := memory.work.next():
        assert memory.work.next_of(item.user_id) == item
        done(memory, item)
        items.append(item)
    return items


def said(memory, text="Today"):
    turn = memory.receive("ada", text)
    memory.journal.finish(turn.id, "Ok")
    return turn.id


def test_a_paused_import_is_not_read_and_holds_nothing_back(memory):
    first = taken(memory, 0, 100, depth="all")
    second = taken(memory, 1000)
    assert memory.imports.reading.pause(first, "ada") == 4
    assert [one.paused for one in memory.imports.of("ada")] == [False, True]
    of_second = {one.subject for one in all_done(memory)}
    assert second in of_second
    assert len(of_second) == 2
    assert memory.work.next_of("ada") is None
    assert memory.work.next() is None
    assert memory.work.count("ada") == memory.work.count() == 0
    assert memory.work.backlog("ada") == Backlog()
    assert {(one.import_id, one.kind, one.paused, one.steps) for one in memory.work.left("ada")} == {
        (first, "message", True, 2), (first, "conversation", True, 2),
    }  # fmt: skip
    assert memory.imports.reading.resume(first, "ada") == 4
    assert memory.work.next_of("ada").kind == "remember"
    assert memory.work.backlog("ada").messages == 2


def test_conversations_and_other_people_go_on(memory):
    paused = taken(memory, 0, depth="all")
    taken(memory, 0, depth="all", user="bob")
    memory.imports.reading.pause(paused)
    turn = said(memory)
    assert memory.work.next_of("ada").subject == turn
    assert memory.work.backlog("ada") == Backlog(1)
    assert {item.user_id for item in all_done(memory)} == {"ada", "bob"}


def test_the_pause_survives_a_restart_and_comes_from_another_process(tmp_path):
    with Memory(tmp_path, WordEmbedder(), asks=False) as memory:
        name = taken(memory, 0)
        other = Database(f"sqlite:///{tmp_path / 'journal.db'}")
        assert Reading(other).pause(name) == 2
        other.close()
        assert memory.work.next_of("ada") is None
    with Memory(tmp_path, WordEmbedder(), asks=False) as memory:
        assert memory.work.next(due_only=False) is None
        assert memory.imports.get("ada", name).paused


def test_lines_that_are_written_later_wait_too(memory):
    lines = [ImportedLine(BEGIN, "One", "Ok", "a")]
    begun = memory.imports.begin("ada", Source("chatgpt", "a.json"), lines, "all")
    assert memory.imports.reading.pause(begun.id) == 0
    memory.imports.write("ada", begun.id)
    assert memory.work.next_of("ada") is None
    assert [(one.paused, one.steps) for one in memory.work.left("ada")] == [(True, 1), (True, 1)]


def test_a_paused_import_is_undone_as_any_other(memory):
    name = taken(memory, 0, 100, depth="all")
    memory.imports.reading.pause(name)
    assert memory.imports.undo("ada", name)["messages"] == 2
    assert memory.work.left() == []


def test_what_cannot_be_paused_is_a_sentence(memory):
    unread, read, other = taken(memory, 0, depth="none"), taken(memory, 1000), taken(memory, 0, user="bob")
    while item := memory.work.next_of("ada"):
        done(memory, item)
    with pytest.raises(InvalidInput, match="does not read the import"):
        memory.imports.reading.pause(unread)
    with pytest.raises(InvalidInput, match="has read all of the import"):
        memory.imports.reading.pause(read)
    for name in ("imp_0", other):
        with pytest.raises(NotFound, match="There is no import"):
            memory.imports.reading.pause(name, "ada")
        with pytest.raises(NotFound, match="There is no import"):
            memory.imports.reading.resume(name, "ada")
    assert not any(one.paused for user in ("ada", "bob") for one in memory.imports.of(user))


def test_what_is_left_is_told_by_kind(memory):
    name = taken(memory, 0, 100, 200)
    said(memory)
    assert sorted(memory.work.left(), key=repr) == sorted(
        [
            Left("ada", None, "message", False, 1), Left("ada", name, "topics", False, 3), Left("ada", name, "sets", False, 1),
        ],
        key=repr,
    )  # fmt: skip
    assert work_queue.steps_by_import(memory.work.left()) == {name: 4}


def test_an_archive_keeps_the_pause_and_names_only_its_own_imports(memory, tmp_path):
    name = taken(memory, 0, 100)
    memory.imports.reading.pause(name)
    memory.export_user("ada", tmp_path / "ada.zip")
    with Memory(tmp_path / "other", WordEmbedder(), asks=False) as other:
        other.import_user(tmp_path / "ada.zip")
        assert other.work.left() == memory.work.left()
        assert other.work.next() is None


def test_work_of_imports_that_an_older_program_queued_can_be_paused(tmp_path):
    with Memory(tmp_path, WordEmbedder(), asks=False) as memory:
        names = [taken(memory, 0, 100, depth="all"), taken(memory, 1000, 1100)]
        said(memory)
        before = sorted(memory.work.left(), key=repr)
    with sqlite3.connect(tmp_path / "journal.db") as old:
        old.execute("ALTER TABLE work DROP COLUMN import_id")
        old.execute("ALTER TABLE imports DROP COLUMN paused")
        old.execute("ALTER TABLE turns DROP COLUMN process_id")
        for table in (
            "hosts",
            "host_processes",
            "change_counts",
            "changes",
            "purges",
            "purge_acks",
            "snapshots",
            "shared_settings",
        ):
            old.execute(f"DROP TABLE {table}")
        old.execute("UPDATE alembic_version SET version_num = '0019'")
    old.close()
    with Memory(tmp_path, WordEmbedder(), asks=False) as memory:
        assert sorted(memory.work.left(), key=repr) == before
        assert {one.import_id for one in before} == {None, *names}
        for name in names:
            memory.imports.reading.pause(name)
        assert memory.work.count() == 1


def test_the_step_for_profile_and_habits_is_no_session_of_the_backlog(memory):
    taken(memory, 0, 100)
    assert memory.work.count("ada") == 3
    assert memory.work.backlog("ada") == Backlog(sessions=2)
