"""A package that is not installed is one sentence: what needs it, which extra brings it, and the command."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from evals.perf.pages import measure
from memory.core import extras
from memory.core.errors import ExtraMissing
from memory.storage.engine import Database

ROOT = Path(__file__).parents[4]


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
    ],
)
def test_the_command_is_that_of_this_installation(tmp_path, files, python, has_pip, photos, embedders):
    for name in files:
        (tmp_path / name).touch()
    for extra, expected in (("photos", photos), ("embedders", embedders)):
        assert extras.command(extra, checkout=tmp_path, python=tmp_path / python, has=lambda _name: has_pip) == expected


class Installed:
    """Stands in for the metadata of an installed package."""

    def __init__(self, origin, requires=()):
        self.origin, self.requires = origin, list(requires)
        self.PackageNotFoundError = extras.metadata.PackageNotFoundError

    def distribution(self, name):
        if self.origin is None:
            raise self.PackageNotFoundError(name)
        return self

    def read_text(self, _name):
        return self.origin


REQUIRES = [
    "torch>=2.9; extra == 'photos'",
    'open-clip-torch>=3.2 ; extra == "photos"',
    "authlib>=1.6; extra == 'auth'",
    "rich>=14",
]


@pytest.fixture
def installed(monkeypatch, tmp_path):
    """Be installed from somewhere, in an environment that holds these files; returns the command for photos."""

    def command(origin, *, pip=True, environment="env of mine", files=()):
        text = origin if origin is None or isinstance(origin, str) else json.dumps(origin)
        metadata = Installed(text)
        metadata.requires = lambda _name: REQUIRES
        monkeypatch.setattr(extras, "metadata", metadata)
        prefix = tmp_path / environment
        prefix.mkdir(parents=True, exist_ok=True)
        for name in files:
            (prefix / name).touch()
        said = extras.command("photos", checkout=tmp_path, python=prefix / "bin" / "python", has=lambda _name: pip)
        return said.replace(str(prefix), "ENV")

    return command


def test_from_a_wheel_an_extra_comes_from_where_it_was_installed_from(installed, tmp_path):
    wheel = tmp_path / "a b.whl"
    wheel.touch()
    said = {"url": wheel.as_uri(), "archive_info": {}}
    what = f"'personavlm-langgraph[photos] @ {wheel.as_uri()}'"
    assert installed(said) == f"'ENV/bin/python' -m pip install {what}"
    assert installed(said, pip=False, environment="venv") == f"uv pip install --python ENV/bin/python {what}"
    assert installed(said, pip=False, environment="tool", files=["uv-receipt.toml"]) == f"uv tool install --force {what}"
    assert installed(said, pip=False, environment="archive-v0/x1") == f"uvx --from {what} persona"
    repository = {"url": "https://git.example/p.git", "vcs_info": {"vcs": "git", "commit_id": "abc"}}
    assert installed(repository).endswith("'personavlm-langgraph[photos] @ git+https://git.example/p.git@abc'")


@pytest.mark.parametrize("origin", [None, "{", "{}", {"url": "file:///gone/x.whl"}, {"url": None}, ""])
@pytest.mark.parametrize("pip", [True, False])
def test_where_that_is_not_known_the_packages_are_named_and_never_this_project(installed, origin, pip):
    said = installed(origin, pip=pip, environment="venv")
    assert said.endswith(
        "install 'torch>=2.9' 'open-clip-torch>=3.2'" if pip else "ENV/bin/python 'torch>=2.9' 'open-clip-torch>=3.2'"
    )
    assert "personavlm" not in said


def test_the_project_is_called_as_the_command_calls_it():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["name"] == extras._DISTRIBUTION


def test_a_package_that_no_extra_brings_is_one_sentence_too(monkeypatch):
    monkeypatch.setitem(sys.modules, "playwright.sync_api", None)
    with pytest.raises(
        ExtraMissing, match=r"^Measuring the page in a browser needs playwright, which is not installed: run `.* playwright`\.$"
    ):
        measure(1, 10, 1)


def test_asking_imports_nothing_heavy():
    code = "import sys; from memory.core import extras; extras.installed(); print(sorted({'torch', 'transformers', 'numpy'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout == "[]\n"


def test_a_database_on_a_server_says_which_extra_it_wants(monkeypatch, without):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    without("psycopg")
    with pytest.raises(ExtraMissing, match=r"^A database on a server needs the extra \[server\]"):
        Database("postgresql://me@127.0.0.1/persona")
