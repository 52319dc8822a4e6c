"""What a first chat needs: a model that is set, one of a server here, or one that is fetched."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from app import settings
from app.models import first_models, weights
from app.models.local_servers import Served
from app.models.weights import Located
from app.settings import Settings
from memory.core.errors import ModelMissing
from tests.unit.app.models.test_weights import Heard

QWEN = Served("Ollama", "http://127.0.0.1:11434/v1", "qwen3:8b", sees=False)
GEMMA = Served("LM Studio", "http://127.0.0.1:1234/v1", "google/gemma-3-4b", sees=True)


def nothing_served() -> list[Served]:
    return []


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """Names of what is pulled; nothing is here before."""
    names: list[str] = []

    def pull(name: str, *_args: object, **_options: object) -> Located:
        names.append(name)
        return Located(name, tmp_path)

    monkeypatch.setattr(first_models, "hub_answers", lambda: False)
    monkeypatch.setattr(weights, "pull", pull)
    return names


@pytest.mark.parametrize(
    ("hub", "memory", "disk", "chat"),
    [
        (True, 9e9, 9e9, "qwen2.5-vl-3b"),
        (True, 7e9, 9e9, "qwen2.5-coder-1.5b"),
        (True, None, 9e9, "qwen2.5-coder-1.5b"),
        (True, 9e9, 2e9, "qwen2.5-coder-1.5b"),
        (False, 9e9, 9e9, "qwen2.5-coder-1.5b"),
    ],
)
def test_the_default_suits_the_machine(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    hub: bool,
    memory: int | None,
    disk: int,
    chat: str,
) -> None:
    def pull(name: str, *_args: object, **_options: object) -> Located:
        return Located(name, tmp_path)

    monkeypatch.setattr(first_models, "hub_answers", lambda: hub)
    monkeypatch.setattr(first_models, "_available_memory", lambda: memory)
    monkeypatch.setattr(first_models, "free_disk", lambda _folder: disk)
    monkeypatch.setattr(weights, "pull", pull)
    heard = Heard()
    assert [found.name for found in first_models.pull_first(heard, tmp_path, detect=nothing_served)] == [
        "all-minilm-l6-v2",
        chat,
    ]
    assert bool(heard.notes) == (chat != "qwen2.5-vl-3b")


def test_the_default_falls_back_when_the_hub_breaks_off(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def pull(name: str, *_args: object, **_options: object) -> Located:
        if name == "qwen2.5-vl-3b":
            message = "It broke off."
            raise ModelMissing(message)
        return Located(name, tmp_path)

    monkeypatch.setattr(first_models, "hub_answers", lambda: True)
    monkeypatch.setattr(first_models, "_available_memory", lambda: 9e9)
    monkeypatch.setattr(first_models, "free_disk", lambda _folder: 9e9)
    monkeypatch.setattr(weights, "pull", pull)
    heard = Heard()
    assert first_models.pull_first(heard, tmp_path, detect=nothing_served)[1].name == "qwen2.5-coder-1.5b"
    assert heard.notes == ["It broke off.", "qwen2.5-coder-1.5b, which cannot see pictures, is used instead."]


def test_what_is_here_stays_the_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(weights, "located", lambda name, _root=None: Located(name, tmp_path) if "vl" not in name else None)
    monkeypatch.setattr(weights, "pull", None)
    assert [found.name for found in first_models.pull_first(Heard(), tmp_path)] == ["all-minilm-l6-v2", "qwen2.5-coder-1.5b"]


class TestModelsOfServersThatRunHere:
    def first(
        self, tmp_path: Path, *answers: str, heard: Heard | None = None, served: tuple[Served, ...] = (QWEN, GEMMA)
    ) -> list[str]:
        left = list(answers)
        ask = (lambda _question: left.pop(0)) if answers else None
        found = first_models.pull_first(heard or Heard(), tmp_path, detect=lambda: list(served), ask=ask)
        assert not left, "asked as often as it was answered"
        return [one.name for one in found]

    def test_a_number_takes_it_and_no_chat_model_is_fetched(self, fetched: list[str], tmp_path: Path) -> None:
        heard = Heard()
        assert self.first(tmp_path, "2", heard=heard) == fetched == ["all-minilm-l6-v2"]
        assert heard.notes[:3] == [
            "Models that already run on this machine:",
            "   1  qwen3:8b  (Ollama, http://127.0.0.1:11434/v1)",
            "   2  google/gemma-3-4b  (LM Studio, http://127.0.0.1:1234/v1, sees pictures)",
        ]
        assert heard.notes[3].startswith("google/gemma-3-4b on LM Studio answers from now on (saved in ")
        assert "OLLAMA" not in heard.notes[3]
        kept = Settings()
        assert (kept.llm_base_url, kept.llm_model) == (GEMMA.url, GEMMA.model)

    def test_it_is_remembered_and_not_asked_again(self, fetched: list[str], tmp_path: Path) -> None:
        heard = Heard()
        self.first(tmp_path, "1", heard=heard)
        assert heard.notes[3].endswith("Start it with OLLAMA_CONTEXT_LENGTH=16384, because it silently cuts longer prompts.")
        heard = Heard()
        assert self.first(tmp_path, heard=heard) == ["all-minilm-l6-v2"]
        assert (
            heard.notes[0]
            == f"The chat model is set by `persona models use`, in {settings.settings_file()}, so none is downloaded."
        )

    def test_enter_fetches_ours(self, fetched: list[str], tmp_path: Path) -> None:
        assert self.first(tmp_path, "") == fetched == ["all-minilm-l6-v2", "qwen2.5-coder-1.5b"]
        assert not settings.settings_file().exists()

    @pytest.mark.parametrize("wrong", ["0", "3", "qwen", "-1", "²"])
    def test_what_is_no_number_of_the_list_is_asked_again(self, fetched: list[str], tmp_path: Path, wrong: str) -> None:
        heard = Heard()
        self.first(tmp_path, wrong, "1", heard=heard)
        assert f"There is no number {wrong}." in heard.notes
        assert Settings().llm_model == QWEN.model

    def test_without_a_terminal_nothing_is_taken_and_one_line_says_how(self, fetched: list[str], tmp_path: Path) -> None:
        heard = Heard()
        assert self.first(tmp_path, heard=heard) == fetched == ["all-minilm-l6-v2", "qwen2.5-coder-1.5b"]
        assert heard.notes[0] == (
            "Ollama runs on this machine and has 2 models, qwen3:8b among them. It is not used. To use it, run "
            "`persona models use qwen3:8b`, or set PERSONA_LLM_BASE_URL=http://127.0.0.1:11434/v1 and PERSONA_LLM_MODEL=qwen3:8b."
        )
        assert not settings.settings_file().exists()

    def test_many_are_not_all_shown_and_all_can_be_taken(self, fetched: list[str], tmp_path: Path) -> None:
        heard = Heard()
        many = tuple(Served("Ollama", QWEN.url, f"model-{n}", sees=False) for n in range(1, 31))
        self.first(tmp_path, "30", heard=heard, served=many)
        assert "      and 10 more: `persona models use NAME`" in heard.notes
        assert Settings().llm_model == "model-30"

    @pytest.mark.parametrize("name", ["PERSONA_LLM_BASE_URL", "PERSONA_LLM_MODEL"])
    def test_what_is_set_is_not_asked_for(
        self, fetched: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
    ) -> None:
        (tmp_path / "own.gguf").touch()
        monkeypatch.setenv(name, "http://127.0.0.1:9/v1" if "URL" in name else str(tmp_path / "own.gguf"))
        heard = Heard()
        assert self.first(tmp_path, heard=heard) == fetched == ["all-minilm-l6-v2"]
        assert heard.notes[0] == f"The chat model is set in the environment: {name}, so none is downloaded."

    def test_a_model_of_the_catalogue_that_is_set_is_the_one_that_is_fetched(
        self, fetched: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PERSONA_LLM_MODEL", "qwen3-vl-4b")
        self.first(tmp_path)
        assert sorted(fetched) == ["all-minilm-l6-v2", "qwen3-vl-4b"]

    def test_a_chat_model_that_is_here_is_enough(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setattr(weights, "located", lambda name, _root=None: Located(name, tmp_path))
        assert first_models.pull_first(Heard(), tmp_path, detect=None, ask=None)[1].name == "qwen2.5-vl-3b"


def test_memory_is_told_on_linux() -> None:
    assert (first_models._available_memory() or 0) > 100_000_000 or not sys.platform.startswith("linux")
