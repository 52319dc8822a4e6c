"""`persona models`: what is listed, what a pull is told, and who is asked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from app import cli_models, first_models, weights
from app.catalogue import CATALOGUE
from app.cli import app
from app.local_servers import Served
from app.settings import Settings
from app.weights import Located
from memory.embedders import TextEmbedder

NEW = ("qwen3-vl-4b", "qwen3.5-4b", "qwen3-4b-2507", "gemma-3-4b", "gemma-3-270m")


def models(*words: str, given: str = "") -> Result:
    return CliRunner().invoke(app, ["models", *words], input=given)


def here(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    monkeypatch.setattr(weights, "located", lambda name, _root=None: Located(name, Path(name)) if name in names else None)


def test_each_is_listed_with_what_one_chooses_by(monkeypatch: pytest.MonkeyPatch) -> None:
    here(monkeypatch, "qwen2.5-coder-1.5b")
    said = models("list").output
    assert "qwen2.5-coder-1.5b   chat, 1.1 GB, Apache-2.0, here\n" in said
    assert "qwen3-vl-4b          chat, sees pictures, 3.0 GB, Apache-2.0, not tried here\n" in said
    assert "gemma-3-4b           chat, sees pictures, 3.3 GB, Gemma Terms of Use, not tried here\n" in said
    rows = {row["name"]: row for row in json.loads(models("list", "--json").stdout)}
    assert list(rows) == list(CATALOGUE)
    assert {name: rows[name]["sees"] for name in NEW} == dict(zip(NEW, (True, True, False, True, False), strict=True))
    assert not any(rows[name]["tried"] for name in NEW)
    assert rows["qwen2.5-coder-1.5b"]["path"] == "qwen2.5-coder-1.5b"


@pytest.mark.parametrize("name", NEW)
def test_a_model_that_only_the_hub_has_names_one_file_of_it_and_no_hash(name: str) -> None:
    model = CATALOGUE[name]
    assert model.hub
    assert model.files[0].on_hub[0].lower() == model.model == model.files[0].path
    assert all(file.sha256 is None for file in model.files), "none was fetched here"


def test_what_was_pulled_by_name_answers_where_nothing_else_is_here(monkeypatch: pytest.MonkeyPatch) -> None:
    for names, answers in (
        (("qwen3-vl-4b",), "qwen3-vl-4b"),
        (("gemma-3-4b", "qwen2.5-coder-1.5b"), "qwen2.5-coder-1.5b"),
        (("gemma-3-270m", "smollm2-135m"), None),
    ):
        here(monkeypatch, *names)
        found = weights.default_chat()
        assert (found and found.name) == answers


def test_a_pull_says_how_to_let_it_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    here(monkeypatch, "qwen2.5-coder-1.5b")
    monkeypatch.setattr(weights, "pull", lambda name, *_args, **_options: Located(name, Path(name)))
    assert "`persona models use qwen3-vl-4b` lets it answer." in models("pull", "qwen3-vl-4b").output
    assert "lets it answer" not in models("pull", "clip-vit-b-32").output
    monkeypatch.setenv("PERSONA_LLM_MODEL", "qwen3-vl-4b")
    assert "lets it answer" not in models("pull", "qwen3-vl-4b").output


def test_newer_is_asked_for_by_an_option(monkeypatch: pytest.MonkeyPatch) -> None:
    here(monkeypatch, "qwen3-vl-4b")
    asked = []
    monkeypatch.setattr(weights, "pull", lambda name, *_args, **options: asked.append(options) or Located(name, Path(name)))
    models("pull", "qwen3-vl-4b", "--newer")
    assert asked == [{"newer": True}]


@pytest.mark.parametrize(
    ("terminal", "given", "kept"), [(True, "1\n", "qwen3:8b"), (True, "\n", ""), (True, "", ""), (False, "1\n", "")]
)
def test_a_person_is_asked_at_a_terminal_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, terminal: bool, given: str, kept: str
) -> None:
    here(monkeypatch, "all-minilm-l6-v2")
    monkeypatch.setattr(first_models, "can_ask", lambda: terminal)
    monkeypatch.setattr(first_models, "hub_answers", lambda: False)
    monkeypatch.setattr(
        "app.local_servers.look", lambda: [Served("Ollama", "http://127.0.0.1:11434/v1", "qwen3:8b", sees=False)]
    )
    monkeypatch.setattr(TextEmbedder, "is_made", True)
    monkeypatch.setattr(weights, "pull", lambda name, *_args, **_options: Located(name, Path(name)))
    result = models("pull", given=given)
    assert result.exit_code == 0, result.output
    assert ("A number uses that model" in result.output) is terminal
    assert Settings().llm_model == kept
    assert ("qwen2.5-coder-1.5b is at" in result.output) is not bool(kept)


def test_the_end_of_the_input_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def ended(*_args: object, **_options: object) -> str:
        raise cli_models.typer.Abort

    monkeypatch.setattr(cli_models.typer, "prompt", ended)
    assert cli_models.ask_on_terminal("?") == ""
