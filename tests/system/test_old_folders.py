"""Data folders that older versions of this program wrote (tests/data, made by those versions): read, indexed again, and gone on with."""

from __future__ import annotations

import json
import shutil
import sqlite3
import zipfile
from pathlib import Path

import pytest

from app.service import PersonaService
from memory.core.errors import StorageError
from memory.memory import Memory
from tests.fakes import ScriptedChat, ScriptedModels, WordEmbedder, answer, fact

DATA = Path(__file__).parents[1] / "data"
OLD = sorted(path.name for path in DATA.glob("folder_*.zip"))


@pytest.fixture(params=OLD)
def folder(request, tmp_path):
    with zipfile.ZipFile(DATA / request.param) as packed:
        packed.extractall(tmp_path / "data")
    return tmp_path / "data"


def test_there_is_one_of_the_first_schema():
    assert OLD[0] == "folder_0001.zip"


def test_everything_is_there_is_found_and_goes_on(folder):
    chat = ScriptedChat({"semantic": fact("The user keeps goats.", "goats"), "reasoning": answer("I see.")})
    with PersonaService(Memory(folder, WordEmbedder()), ScriptedModels(chat), work=False) as service:
        memory = service.memory
        assert [turn.text for turn in memory.journal.turns("ada")][:3] == [
            "I keep a heron.", "I live in Quito.", "I run on Sundays.",
        ]  # fmt: skip
        assert {"The user keeps a heron.", "The user lives in Quito."} <= {
            one.content for one in memory.memories.entries("ada", kind="semantic")
        }
        assert memory.memories.profile("ada").values() == {"name": "Ada", "pet": "a heron"}
        assert [point.m for point in memory.personality.history("ada")] == [0, 1, 2]
        assert {"semantic", "turn"} <= {one.kind for one in memory.search("ada", "heron")}
        service.wait("ada")
        list(service.stream("ada", "I keep goats.", time="2026-04-01 09:00"))
        service.wait("ada")
        assert memory.search("ada", "goats", kind="semantic")[0].text == "The user keeps goats."
        assert memory.personality.newest("ada").m == 4
        heron = next(one for one in memory.memories.entries("ada", kind="semantic") if "heron" in one.content)
        assert memory.forget("ada", heron.id, now=True).is_clean


def test_a_newer_journal_is_refused_and_not_written(folder):
    with sqlite3.connect(folder / "journal.db") as file:
        file.execute("UPDATE alembic_version SET version_num = '9999'")
    file.close()
    before = contents(folder)
    with pytest.raises(StorageError, match="newer version"):
        Memory(folder, WordEmbedder())
    assert contents(folder) == before


def test_newer_collections_are_refused_and_not_written(folder):
    with Memory(folder, WordEmbedder()):
        pass
    marker = folder / "chroma" / "index.json"
    marker.write_text(json.dumps(json.loads(marker.read_text()) | {"layout": 999}))
    before = contents(folder)
    with pytest.raises(StorageError, match="newer version"):
        Memory(folder, WordEmbedder())
    assert contents(folder) == before
    # They are only an index: who wants the older program back can have them made again.
    with Memory(folder, WordEmbedder(), fresh_index=True) as memory:
        memory.reindex()
        assert memory.search("ada", "heron")


def test_an_index_that_is_cut_off_anywhere_is_made_anew_or_named(folder, tmp_path):
    with Memory(folder, WordEmbedder()) as memory:
        memory.search("ada", "heron")
    files = [path for path in sorted((folder / "chroma").rglob("*")) if path.is_file() and path.stat().st_size]
    for number, path in enumerate(files):
        copy = tmp_path / f"copy{number}"
        shutil.copytree(folder, copy)
        harmed = copy / path.relative_to(folder)
        harmed.write_bytes(harmed.read_bytes()[: harmed.stat().st_size // 2])
        try:
            with Memory(copy, WordEmbedder()) as memory:
                assert memory.search("ada", "heron")
        except StorageError as error:
            assert "persona reindex" in error.message
            with Memory(copy, WordEmbedder(), fresh_index=True) as memory:
                memory.reindex()
                assert memory.search("ada", "heron")


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name not in ("owner.lock", "owner.json") and not path.name.endswith(("-wal", "-shm"))
    }
