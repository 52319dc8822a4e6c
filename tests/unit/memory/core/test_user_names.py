"""A name is one user, however its letters are written: e with an accent, or é."""

from __future__ import annotations

import sqlite3
import unicodedata
from contextlib import contextmanager

import pytest

from app.service import PersonaService
from graph.context import Context
from memory.core import clock
from memory.core.errors import InvalidInput
from memory.core.records import Line, make_id, user_key
from memory.memory import Memory
from tests.fakes import ScriptedChat, ScriptedModels, WordEmbedder, fact

COMPOSED, APART = "José", unicodedata.normalize("NFD", "José")
NAMES = [COMPOSED, APART]
DAY = clock.parse_time("2026-03-01 09:00", "UTC")


@contextmanager
def as_before():
    """Take names as they are written, as older versions of this program did."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("memory.core.validation.unicodedata.normalize", lambda _, text: text)
        yield


def live(memory, user, text="I keep a heron.", time=DAY):
    chat = ScriptedChat({"semantic": fact("The user keeps a heron.", "heron"), "core": '"name": "José"\n"pet": "a heron"'})
    service = PersonaService(memory, ScriptedModels(chat), work=False)
    list(service.stream(user, text, time=time))
    memory.journal.end_session(user)
    service.wait(user)


@pytest.mark.parametrize(("first", "second"), [NAMES, NAMES[::-1]])
def test_two_spellings_are_one_user(memory, first, second):
    live(memory, first)
    memory.ingest_turn(second, DAY.replace(hour=12), "I run.", "Good.")
    memory.ingest(second, [Line(time=DAY.replace(year=2025), text="I swam.", reply="Good.")])
    assert [row["id"] for row in memory.journal.users()] == [COMPOSED]
    for name in NAMES:
        assert [turn.text for turn in memory.journal.turns(name)] == ["I swam.", "I keep a heron.", "I run."]
        assert {turn.user_id for turn in memory.journal.turns(name)} == {COMPOSED}
        assert memory.memories.profile(name).values() == {"name": "José", "pet": "a heron"}
        assert memory.search(name, "heron")
        assert memory.memories.entries(name, kind="semantic")
        assert memory.personality.newest(name).m == 0
        assert memory.browse.counts(name)["turn"] == 3
    record = memory.set_profile(second, "home", "Quito", DAY)
    assert memory.memories.get(first, record.id).value == "Quito"
    assert memory.forget(second, record.id, now=True).is_clean
    assert set(memory.delete_user(second)) == {"turns", "memories", "photos"}
    assert not any(memory.left_of(first).values())


def test_ids_and_keys_are_of_the_name_whatever_its_letters():
    assert make_id(COMPOSED, "turn", 1) == make_id(APART, "turn", 1)
    assert user_key(COMPOSED) == user_key(APART)
    assert Context(user_id=APART).user_id == COMPOSED


def test_an_archive_of_either_spelling_is_the_same_users(memory, tmp_path):
    live(memory, APART)
    memory.export_user(APART, tmp_path / "jose.zip")
    with pytest.raises(InvalidInput, match="already"):
        memory.import_user(tmp_path / "jose.zip")
    memory.delete_user(COMPOSED)
    assert memory.import_user(tmp_path / "jose.zip")[0] == COMPOSED


def older_folder(folder, names):
    """Write a folder as the schema before this one had it, with names as they are written."""
    with as_before(), Memory(folder, WordEmbedder()) as memory:
        for name in names:
            live(memory, name)
            (folder / "photos" / user_key(name)).mkdir(parents=True)
            (folder / "photos" / user_key(name) / ("x" * 64)).write_bytes(b"a picture")
            forgotten = memory.ingest_turn(name, DAY.replace(hour=15), "I have a zebra.", "Nice.")
            memory.forget(name, forgotten.id, now=True)
            memory.forget(name, memory.ingest_turn(name, DAY.replace(hour=18), "I have a newt.", "Nice.").id)
    with sqlite3.connect(folder / "journal.db") as file:
        later = ("turns_sensitive", "turns_wishes", "personality_shows", "turns_undated", "memories_undated", "turns_import")
        later += ("personality_user",)
        for name in ("memories_corrected", *later):
            file.execute(f"DROP INDEX ix_{name}")
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
            file.execute(f"DROP TABLE {table}")
        file.execute("DROP TABLE dated")
        file.execute("DROP TABLE api_keys")
        file.execute("DROP TABLE imports")
        gone = [("users", "spelled"), ("users", "bring_up"), ("turns", "wishes")]
        gone += [("personality", name) for name in ("shows", "place")]
        gone += [(table, name) for table in ("turns", "memories") for name in ("sensitive", "dated_revision")]
        gone += [("turns", name) for name in ("import_id", "speaker", "by_other", "process_id")] + [("work", "import_id")]
        for table, name in gone:
            file.execute(f"ALTER TABLE {table} DROP COLUMN {name}")
        file.execute("CREATE INDEX ix_personality_user ON personality (user_id, id)")
        file.execute("UPDATE alembic_version SET version_num = '0011'")
    file.close()


@pytest.mark.parametrize("names", [[APART], [APART, COMPOSED]], ids=["one", "both"])
def test_an_older_folder_keeps_all_it_has(tmp_path, names, caplog):
    folder = tmp_path / "data"
    older_folder(folder, names)
    for _ in range(2):
        with Memory(folder, WordEmbedder()) as memory:
            now = [row["id"] for row in memory.journal.users()]
            assert sorted(now) == sorted([COMPOSED, f"{COMPOSED} (2)"][: len(names)])
            for name in now:
                assert memory.photos.files_of(name) == 1
                assert [one.text for one in memory.search(name, "heron", kind="semantic")] == ["The user keeps a heron."]
                assert memory.memories.profile(name).values() == {"name": "José", "pet": "a heron"}
                assert memory.ingest_turn(name, DAY.replace(hour=15), "I have a zebra.", "Nice.") is None
                assert [one.until > DAY for one in memory.browse.undoable(name)] == [True]
                assert [owner for owner, _ in memory._forgetting.due()].count(name) == 1
                first = memory.journal.turns(name)[0]
                assert first.id == make_id(name, "turn", 1)
                assert memory.memories.entries(name, kind="semantic")[0].id == make_id(name, "semantic", first.id)
    assert caplog.text.count("normal form") == 1
    with Memory(folder, WordEmbedder()) as memory:
        name = memory.journal.users()[0]["id"]
        memory.undo(name, memory.browse.undoable(name)[0].subject)
        assert memory.journal.turns(name)[-1].text == "I have a newt."
        live(memory, name, "I keep a heron, still.", DAY.replace(month=4))
        assert memory.memories.profile(name).values() == {"name": "José", "pet": "a heron"}
        memory.export_user(name, tmp_path / "jose.zip")
        memory.delete_user(name)
        assert memory.import_user(tmp_path / "jose.zip")[0] == name
