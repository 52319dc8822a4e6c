"""A full disk is one plain sentence, whichever file did not fit, and the import goes on once there is space."""

from __future__ import annotations

import errno
import sqlite3
from datetime import UTC, datetime

import pytest

from memory.core import clock
from memory.core.errors import InvalidInput, StorageError
from memory.imports import full_disk
from memory.imports.lines import Import, ImportedLine, Source
from memory.imports.staging import Staging

BEGIN = clock.parse_time("2025-03-01 09:00", "UTC")
SOURCE = Source("chatgpt", "a.json", messages=lambda: 1)
LINES = [ImportedLine(BEGIN, "I bought a viola.", "", "a")]


def no_space(*_given, **_more):
    raise OSError(errno.ENOSPC, "No space left on device")


def full_sqlite():
    file = sqlite3.connect(":memory:")
    file.execute("PRAGMA max_page_count = 1")
    file.execute("CREATE TABLE t (x)")


def test_while_it_is_read_nothing_was_written(memory, monkeypatch):
    monkeypatch.setattr(Staging, "fill", lambda *_: full_sqlite())
    with pytest.raises(StorageError) as refused:
        memory.imports.begin("ada", SOURCE, LINES, "none")
    assert refused.value.message == ("The disk is full. Free some space. Nothing was written: then import the file again.")
    assert list((memory.folder / "imports").iterdir()) == []


def test_while_it_is_written_it_goes_on_at_the_next_start(memory):
    long = [ImportedLine(BEGIN, "word " * 4_000, "", "a") for _ in range(40)]
    begun = memory.imports.begin("ada", SOURCE, long, "none")
    with memory._database.write() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StorageError) as refused:
        memory.imports.write("ada", begun.id)
    assert refused.value.message == "The disk is full. Free some space. The import goes on at the next start."
    with memory._database.write() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
    assert [(one.id, one.added) for one in memory.imports.resume()] == [(begun.id, 40)]
    assert memory.imports.get("ada", begun.id).state == "done"


def test_files_beside_the_journal_count_too_and_other_errors_stay(memory, monkeypatch):
    begun = memory.imports.begin("ada", SOURCE, LINES, "none")
    with monkeypatch.context() as patched:
        patched.setattr(memory._indexer.imported, "add_words", no_space)
        with pytest.raises(StorageError, match="The disk is full"):
            memory.imports.write("ada", begun.id)
    for error in (OSError(errno.EACCES, "Permission denied"), StorageError("The journal is closed."), InvalidInput("No.")):
        with pytest.raises(type(error), match=str(error).split("]")[-1].strip()), full_disk.told(full_disk.GOES_ON):
            raise error
    assert memory.imports.write("ada", begun.id).added == 1


def test_days_are_shown_once_and_in_the_zone_of_the_first_message():
    def shown(first, last):
        one = Import(
            id="imp_1", format="x", name="a", at=BEGIN, state="done", depth="none", conversations=1, messages=1, added=1,
            skipped={}, first=first, last=last,
        )  # fmt: skip
        return one.days(clock.zone_of("Asia/Tokyo"))

    berlin, instant = clock.zone_of("Europe/Berlin"), datetime(2025, 3, 1, 23, 30, tzinfo=UTC)
    assert shown(None, None) == ""
    assert shown(instant, instant) == "2025-03-02"
    assert shown(instant.astimezone(berlin), instant.astimezone(berlin)) == "2025-03-02"
    assert shown(BEGIN, instant.astimezone(berlin)) == "2025-03-01 to 2025-03-02"
