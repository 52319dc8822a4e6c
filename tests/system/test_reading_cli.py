"""`persona import --dry-run`, `persona imports pause|resume` and `persona work`: how long the model reads, paused, and gone on with."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from app.cli.commands import app
from app.service import PersonaService
from app.step_times import Model, StepTimes
from memory.memory import Memory
from tests.fakes import ScriptedChat, ScriptedModels, WordEmbedder

LINES = "\n".join(
    json.dumps({"time": time, "user": said, "assistant": "Noted."})
    for time, said in (
        ("2025-03-01T09:00+01:00", "I bought a cello."),
        ("2025-04-02T18:00+02:00", "My quartet meets on Thursdays."),
    )
)


@pytest.fixture
def persona(tmp_path, monkeypatch):
    """Runs commands on a data folder of this test; its model is scripted."""
    folder = tmp_path / "data"
    monkeypatch.setenv("PERSONA_DATA_DIR", str(folder))
    monkeypatch.setenv("PERSONA_LLM_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("PERSONA_LLM_MODEL", "small")
    monkeypatch.setattr("app.factory.build_memory", lambda *_, **__: Memory(folder, WordEmbedder(), asks=False))
    monkeypatch.setattr(
        PersonaService,
        "from_settings",
        classmethod(
            lambda cls, **_: cls(Memory(folder, WordEmbedder(), asks=False), ScriptedModels(ScriptedChat()), work=False)
        ),
    )
    (tmp_path / "old.jsonl").write_text(LINES)

    def run(*words, fails=False):
        ran = CliRunner().invoke(app, list(words))
        assert (ran.exit_code != 0) == fails, ran.output
        if fails:
            return str(ran.exception)
        return ran.stdout if "--json" in words else ran.output

    return run


@pytest.fixture
def file(tmp_path):
    return str(tmp_path / "old.jsonl")


def test_a_dry_run_says_how_long_once_it_was_measured(persona, file, tmp_path):
    assert "How long that takes with this model is known after its first calls" in persona(
        "import", file, "--user", "ada", "--dry-run"
    )
    assert not (tmp_path / "data").exists()
    (tmp_path / "data").mkdir()
    StepTimes(tmp_path / "data").note(Model("small", ("http://127.0.0.1:9/v1",)), "topics", 1_800.0)
    told = persona("import", file, "--user", "ada", "--dry-run")
    assert "With this model that takes about 2 hours for --remember sessions, by what it took here before." in told
    found = json.loads(persona("import", file, "--user", "ada", "--dry-run", "--json"))
    assert (found["model_calls"]["sessions"], found["model_seconds"]) == (4, {"none": 0.0, "sessions": 7_200.0, "all": None})


def test_a_paused_import_waits_until_it_is_resumed(persona, file):
    name = json.loads(persona("import", file, "--user", "ada", "--json"))["id"]
    assert f"Paused: 3 steps of the import {name}." in persona("imports", "pause", name, "--user", "ada")
    [listed] = json.loads(persona("imports", "list", "--json"))
    assert (listed["paused"], listed["steps"]) == (True, 3)
    assert "paused, 3" in persona("imports", "list")
    told = persona("work")
    assert "0 steps done" in told
    assert f"Paused: 3 steps of the import {name}. `persona imports resume {name}` goes on with it." in told
    done = json.loads(persona("work", "--json"))
    assert (done["done"], done["a_minute"], done["paused"]) == (0, None, {name: 3})
    assert "behind your conversations: 3 steps left" in persona("imports", "resume", name)
    done = json.loads(persona("work", "--json"))
    assert (done["done"], done["paused"]) == (3, {})
    assert done["a_minute"] > 0
    assert "there is nothing to pause" in persona("imports", "pause", name, fails=True)
    assert "There is no import" in persona("imports", "resume", "imp_0", fails=True)


def test_an_import_is_paused_while_another_program_has_the_folder(persona, file, tmp_path):
    name = json.loads(persona("import", file, "--user", "ada", "--json"))["id"]
    with Memory(tmp_path / "data", WordEmbedder(), asks=False) as memory:
        persona("imports", "pause", name)
        assert memory.work.next() is None
        persona("imports", "resume", name)
        assert memory.work.next() is not None
