"""The data folder: one owner, clear errors when it cannot be used, rebuilt indexes, migrations."""

from __future__ import annotations

import io
import shutil
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import text

from app.service import PersonaService
from graph.context import MessageOptions
from memory.core import clock
from memory.core.errors import FolderInUse, InvalidInput, StorageError, TimeOrderError
from memory.core.query import Query
from memory.core.records import TurnState
from memory.memory import Memory
from tests.fakes import ScriptedChat, ScriptedModels, WordEmbedder, fact

ROOT = Path(__file__).parents[2]
_OF_HOSTS = ("hosts", "host_processes", "change_counts", "changes", "purges", "purge_acks", "snapshots", "shared_settings")


def drawn(colour):
    data = io.BytesIO()
    Image.new("RGB", (8, 8), colour).save(data, "PNG")
    return data.getvalue()


def say(service, message, time=None):
    return list(service.stream("ada", message, time=time))[-1].turn


def test_a_second_process_is_told_who_owns_the_folder_and_what_to_do(tmp_path):
    code = f"""
from pathlib import Path
from memory.memory import Memory
from tests.fakes import WordEmbedder
memory = Memory(Path({str(tmp_path / "data")!r}), WordEmbedder())
print("READY", flush=True)
input()
"""
    owner = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, text=True
    )  # fmt: skip
    assert owner.stdout.readline() == "READY\n"
    try:
        with pytest.raises(FolderInUse) as told:
            Memory(tmp_path / "data", WordEmbedder())
        assert f"process {owner.pid}" in told.value.message
        assert "Stop that first" in told.value.message
    finally:
        owner.kill()
        owner.communicate()
    Memory(tmp_path / "data", WordEmbedder()).close()


@pytest.mark.parametrize("folder", ["/proc/persona", "/dev/null/persona"])
def test_a_folder_that_cannot_be_made_is_a_sentence(folder):
    with pytest.raises(StorageError, match="PERSONA_DATA_DIR"):
        Memory(Path(folder), WordEmbedder())


def test_a_full_disk_is_a_sentence_and_nothing_is_half_written(serve):
    service = serve(ScriptedChat())
    say(service, "Before", "2026-03-01 09:00")
    engine = service.memory._database.engine
    with engine.connect() as connection:
        pages = connection.execute(text("PRAGMA page_count")).scalar()
    engine.dispose()

    from sqlalchemy import event

    @event.listens_for(engine, "connect")
    def full(connection, _record):
        connection.execute(f"PRAGMA max_page_count={pages}")

    with pytest.raises(StorageError, match="disk that holds the journal is full"):
        for number in range(200):
            service.stream("ada", "word " * 3_000, time=f"2026-03-01 {10 + number // 60:02}:{number % 60:02}")
    event.remove(engine, "connect", full)
    engine.dispose()
    states = {turn.state for turn in service.memory.journal.turns("ada")}
    assert states <= {TurnState.ANSWERED, TurnState.RECEIVED, TurnState.FAILED}
    with engine.connect() as connection:
        assert connection.execute(text("PRAGMA integrity_check")).scalar() == "ok"


def test_a_read_only_journal_is_a_sentence(serve):
    service = serve(ScriptedChat())
    engine = service.memory._database.engine

    from sqlalchemy import event

    @event.listens_for(engine, "connect")
    def read_only(connection, _record):
        connection.execute("PRAGMA query_only=ON")

    engine.dispose()
    with pytest.raises(StorageError, match="read-only"):
        service.stream("ada", "Hi")
    event.remove(engine, "connect", read_only)
    engine.dispose()
    assert say(service, "Hi").reply == "Hello!"


def test_a_disk_that_takes_no_more_bytes_keeps_what_was_acknowledged(tmp_path):
    """A real limit of the operating system, in a process of its own."""
    code = f"""
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
from pathlib import Path
from app.service import PersonaService
from memory.core.errors import StorageError
from memory.memory import Memory
from tests.fakes import ScriptedChat, ScriptedModels, WordEmbedder
service = PersonaService(Memory(Path({str(tmp_path / "data")!r}), WordEmbedder()), ScriptedModels(ScriptedChat()), work=False)
list(service.stream("ada", "Kept", time="2026-03-01 09:00"))
resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, 600_000))
try:
    for number in range(200):
        list(service.stream("ada", "word " * 3000, time=f"2026-03-01 {{10 + number // 60:02}}:{{number % 60:02}}"))
except StorageError as error:
    print(error.message)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, cwd=ROOT, text=True, timeout=600
    )  # fmt: skip
    assert "Check the folder's free space" in done.stdout or "full" in done.stdout, done.stderr
    with Memory(tmp_path / "data", WordEmbedder()) as memory:
        assert memory.journal.turns("ada")[0].text == "Kept"


def test_lost_indexes_are_made_again_from_the_journal(serve, tmp_path, caplog):
    chat = ScriptedChat({"semantic": fact("The user has a zebra.", "zebra")})
    service = serve(chat)
    say(service, "I have a zebra", "2026-03-01 09:00")
    service.wait()
    before = {found.id for found in service.memory.search("ada", "zebra")}
    service.close()
    shutil.rmtree(tmp_path / "data" / "chroma")
    shutil.rmtree(tmp_path / "data" / "words")
    service.__init__(Memory(tmp_path / "data", WordEmbedder()), service.models, work=False)
    assert "rebuilt from the journal" in caplog.text
    assert {found.id for found in service.memory.search("ada", "zebra")} == before
    calls = len(chat.calls)
    assert service.memory.reindex() == 2
    assert {found.id for found in service.memory.search("ada", "zebra")} == before
    assert len(chat.calls) == calls


def test_another_embedder_asks_for_a_reindex(serve, tmp_path):
    service = serve(ScriptedChat())
    say(service, "I have a zebra", "2026-03-01 09:00")
    service.memory.search("ada", "zebra")
    service.close()

    class Other(WordEmbedder):
        name = "other-64"

    with pytest.raises(StorageError, match="persona reindex"):
        Memory(tmp_path / "data", Other())
    with Memory(tmp_path / "data", Other(), fresh_index=True) as memory:
        memory.reindex()
    Memory(tmp_path / "data", Other()).close()


def test_a_journal_of_a_newer_program_is_refused_unchanged(tmp_path):
    with Memory(tmp_path / "data", WordEmbedder()) as memory, memory._database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StorageError, match="newer version of this program"):
        Memory(tmp_path / "data", WordEmbedder())


def test_a_journal_of_the_first_schema_is_brought_up_to_date_and_keeps_what_it_knows(tmp_path):
    with Memory(tmp_path / "data", WordEmbedder()) as memory:
        service = PersonaService(memory, ScriptedModels(ScriptedChat({"semantic": fact("The user has a zebra.")})), work=False)
        list(service.stream("ada", "I have a zebra", time="2026-03-01 09:00"))
        service.wait()
    with sqlite3.connect(tmp_path / "data" / "journal.db") as old:
        later = ("personality_shows", "turns_wishes", "turns_sensitive", "turns_undated", "memories_undated", "turns_import")
        for name in (*later, "memories_corrected", "turns_origin", "sessions_begun", "sessions_open"):
            old.execute(f"DROP INDEX ix_{name}")
        for table, name in (("turns", "origin"), ("sessions", "begun"), ("users", "spelled")):
            old.execute(f"ALTER TABLE {table} DROP COLUMN {name}")
        for name in ("superseded_by", "same_as", "user_until"):
            old.execute(f"DROP INDEX ix_memories_{name}")
        for name in ("valid_until", "superseded_by", "same_as", "strength"):
            old.execute(f"ALTER TABLE memories DROP COLUMN {name}")
        old.execute("DROP INDEX ix_memories_user_kind")
        old.execute("CREATE INDEX ix_memories_user_kind ON memories (user_id, kind)")
        for table in ("memories", "turns"):
            old.execute(f"DROP INDEX ix_{table}_unindexed")
            old.execute(f"CREATE INDEX ix_{table}_unindexed ON {table} (user_id) WHERE revision != indexed_revision")
        for table in (*_OF_HOSTS, "rewrites", "forgettings", "withheld", "refusals", "dated", "api_keys", "imports"):
            old.execute(f"DROP TABLE {table}")
        old.execute("ALTER TABLE sessions DROP COLUMN summed_up")
        old.execute("DROP TABLE leases")
        for name in ("turns_held", "turns_received", "personality_user"):
            old.execute(f"DROP INDEX ix_{name}")
        new_in_turns = (
            "held",
            "approved",
            "sensitive",
            "wishes",
            "dated_revision",
            "import_id",
            "speaker",
            "by_other",
            "process_id",
        )
        of_turns = [("turns", name) for name in new_in_turns]
        of_memories = [("memories", name) for name in ("held", "sensitive", "dated_revision")]
        of_others = [("users", "sensitive"), ("users", "bring_up"), ("personality", "shows"), ("personality", "place")]
        of_others.append(("work", "import_id"))
        for table, name in (*of_turns, *of_memories, *of_others):
            old.execute(f"ALTER TABLE {table} DROP COLUMN {name}")
        old.execute("ALTER TABLE photos DROP COLUMN hidden_at")
        for name in ("training", "training_since"):
            old.execute(f"ALTER TABLE users DROP COLUMN {name}")
        old.execute("UPDATE alembic_version SET version_num = '0001'")
    old.close()
    with Memory(tmp_path / "data", WordEmbedder()) as memory:
        [known] = memory.memories.entries("ada", kind="semantic")
        assert (known.content, known.strength, known.is_valid) == ("The user has a zebra.", 1, True)
        assert memory.consent.of("ada") is None, "nobody was asked in those days"


def test_the_migrations_make_the_tables_that_the_code_uses(tmp_path):
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    from memory.storage.schema import metadata

    with Memory(tmp_path / "data", WordEmbedder()) as memory, memory._database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_a_damaged_journal_is_a_sentence(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "journal.db").write_bytes(b"this is no database" * 100)
    with pytest.raises(StorageError, match="damaged"):
        Memory(tmp_path / "data", WordEmbedder())


def test_the_folder_is_private_and_deleting_a_user_leaves_no_files_of_theirs(serve, tmp_path):
    service = serve(ScriptedChat({"semantic": fact("The user has a platypus.", "platypus")}))
    list(service.stream("ada", "I have a platypus", images=[drawn("red")], time="2026-03-01 09:00"))
    service.wait()
    list(service.stream("bob", "Hello", time="2026-03-01 09:00"))
    assert (tmp_path / "data").stat().st_mode & 0o077 == 0
    assert service.memory.delete_user("ada") == {"turns": 1, "memories": 1, "photos": 1}
    assert [row["id"] for row in service.memory.journal.users()] == ["bob"]
    assert not list((tmp_path / "data" / "photos").rglob("*/*"))
    service.memory.search("bob", "Hello")
    assert len(list((tmp_path / "data" / "words").glob("*.db"))) == 1
    with pytest.raises(Exception, match="no user"):
        service.memory.delete_user("ada")


def cut(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def overwrite(path):
    path.write_bytes(b"garbage" * 2_000)


def remove(path):
    shutil.rmtree(path) if path.is_dir() else path.unlink()


DAMAGES = [
    ("chroma/chroma.sqlite3", cut), ("chroma/chroma.sqlite3", overwrite), ("chroma/chroma.sqlite3", remove),
    ("chroma/*-*-*", remove), ("chroma/*-*-*/data_level0.bin", cut), ("chroma/*-*-*/header.bin", cut),
    ("chroma/*-*-*/link_lists.bin", remove), ("chroma/*-*-*/length.bin", cut), ("chroma/*-*-*/index_metadata.pickle", cut),
    ("chroma", remove), ("words/*.db", cut), ("words/*.db", overwrite), ("words/*.db", remove), ("words", remove),
]  # fmt: skip


@pytest.fixture(scope="module")
def much(tmp_path_factory):
    """A folder with so much in it that Chroma has written a vector index to its own files."""
    folder = tmp_path_factory.mktemp("much") / "data"
    with Memory(folder, WordEmbedder()) as memory:
        begin = clock.parse_time("2026-01-01 08:00", "UTC")
        for number in range(420):
            at = begin + timedelta(hours=2 * number)
            memory.ingest_turn("ada", at, f"I keep zebra{number}. It eats hay.", "Noted.")
        memory.index("ada")
        memory.search("ada", "zebra7")
    assert list(folder.glob("chroma/*-*-*/header.bin")), "nothing was written to a vector index: say more"
    return folder


@pytest.mark.parametrize(("pattern", "damage"), DAMAGES)
def test_lost_and_damaged_indexes_are_made_anew_by_themselves_and_said_so(much, tmp_path, caplog, pattern, damage):
    folder = tmp_path / "data"
    shutil.copytree(much, folder)
    for path in list(folder.glob(pattern)):
        damage(path)
    with Memory(folder, WordEmbedder()) as memory:
        found = memory.search("ada", "zebra7")
        assert found[0].text.count("zebra7.") == 1
        memory.index("ada")
        assert len(memory._indexes.search.ids("ada")) == 420
        assert len(memory._indexes.chroma.record_ids("ada", "turn")) == 420
    assert "rebuilt from the journal" in caplog.text
    caplog.clear()
    with Memory(folder, WordEmbedder()) as memory:
        assert memory.search("ada", "zebra7")[0].id == found[0].id
    assert "rebuilt" not in caplog.text


@pytest.mark.parametrize("damage", [overwrite, remove])
def test_while_a_lost_index_is_made_again_chroma_answers(much, tmp_path, damage):
    folder = tmp_path / "data"
    shutil.copytree(much, folder)
    [file] = (folder / "words").glob("*.db")
    damage(file)
    asked = Query("zebra7", "zebra7", clock.parse_time("2026-12-01 08:00", "UTC"))
    with Memory(folder, WordEmbedder()) as memory:
        memory._indexes.follower.ask = lambda _: None
        found = memory.search_jointly("ada", asked)
        assert found.from_chroma
        assert "zebra7." in str(found.memories)
        assert memory._indexer.step("ada")
        assert memory.search_jointly("ada", asked).from_chroma
        memory.index("ada")
        assert not memory.search_jointly("ada", asked).from_chroma
        assert memory._indexes.search.count("ada") == 420


def test_what_was_removed_while_no_index_told_chroma_is_removed_there_once_it_is_made_again(much, tmp_path):
    folder = tmp_path / "data"
    shutil.copytree(much, folder)
    [file] = (folder / "words").glob("*.db")
    remove(file)
    with closing(sqlite3.connect(folder / "journal.db")) as journal, journal:
        [gone] = journal.execute("SELECT id FROM turns LIMIT 1").fetchone()
        journal.execute("DELETE FROM turns WHERE id = ?", (gone,))
    with Memory(folder, WordEmbedder()) as memory:
        assert gone in memory._indexes.chroma.record_ids("ada", "turn")
        while memory._indexer.step("ada"):
            pass
        assert gone not in memory._indexes.chroma.record_ids("ada", "turn")
        assert len(memory._indexes.chroma.record_ids("ada", "turn")) == 419


def test_an_index_that_is_damaged_while_it_is_open_is_made_anew(serve, tmp_path, caplog):
    service = serve(ScriptedChat({"semantic": fact("The user has a platypus.", "platypus")}))
    say(service, "I have a platypus", "2026-03-01 09:00")
    service.wait()
    for file in (tmp_path / "data" / "words").glob("*.db*"):
        overwrite(file)
    assert {found.kind for found in service.memory.search("ada", "platypus")} == {"semantic", "turn"}
    overwrite(tmp_path / "data" / "chroma" / "chroma.sqlite3")
    say(service, "Do I have a platypus?", "2026-03-02 09:00")
    assert {found.kind for found in service.memory.search("ada", "platypus")} == {"semantic", "turn"}
    assert "rebuilt from the journal" in caplog.text


@pytest.mark.parametrize("what", ["words/*.db*", "words/*.db", "words"])
def test_full_text_that_is_removed_while_it_is_open_is_made_anew(serve, tmp_path, caplog, what):
    service = serve(ScriptedChat({"semantic": fact("The user has a platypus.", "platypus")}))
    say(service, "I have a platypus", "2026-03-01 09:00")
    service.wait()
    for path in list((tmp_path / "data").glob(what)):
        remove(path)
    assert {found.kind for found in service.memory.search("ada", "platypus")} == {"semantic", "turn"}
    assert len(service.memory._indexes.search.ids("ada")) == 2
    assert "rebuilt from the journal" in caplog.text


def test_the_last_of_the_full_text_that_a_power_cut_took_is_made_anew(much, tmp_path, caplog):
    """It is written less safely than the journal: what was indexed last may be missing, and no file tells."""
    folder = tmp_path / "data"
    shutil.copytree(much, folder)
    [file] = (folder / "words").glob("*.db")
    with closing(sqlite3.connect(file)) as words, words:
        words.execute("DELETE FROM entries WHERE number > 400")
    with Memory(folder, WordEmbedder()) as memory:
        assert memory.search("ada", "zebra411")[0].text.count("zebra411.") == 1
        memory.index("ada")
        assert len(memory._indexes.search.ids("ada")) == 420
    assert "rebuilt from the journal" in caplog.text


def test_a_chroma_server_that_does_not_answer_costs_no_full_text(serve, tmp_path, caplog):
    service = serve(ScriptedChat())
    say(service, "I have a zebra", "2026-03-01 09:00")
    service.memory.search("ada", "zebra")
    service.close()
    with pytest.raises(StorageError, match="PERSONA_CHROMA_URL"):
        Memory(tmp_path / "data", WordEmbedder(), chroma_url="http://127.0.0.1:9")
    with Memory(tmp_path / "data", WordEmbedder()) as memory:
        assert memory.search("ada", "zebra")
    assert "rebuilt" not in caplog.text


def test_another_embedder_is_refused_also_where_full_text_is_lost(serve, tmp_path):
    service = serve(ScriptedChat())
    say(service, "I have a zebra", "2026-03-01 09:00")
    service.memory.search("ada", "zebra")
    service.close()
    shutil.rmtree(tmp_path / "data" / "words")

    class Other(WordEmbedder):
        name = "other-64"

    with pytest.raises(StorageError, match="persona reindex"):
        Memory(tmp_path / "data", Other())
    with Memory(tmp_path / "data", WordEmbedder()) as memory:
        assert memory.search("ada", "zebra")


def test_what_is_in_the_way_of_an_index_is_said_in_a_sentence(tmp_path):
    (tmp_path / "data").mkdir()
    Memory(tmp_path / "data", WordEmbedder()).close()
    shutil.rmtree(tmp_path / "data" / "words")
    (tmp_path / "data" / "words").write_text("a note")
    with pytest.raises(StorageError, match="full-text index cannot be stored"):
        Memory(tmp_path / "data", WordEmbedder())


def test_pictures_that_a_killed_program_left_of_nobody_are_removed(serve, tmp_path):
    service = serve(ScriptedChat())
    list(service.stream("ada", "Look", images=[drawn("red")], time="2026-03-01 09:00"))
    service.close()
    photos = tmp_path / "data" / "photos"
    [own] = photos.iterdir()
    (own / "half.part").write_bytes(b"half a picture")
    (photos / ("0" * 32)).mkdir()
    (photos / ("0" * 32) / "left").write_bytes(b"a picture")
    with Memory(tmp_path / "data", WordEmbedder()) as memory:
        assert len(list(photos.rglob("*/*"))) == 2
        assert len(memory.photos.list("ada")) == 1


def test_looking_makes_nothing(serve, tmp_path):
    service = serve(ScriptedChat())
    say(service, "I like tea", "2026-03-01 09:00")
    service.memory.search("ada", "tea")
    names = {one.name for one in service.memory._indexes.chroma._client.list_collections()}
    list(service.stream("ada", "Frog", options=MessageOptions(off_the_record=True, force_retrieve=True)))
    assert {one.name for one in service.memory._indexes.chroma._client.list_collections()} == names


def test_a_full_disk_is_no_reason_to_throw_an_index_away(memory, monkeypatch):
    memory.ingest_turn("ada", clock.now(), "I keep a zebra.", "Noted.")
    memory.index("ada")
    calls = []
    monkeypatch.setattr(type(memory._indexes.chroma), "clear", lambda _: calls.append(1))
    monkeypatch.setattr(
        type(memory._indexes.search), "score", lambda *_, **__: (_ for _ in ()).throw(StorageError("The disk is full."))
    )
    with pytest.raises(StorageError, match="full"):
        memory.search("ada", "zebra")
    assert calls == []


def test_a_search_for_somebody_unknown_leaves_nothing_behind(serve, tmp_path):
    service = serve(ScriptedChat())
    list(service.stream("nobody", "What do you know?", options=MessageOptions(force_retrieve=True, off_the_record=True)))
    assert service.memory.search("nobody", "anything") == []
    assert not list((tmp_path / "data" / "words").iterdir())
    assert service.memory._indexes.chroma._client.list_collections() == []


def test_a_message_that_is_refused_leaves_none_of_its_pictures(serve, tmp_path):
    service = serve(ScriptedChat())
    with pytest.raises(InvalidInput, match="not a picture"):
        service.stream("ada", "Look", images=[drawn("red"), b"no picture"])
    list(service.stream("ada", "Look", images=[drawn("red")], time="2026-03-02 09:00"))
    with pytest.raises(TimeOrderError):
        service.stream("ada", "And this", images=[drawn("red"), drawn("blue")], time="2026-03-01 09:00")
    assert len(service.memory.photos.list("ada")) == 1
    assert len(list((tmp_path / "data" / "photos").rglob("*/*"))) == 2  # one picture, in full size and small for the model


def test_somebody_whose_personality_was_pinned_before_the_first_word_can_be_deleted(tmp_path):
    with Memory(tmp_path / "data", WordEmbedder()) as memory:
        memory.personality.pin("ada", "openness", 4, clock.now())
        memory.set_profile("bob", "name", "Bob", clock.now())
        assert [row["id"] for row in memory.journal.users()] == ["ada", "bob"]
        memory.delete_user("ada")
        assert memory.personality.newest("ada") is None
        with pytest.raises(InvalidInput, match="no name"):
            memory.personality.pin(" ", "openness", 4, clock.now())


def test_indexes_of_an_older_layout_are_made_anew_without_being_asked(serve, tmp_path):
    service = serve(ScriptedChat())
    say(service, "I have a zebra", "2026-03-01 09:00")
    found = [entry.id for entry in service.memory.search("ada", "zebra")]
    service.close()
    (tmp_path / "data" / "chroma" / "index.json").write_text('{"embedder": "words-64"}')
    for file in (tmp_path / "data" / "words").glob("*.db"):
        file.write_bytes(b"of an older program")
    with Memory(tmp_path / "data", WordEmbedder()) as memory:
        assert [entry.id for entry in memory.search("ada", "zebra")] == found


def test_whichever_thread_closes_a_memory_gives_its_folder_back(tmp_path: Path) -> None:
    memory = Memory(tmp_path / "data", WordEmbedder())
    closing = threading.Thread(target=memory.close)
    closing.start()
    closing.join()
    Memory(tmp_path / "data", WordEmbedder()).close()
