"""`persona uninstall`: says what lies where, removes what it is told to, and nothing that is not ours."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from app.cli import main
from evals.perf.filled import kept_folder
from memory.core.errors import FolderInUse
from memory.memory import Memory
from memory.storage.folder_lock import FolderLock
from tests.fakes import WordEmbedder
from tests.unit.memory.stores.test_journal import at


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A cache with a model, its graph and vLLM; a data folder with a person; and beside each something of the person's own."""
    cache, data, config = tmp_path / "cache" / "personavlm", tmp_path / "data", tmp_path / "config"
    for name, value in {"CACHE": cache, "DATA": data, "CONFIG": config}.items():
        monkeypatch.setenv(f"PERSONA_{name}_DIR", str(value))
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "elsewhere"))
    for path in (
        cache / "models/smollm2-135m/model.gguf", cache / "models/smollm2-135m/.lock", cache / "models/my-own/model.gguf",
        cache / "graphs/0123/model.onnx", cache / "vllm-cpu/pyvenv.cfg",
        cache / "peers/mem0/pyvenv.cfg", cache / "studio/.langgraph_api/store.pckl",
        config / "settings.env", config / "notes.txt", data / "diary.txt",
    ):  # fmt: skip
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x" * 1000)
    with Memory(data, WordEmbedder()) as memory:
        memory.ingest_turn("ada", at("2026-03-01 09:00"), "Hello", "I see.")
    return tmp_path


@pytest.fixture
def uninstall(machine, monkeypatch, capsys):
    def run(*words):
        monkeypatch.setattr(sys, "argv", ["persona", "uninstall", *words])
        monkeypatch.setenv("COLUMNS", "300")
        capsys.readouterr()
        code = 0
        try:
            main()
        except SystemExit as done:
            code = done.code or 0
        return code, *capsys.readouterr()

    return run


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_it_says_what_lies_where_and_removes_nothing(machine, uninstall):
    before = files(machine)
    code, out, err = uninstall()
    assert code == 0
    for what in ("model smollm2-135m", "files built from the models", "vLLM", "Studio", "all memories"):
        assert what in out
    for path in ("cache/personavlm/models/smollm2-135m", "cache/personavlm/vllm-cpu", "cache/personavlm/peers", "data"):
        assert str(machine / path) in out
    assert "Nothing was removed" in err
    assert "`persona uninstall --yes` removes the models" in err
    assert "`persona uninstall --data`" in err
    assert "make " not in err, "this environment is none of a checkout"
    assert files(machine) == before


def test_in_a_checkout_make_removes_its_environment_too(uninstall, monkeypatch):
    monkeypatch.setattr(sys, "prefix", str(Path(__file__).parents[2] / "no-venv"))
    err = uninstall()[2]
    assert "`make uninstall YES=1` removes the environment and the models" in err
    assert "`make uninstall DATA=1`" in err


def test_an_installed_package_says_how_the_program_is_removed(uninstall, monkeypatch):
    monkeypatch.setattr("memory.core.extras.is_checkout", lambda: False)
    assert f"To remove the program itself, run `{sys.executable} -m pip uninstall personavlm-langgraph`." in uninstall()[2]


def test_yes_removes_the_models_and_never_what_is_remembered(machine, uninstall):
    code, out, _ = uninstall("--yes")
    assert code == 0
    assert out.count("removed") == 6
    left = files(machine)
    assert "cache/personavlm/models/my-own/model.gguf" in left, "not ours"
    assert "config/notes.txt" in left
    assert "data/journal.db" in left
    assert not [path for path in left if "smollm2" in path or "graphs" in path or "vllm" in path or "settings.env" in path]


def test_data_is_removed_in_its_own_words_and_a_diary_beside_it_stays(machine, uninstall):
    code, _, err = uninstall("--data")
    assert code == 0
    assert "diary.txt" in err
    assert [path for path in files(machine) if path.startswith("data")] == ["data/diary.txt"]
    assert "cache/personavlm/models/smollm2-135m/model.gguf" in files(machine)


def test_both_leave_no_empty_folder(machine, uninstall):
    for path in ("cache/personavlm/models/my-own", "data/diary.txt", "config/notes.txt"):
        if (machine / path).is_dir():
            (machine / path / "model.gguf").unlink()
            (machine / path).rmdir()
        else:
            (machine / path).unlink()
    assert uninstall("--yes", "--data")[0] == 0
    assert not (machine / "data").exists()
    assert not (machine / "cache/personavlm").exists()
    assert not (machine / "config").exists()
    assert uninstall()[1] == "There are no files of this program on this machine.\n"


@pytest.mark.parametrize("words", [("--yes",), ("--data",)])
def test_what_a_program_works_with_is_not_removed(machine, uninstall, words):
    before = files(machine)
    owner = FolderLock(machine / "data")
    try:
        code, out, err = uninstall(*words)
    finally:
        owner.release()
    assert (code, out) == (1, "")
    assert "is in use by" in err
    assert files(machine) == before
    assert FolderInUse.code == "folder_in_use"


def test_a_cache_that_is_not_ours_alone_keeps_folders_of_our_names(machine, uninstall, monkeypatch):
    shared = machine / "cache" / "work"
    (machine / "cache" / "personavlm").rename(shared)
    (shared / "tests").mkdir()
    (shared / "tests" / "mine.py").write_text("x")
    (shared / "vllm-cpu" / "pyvenv.cfg").unlink()
    (shared / "vllm-cpu" / "mine").write_text("x")
    monkeypatch.setenv("PERSONA_CACHE_DIR", str(shared))
    uninstall("--yes", "--data")
    assert {"cache/work/tests/mine.py", "cache/work/vllm-cpu/mine", "cache/work/graphs/0123/model.onnx"} <= set(files(machine))
    assert not (shared / "models/smollm2-135m").exists()


def test_what_is_surely_ours_leaves_a_cache_of_another_name_and_the_rest_is_named(machine, uninstall, monkeypatch):
    shared = machine / "cache" / "work"
    (machine / "cache" / "personavlm").rename(shared)
    fingerprint, own_graph = "0123456789abcdef" * 2, "f" * 32
    for path in (
        f"graphs/{fingerprint}/model.onnx", f"graphs/{fingerprint}/marks.json", f"graphs/{own_graph}/plot.svg",
        "bench/2-turns-100/journal.db", "bench/2-users-10/journal.db", "tests/test_mine.py",
    ):  # fmt: skip
        (shared / path).parent.mkdir(parents=True, exist_ok=True)
        (shared / path).write_text("x")
    (shared / "studio/.env").symlink_to(machine / ".env")
    monkeypatch.setenv("PERSONA_CACHE_DIR", str(shared))
    _, out, err = uninstall()
    for path in (f"graphs/{fingerprint}", "bench", "peers", "studio", "vllm-cpu"):
        assert f"{shared / path} " in out
    left = [shared / path for path in ("models/my-own", "graphs/0123", f"graphs/{own_graph}", "tests")]
    assert f"they may belong to something else: {', '.join(map(str, left))}." in err
    uninstall("--yes")
    assert files(shared) == [
        "graphs/0123/model.onnx",
        f"graphs/{own_graph}/plot.svg",
        "models/my-own/model.gguf",
        "tests/test_mine.py",
    ]
    assert not (shared / "bench").exists()


def test_what_measurements_keep_lies_in_the_cache_that_is_set(machine):
    assert kept_folder("turns-100").is_relative_to(machine / "cache" / "personavlm" / "bench")


def test_scripts_read_an_array(uninstall):
    rows = json.loads(uninstall("--json")[1])
    assert {"part", "what", "path", "bytes", "removed"} == set(rows[0])
    assert {row["part"] for row in rows} >= {"models", "data"}
    assert not any(row["removed"] for row in rows)
