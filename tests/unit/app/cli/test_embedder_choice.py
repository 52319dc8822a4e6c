"""`persona models use` with a text embedder: one command changes to it and back, and may break off anywhere."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from app import factory
from app.cli import app, embedder_choice
from app.models import first_models, weights
from app.models.weights import Located
from app.settings import Settings, settings_file
from memory.core.errors import ModelMissing, StorageError
from tests.fakes import WordEmbedder
from tests.pulling import Heard
from tests.unit.memory.stores.test_journal import at

ENGLISH, MANY = "all-minilm-l6-v2", "multilingual-e5-small"


class Named(WordEmbedder):
    """The fake embedder under a name of the catalogue."""

    is_made = False

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name


@pytest.fixture(autouse=True)
def pulled(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """Fake models, and the names that were pulled."""
    names: list[str] = []
    monkeypatch.setenv("PERSONA_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(weights, "pull", lambda name, *_args, **_options: names.append(name) or Located(name, tmp_path))
    monkeypatch.setattr(factory, "build_embedder", lambda settings: Named(settings.text_embedder))
    return names


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with factory.build_memory(Settings()) as memory:
        memory.ingest_turn("ada", at("2026-03-01 09:00"), "Ich habe ein Zebra", "Aha.")
        memory.index("ada")
    return tmp_path / "data"


def use(name: str, *more: str) -> Result:
    return CliRunner().invoke(app, ["models", "use", name, *more])


def finds_zebra() -> bool:
    with factory.build_memory(Settings()) as memory:
        return bool(memory.search("ada", "Zebra"))


def made_by(folder: Path) -> str:
    return str(json.loads((folder / "chroma" / "index.json").read_text())["embedder"])


def test_one_command_fetches_it_saves_the_choice_and_rebuilds_the_index(folder: Path, pulled: list[str]) -> None:
    for name in (MANY, ENGLISH):
        result = use(name)
        assert result.exit_code == 0, result.output
        assert (
            f"{name} embeds texts from now on (saved in {settings_file()}). 1 turns and memories are indexed" in result.output
        )
        assert pulled.pop() == Settings().text_embedder == made_by(folder) == name
        assert finds_zebra()


def test_where_nothing_is_remembered_no_data_folder_is_made(tmp_path: Path) -> None:
    done = json.loads(use(MANY, "--json").stdout)
    assert done == {"file": str(settings_file()), "set": "", "indexed": 0}
    assert not (tmp_path / "data").exists()


def test_what_the_environment_names_stays_and_its_index_too(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERSONA_TEXT_EMBEDDER", ENGLISH)
    assert "is set in the environment: PERSONA_TEXT_EMBEDDER, which has priority." in use(MANY).output
    assert made_by(folder) == ENGLISH
    monkeypatch.setenv("PERSONA_TEXT_EMBEDDER", "own/embedder")
    with pytest.raises(StorageError, match="Run `persona reindex`, or set PERSONA_TEXT_EMBEDDER back"):
        factory.build_memory(Settings())


def test_a_folder_in_use_gets_its_index_at_the_next_start(folder: Path) -> None:
    with factory.build_memory(Settings()):
        assert "Its start rebuilds the search index." in use(MANY).output
    assert made_by(folder) == ENGLISH
    assert finds_zebra()
    assert made_by(folder) == MANY


@pytest.mark.parametrize(
    ("step", "now"),
    [
        ("app.models.weights.pull", ENGLISH),
        ("app.cli.embedder_choice.make_ready", ENGLISH),
        ("app.settings.choose_embedder", ENGLISH),
        ("app.cli.embedder_choice._rebuild_index", MANY),
        ("memory.memory.Memory.reindex", MANY),
        ("memory.index.indexer.Indexer.run", MANY),
    ],
)
def test_a_folder_works_after_a_break_at_any_step(folder: Path, step: str, now: str) -> None:
    def killed(*_args: object, **_options: object) -> None:
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(step, killed)
        assert use(MANY).exit_code != 0
    assert Settings().text_embedder == now
    assert finds_zebra()
    assert use(MANY).exit_code == 0
    assert (Settings().text_embedder, made_by(folder)) == (MANY, MANY)
    assert finds_zebra()


def test_a_model_that_cannot_be_fetched_changes_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_args: object, **_options: object) -> None:
        raise ModelMissing("It broke off.")

    monkeypatch.setattr(weights, "pull", fails)
    assert isinstance(use(MANY).exception, ModelMissing)
    assert Settings().text_embedder == made_by(folder) == ENGLISH


def test_a_pull_prepares_it_and_says_how_to_change_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    monkeypatch.setattr(weights, "located", lambda _name, _root=None: None)
    monkeypatch.setattr(embedder_choice, "make_ready", lambda name, _bars: made.append(name))
    result = CliRunner().invoke(app, ["models", "pull", MANY])
    assert made == [MANY]
    assert f"Run `persona models use {MANY}` to make it the text embedder." in result.output
    use(MANY)
    assert "to make it" not in CliRunner().invoke(app, ["models", "pull", MANY]).output


def test_the_first_pull_fetches_the_one_that_was_chosen(monkeypatch: pytest.MonkeyPatch, pulled: list[str]) -> None:
    use(MANY)
    pulled.clear()
    monkeypatch.setattr(weights, "located", lambda name, _root=None: None if name == MANY else Located(name, Path(name)))
    first_models.prepare_first(Heard())
    assert pulled == [MANY]
    monkeypatch.setenv("PERSONA_TEXT_EMBEDDER", "own/embedder")
    assert first_models.embedder_wanted() == ENGLISH
