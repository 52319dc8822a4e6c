"""A package that is not installed is one sentence: what needs it, which extra brings it, and the command."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from memory import extras
from memory.database import Database
from memory.errors import ExtraMissing

ROOT = Path(__file__).parents[2]


@pytest.fixture
def without(monkeypatch):
    """Have all packages but some; which of them are here in truth makes no difference."""

    def hide(*names):
        monkeypatch.setattr(extras, "find_spec", lambda name: None if name in names else sys)

    return hide


def test_the_sentence_says_what_for_which_extra_and_how(without):
    without("open_clip", "torchvision")
    with pytest.raises(ExtraMissing) as raised:
        extras.require("photos")
    assert raised.value.code == "extra_missing"
    start, command = raised.value.message.rstrip(".").split(": run ")
    assert start == "Finding photos by what they show needs the extra [photos] (torchvision, open_clip are not installed)"
    assert command == f"`{extras.command('photos')}`"


def test_a_purpose_of_the_moment_takes_the_place_of_the_extra_s_own(without):
    without("sentence_transformers")
    said = extras.missing("embedders", "The text embedder e5-large")
    assert said.startswith(
        "The text embedder e5-large needs the extra [embedders] (sentence_transformers is not installed): run `"
    )


def test_an_extra_that_is_there_is_no_error(monkeypatch):
    monkeypatch.setattr(extras, "find_spec", lambda name: sys)
    assert extras.missing("photos") is None
    extras.require("photos")
    assert set(extras.installed().values()) == {True}


def test_each_extra_is_looked_up_by_itself(monkeypatch):
    monkeypatch.setattr(extras, "find_spec", lambda name: None if name == "psycopg" else sys)
    assert [name for name, there in extras.installed().items() if not there] == ["server"]


def test_an_import_path_that_refuses_a_package_makes_it_missing_and_no_error(monkeypatch):
    def refuse(name):
        raise ImportError(name)

    monkeypatch.setattr(extras, "find_spec", refuse)
    assert not any(extras.installed().values())


@pytest.mark.parametrize(
    ("files", "python", "has_pip", "photos", "embedders"),
    [
        (["pyproject.toml"], ".venv/bin/python", True, "make chat PHOTOS=1", ".venv/bin/pip install -e '.[embedders]'"),
        (["pyproject.toml"], ".venv/bin/python", False, "uv pip install -e '.[photos]'", "uv pip install -e '.[embedders]'"),
        (
            ["pyproject.toml"],
            "/env of mine/bin/python",
            True,
            "'/env of mine/bin/python' -m pip install -e '.[photos]'",
            "'/env of mine/bin/python' -m pip install -e '.[embedders]'",
        ),
        (
            [],
            "/usr/bin/python3",
            True,
            "pip install 'personavlm-langgraph[photos]'",
            "pip install 'personavlm-langgraph[embedders]'",
        ),
        (
            [],
            "/usr/bin/python3",
            False,
            "uv pip install 'personavlm-langgraph[photos]'",
            "uv pip install 'personavlm-langgraph[embedders]'",
        ),
    ],
)
def test_the_command_is_that_of_this_installation(tmp_path, files, python, has_pip, photos, embedders):
    for name in files:
        (tmp_path / name).touch()
    for extra, expected in (("photos", photos), ("embedders", embedders)):
        assert extras.command(extra, checkout=tmp_path, python=tmp_path / python, has=lambda _name: has_pip) == expected


def test_the_project_is_called_as_the_command_calls_it():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["name"] in extras.command("photos", checkout=ROOT / "tests")


def test_asking_imports_nothing_heavy():
    code = "import sys; from memory import extras; extras.installed(); print(sorted({'torch', 'transformers', 'numpy'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout == "[]\n"


def test_a_database_on_a_server_says_which_extra_it_wants(monkeypatch, without):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    without("psycopg")
    with pytest.raises(ExtraMissing, match=r"^A database on a server needs the extra \[server\]"):
        Database("postgresql://me@127.0.0.1/persona")
