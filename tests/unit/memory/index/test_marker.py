"""The marker beside the indexes decides whether they are kept: by their layout, and by the embedder that made them."""

from __future__ import annotations

import pytest

from memory.core.errors import StorageError
from memory.index import marker
from memory.index.marker import Made
from memory.memory import Memory
from tests.fakes import WordEmbedder
from tests.unit.memory.stores.test_journal import at


class Other(WordEmbedder):
    """The same vectors under another name, and a count of embedded texts."""

    name = "another"

    def __init__(self):
        super().__init__()
        self.embedded = 0

    def embed(self, texts):
        self.embedded += len(texts)
        return super().embed(texts)


@pytest.fixture
def folder(tmp_path):
    with Memory(tmp_path, WordEmbedder()) as memory:
        memory.ingest_turn("ada", at("2026-03-01 09:00"), "I have a zebra", "I see.")
        memory.index("ada")
    return tmp_path


def test_what_was_written_is_read(tmp_path):
    path = tmp_path / "chroma" / "index.json"
    assert not marker.is_current(path)
    marker.write(path, Made("words", "clip", missed=True))
    assert marker.is_current(path)
    assert marker.read(path) == Made("words", "clip", missed=True)


@pytest.mark.parametrize("content", ["", "[]", "7", "{}", '{"layout": 10, "embedder": "words"}'])
def test_what_is_damaged_or_from_an_earlier_version_is_not_current(tmp_path, content):
    path = tmp_path / "index.json"
    path.write_text(content)
    assert not marker.is_current(path)


def test_an_index_of_another_embedder_is_refused_unless_it_was_chosen(folder, caplog):
    with pytest.raises(StorageError, match="was made with the embedder"):
        Memory(folder, Other())
    with Memory(folder, Other(), fresh_index="other embedder") as memory:
        assert memory.search("ada", "zebra")
    assert "it is rebuilt from the journal" in caplog.text
    Memory(folder, Other()).close()


def test_a_start_with_the_same_embedder_rebuilds_nothing(folder, caplog):
    embedder = WordEmbedder()
    with Memory(folder, embedder, fresh_index="other embedder") as memory:
        assert memory.index("ada") == 0
    assert "rebuilt" not in caplog.text


def test_a_rebuild_that_broke_off_goes_on_with_whichever_embedder_is_set_then(folder):
    Memory(folder, Other(), fresh_index=True).close()  # killed after the old index was deleted
    with Memory(folder, Other(), fresh_index="other embedder") as memory:
        assert memory.search("ada", "zebra")
    Memory(folder, WordEmbedder(), fresh_index=True).close()
    with Memory(folder, WordEmbedder()) as memory:
        assert memory.search("ada", "zebra")
