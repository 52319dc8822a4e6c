"""A core without extras: anyone who asks for more reads which extra it is and the command, and everything else goes on."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest
from typer.testing import CliRunner

import evals
from app import doctor
from app.cli import app
from app.factory import build_sight
from app.settings import Settings
from memory.core import extras
from memory.core.errors import ExtraMissing

OF_EXTRAS = {package for extra in extras.EXTRAS.values() for package in extra.packages}


@pytest.fixture(autouse=True)
def core_alone(monkeypatch, tmp_path):
    monkeypatch.setattr(extras, "find_spec", lambda name: None if name in OF_EXTRAS else find_spec(name))
    monkeypatch.setenv("PERSONA_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("PERSONA_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("extra", "call"),
    [
        ("photos", ["models", "pull", "clip-vit-b-32"]),
        ("photos", ["models", "pull", "grounding-dino-tiny"]),
        ("photos", ["eval", "pictures", "--data", "FILE"]),
        ("train", ["train", "sft", "--config", "FILE"]),
        ("train", ["train", "grpo", "--config", "FILE"]),
        ("train", ["train", "judge-check", "--config", "FILE"]),
        ("train", ["train", "merge", "FOLDER", "--out", "OUT"]),
        ("train", ["train", "data", "FILE", "--model", "NAME"]),
        ("evals", ["eval", "sensitive"]),
        ("evals", ["eval", "weights", "--data", "FILE"]),
    ],
)
def test_one_sentence_says_which_extra_and_how(tmp_path, extra, call):
    (tmp_path / "FILE").write_text("")
    (tmp_path / "FOLDER").mkdir()
    done = CliRunner().invoke(app, call)
    assert isinstance(done.exception, ExtraMissing)
    said = done.exception.message
    assert f"needs the extra [{extra}]" in said
    assert said.endswith(f"run `{extras.command(extra)}`.")
    assert done.stdout == ""


def test_a_benchmark_asks_for_its_extra_before_it_answers_anything(tmp_path, monkeypatch):
    monkeypatch.setattr("evals.cli.answers.answer_all", lambda *_a, **_k: pytest.fail("answered first"))
    mini = Path(evals.__file__).parent / "data" / "persona_mini"
    done = CliRunner().invoke(app, ["eval", "persona-mme", "--data", str(mini), "--out", str(tmp_path / "out")])
    assert "needs the extra [evals]" in str(done.exception)


def test_photos_are_found_by_words_and_it_is_said_what_sight_needs():
    off = build_sight(Settings()).off
    assert off == f"Photos are found by what was said about them, not by sight. {extras.missing('photos')}"


def test_doctor_lists_each_extra_with_what_it_brings():
    found = doctor._extras(Settings())
    assert found.state == "works"
    lines = found.detail.splitlines()
    assert [line.split()[0] for line in lines] == [f"[{name}]" for name in extras.EXTRAS]
    assert lines[0] == f"[photos] off: finding photos by what they show needs it (5.6 GB): `{extras.command('photos')}`"


def test_an_extra_that_is_there_is_on(monkeypatch):
    monkeypatch.setattr(extras, "find_spec", lambda name: name != "psycopg" or None)
    assert "[photos] on: finding photos by what they show" in extras.told()
    assert [line.split()[1] for line in extras.told()].count("off:") == 1
