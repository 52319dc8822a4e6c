"""A text embedder that is not there is one sentence at the first command, and no index is named after it."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from app import doctor
from app.cli import app
from app.settings import Settings
from memory.core.errors import ModelMissing, StorageError
from memory.embedding.text_embedder import TextEmbedder
from memory.memory import Memory
from tests import tiny_bert
from tests.fakes import WordEmbedder
from tests.unit.memory.stores.test_journal import at

NOWHERE = ["/nonexist/folder", "./no-folder", "~/no/such/folder", "all-minilm-l6-v3", "intfloat/no-such-e5"]


class Renamed(WordEmbedder):
    """The same vectors under another name."""

    name = "another"


@pytest.fixture(autouse=True)
def _away(monkeypatch, tmp_path):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("name", NOWHERE)
@pytest.mark.parametrize("call", [["memory", "search", "dog"], ["memory", "list"], ["ask", "hello"], ["user", "list"]])
def test_the_first_command_says_it_and_writes_nothing(monkeypatch, tmp_path, name, call):
    monkeypatch.setenv("PERSONA_TEXT_EMBEDDER", name)
    done = CliRunner().invoke(app, call)
    assert isinstance(done.exception, ModelMissing)
    assert done.exception.message.startswith(f"The text embedder {name} is no folder on this machine")
    assert done.exception.message.endswith("Correct PERSONA_TEXT_EMBEDDER, or leave it out.")
    assert not list(tmp_path.rglob("index.json"))


@pytest.mark.parametrize("name", NOWHERE)
def test_doctor_finds_it_and_fetches_nothing(monkeypatch, name):
    monkeypatch.setattr("memory.embedding.text_embedder.TextEmbedder._fetched", lambda _self: pytest.fail("fetched"))
    monkeypatch.setenv("PERSONA_TEXT_EMBEDDER", name)
    finding = next(one for one in doctor.examine(Settings()) if one.what == "text embedder")
    assert finding.state == "broken"
    assert f"The text embedder {name} is" in finding.detail


@pytest.mark.parametrize(
    ("files", "lacks"),
    [
        ({}, "it has neither modules.json nor config.json"),
        ({"notes.txt": "x"}, "it has neither modules.json nor config.json"),
        ({"config.json": "{"}, "it has no modules.json, and its config.json cannot be read"),
        ({"config.json": "[]"}, "it has no modules.json, and its config.json names no model_type"),
        ({"config.json": '{"model_type": "bert"}'}, "it has no weights"),
        ({"modules.json": "[]"}, "it has no weights"),
    ],
)
def test_a_folder_without_a_model_sends_nobody_to_an_extra(tmp_path, files, lacks):
    for name, data in files.items():
        (tmp_path / name).write_text(data)
    with pytest.raises(ModelMissing) as told:
        TextEmbedder(str(tmp_path), str(tmp_path), tmp_path / "graphs").check()
    assert told.value.message == (
        f"There is no text embedder in the folder {tmp_path}: {lacks}. Correct PERSONA_TEXT_EMBEDDER, or leave it out."
    )


def test_a_damaged_one_of_one_s_own_names_no_pull(tmp_path):
    folder = tiny_bert.write(tmp_path / "model")
    (folder / "config.json").write_text("{")
    with pytest.raises(ModelMissing, match=r"cannot be loaded \(its config\.json cannot be read\)\. Put its files right\."):
        TextEmbedder(str(folder), str(folder), tmp_path / "graphs").check()


def test_a_folder_in_which_nothing_was_indexed_takes_another_embedder(tmp_path):
    with Memory(tmp_path, Renamed()) as memory:
        memory.ingest_turn("ada", at("2026-03-01 09:00"), "I have a dog", "I see.")
    with Memory(tmp_path, WordEmbedder()) as memory:
        memory.index("ada")
    [marker] = tmp_path.rglob("index.json")
    assert json.loads(marker.read_text())["embedder"] == WordEmbedder().name
    with pytest.raises(StorageError, match="was made with the embedder"):
        Memory(tmp_path, Renamed())
