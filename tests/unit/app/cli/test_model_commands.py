"""`persona models`: what is listed, what a pull is told, and who is asked."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from app.cli import app, model_commands
from app.models import first_models, weights
from app.models.catalogue import CATALOGUE
from app.models.local_servers import Served
from app.models.weights import Located
from app.settings import Settings
from memory.embedding.text_embedder import TextEmbedder

NEW = ("qwen3-vl-4b", "qwen3.5-4b", "qwen3-4b-2507", "gemma-3-4b", "gemma-3-270m")


def models(*words: str, given: str = "") -> Result:
    return CliRunner().invoke(app, ["models", *words], input=given)


def here(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    monkeypatch.setattr(weights, "located", lambda name, _root=None: Located(name, Path(name)) if name in names else None)


def test_each_is_listed_with_what_one_chooses_by(monkeypatch: pytest.MonkeyPatch) -> None:
    here(monkeypatch, "qwen2.5-coder-1.5b")
    serving(monkeypatch)
    said = models("list").output
    assert "qwen2.5-coder-1.5b   chat, 1.1 GB, Apache-2.0, on this machine, current\n" in said
    assert "qwen3-vl-4b          chat, sees pictures, 3.0 GB, Apache-2.0, untested\n" in said
    assert "gemma-3-4b           chat, sees pictures, 3.3 GB, Gemma Terms of Use, untested\n" in said
    rows = {row["name"]: row for row in json.loads(models("list", "--json").stdout)}
    assert list(rows) == list(CATALOGUE)
    assert {name: rows[name]["sees"] for name in NEW} == dict(zip(NEW, (True, True, False, True, False), strict=True))
    assert not any(rows[name]["tried"] for name in NEW)
    assert rows["qwen2.5-coder-1.5b"]["path"] == "qwen2.5-coder-1.5b"


SERVED = [
    Served("Ollama", "http://127.0.0.1:11434/v1", "qwen3:8b", sees=False),
    Served("vLLM", "http://127.0.0.1:8000/v1", "Qwen/Qwen3-VL-4B", sees=True),
]


def serving(monkeypatch: pytest.MonkeyPatch, *served: Served) -> None:
    monkeypatch.setattr("app.models.local_servers.detect_servers", lambda: list(served))


def test_the_models_of_servers_here_are_listed_for_people(monkeypatch: pytest.MonkeyPatch) -> None:
    here(monkeypatch)
    serving(monkeypatch, *SERVED)
    said = models("list").stdout
    assert "qwen3:8b             chat, on Ollama at http://127.0.0.1:11434/v1\n" in said
    assert "Qwen/Qwen3-VL-4B     chat, sees pictures, on vLLM at http://127.0.0.1:8000/v1\n" in said
    assert [row["name"] for row in json.loads(models("list", "--json").stdout)] == list(CATALOGUE)


def test_a_list_is_a_list_where_servers_cannot_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    here(monkeypatch)

    def fails() -> list[Served]:
        raise OSError("no sockets")

    monkeypatch.setattr("app.models.local_servers.detect_servers", fails)
    result = models("list")
    assert result.exit_code == 0
    assert all(name in result.stdout for name in CATALOGUE)


@pytest.mark.parametrize(
    ("names", "settings", "said", "row"),
    [
        ((), {}, "There is no chat model yet. `persona models pull` downloads one", None),
        (("qwen2.5-coder-1.5b", "qwen3-vl-4b"), {}, "qwen2.5-coder-1.5b answers, embedded.", "qwen2.5-coder-1.5b"),
        (("smollm2-135m",), {"MODEL": "smollm2-135m"}, "smollm2-135m answers, embedded (set in the environment: PERSONA_LLM_MODEL).",
         "smollm2-135m"),
        ((), {"MODEL": "qwen3-vl-4b"}, "but not on this machine. Run `persona models pull qwen3-vl-4b`.", None),
        (("qwen2.5-coder-1.5b",), {"BASE_URL": "localhost:11434", "MODEL": "qwen3:8b"},
         "qwen3:8b at http://localhost:11434/v1 answers (set in the environment: PERSONA_LLM_BASE_URL).", None),
        ((), {"BASE_URL": "http://127.0.0.1:8000"}, "Qwen/Qwen3-VL-4B at http://127.0.0.1:8000/v1 answers (", None),
        ((), {"BASE_URL": "https://far.example/v1"}, "The first model at https://far.example/v1 answers (", None),
    ],
)  # fmt: skip
def test_the_list_says_which_answers(
    monkeypatch: pytest.MonkeyPatch, names: tuple[str, ...], settings: dict[str, str], said: str, row: str | None
) -> None:
    here(monkeypatch, *names)
    serving(monkeypatch, *SERVED)
    for name, value in settings.items():
        monkeypatch.setenv(f"PERSONA_LLM_{name}", value)
    listed = models("list").stdout
    assert said in listed.splitlines()[-1]
    assert [line.split()[0] for line in listed.splitlines() if line.endswith(", on this machine, current")] == (
        [row] if row else []
    )
    rows = json.loads(models("list", "--json").stdout)
    assert [one["name"] for one in rows if one["answers"]] == ([row] if row else [])


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
    assert "Run `persona models use qwen3-vl-4b` to make it the chat model." in models("pull", "qwen3-vl-4b").output
    assert "to make it the chat model" not in models("pull", "clip-vit-b-32").output
    monkeypatch.setenv("PERSONA_LLM_MODEL", "qwen3-vl-4b")
    assert "to make it the chat model" not in models("pull", "qwen3-vl-4b").output


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
        "app.models.local_servers.detect_servers",
        lambda: [Served("Ollama", "http://127.0.0.1:11434/v1", "qwen3:8b", sees=False)],
    )
    monkeypatch.setattr(TextEmbedder, "is_made", True)
    monkeypatch.setattr(weights, "pull", lambda name, *_args, **_options: Located(name, Path(name)))
    result = models("pull", given=given)
    assert result.exit_code == 0, result.output
    assert ("Enter a number to use that model" in result.output) is terminal
    assert Settings().llm_model == kept
    assert ("qwen2.5-coder-1.5b is at" in result.output) is not bool(kept)


def test_the_end_of_the_input_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_commands.sys, "stdin", io.StringIO(""))
    assert model_commands.ask_on_terminal("?") == ""


def test_ctrl_c_at_the_question_is_no_answer_but_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    class Keys(io.StringIO):
        def readline(self, *_size: object) -> str:
            raise KeyboardInterrupt

    monkeypatch.setattr(model_commands.sys, "stdin", Keys())
    with pytest.raises(KeyboardInterrupt):
        model_commands.ask_on_terminal("?")
