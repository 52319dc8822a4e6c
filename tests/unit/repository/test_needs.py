"""What a run of the tests leaves out: it says so, runs it when asked, and stops where what it needs is not there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PLAIN = """
import importlib.util
import pytest

def test_runs(): pass
def test_what_is_not_asked_for_is_not_there(): assert importlib.util.find_spec("trl") is None
@pytest.mark.minutes
@pytest.mark.parametrize("case", [1, 2])
def test_takes_long(case): pass
"""
WHOLE = """
import pytest
import no_such_module
pytestmark = [pytest.mark.long, pytest.mark.filterwarnings("error")]

def test_one(): pass
async def test_two(): pass
def helper(): pass
"""


@pytest.fixture
def run(tmp_path):
    """Run pytest on a folder with two files; returns the exit status and what it printed."""
    (tmp_path / "conftest.py").write_text('pytest_plugins = ("tests.needs",)\n')
    (tmp_path / "test_plain.py").write_text(PLAIN)
    (tmp_path / "test_whole.py").write_text(WHOLE)
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers\n")

    def call(*words: str, **environment: str) -> tuple[int, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("COV_", "PYTEST_", "PERSONA_"))}
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "xdist", *words],
            cwd=tmp_path,
            env={**kept, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", **environment}, capture_output=True, text=True,
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    return call


@pytest.mark.parametrize("processes", ["-n0", "-n2"])
def test_a_plain_run_says_what_it_left_out_and_how_to_run_it(run, processes):
    status, said = run(processes)
    assert status == 0
    assert "2 passed" in said
    assert "1 test, each counted once however many cases it has. `make test-all` runs them" in said
    assert "    1  minutes        what takes a minute or more; needs time alone\n" in said
    assert "2 tests, each counted once however many cases it has. `make train-smoke` runs them" in said


def test_what_is_asked_for_runs_too_and_the_rest_alone(run):
    assert "4 passed" in run("--with", "minutes")[1]
    status, said = run("--left-out", "--with", "minutes", "test_plain.py")
    assert status == 0
    assert "2 passed, 2 deselected" in said


def test_a_file_that_is_asked_for_is_imported(run):
    status, said = run("--with", "train,long", "-rE")
    assert status != 0
    assert "no_such_module" in said or "needs the extra [train]" in said


def test_a_need_that_is_not_there_stops_the_run_and_says_what_to_install(run):
    status, said = run("--with", "browser", PERSONA_TEST_CHROMIUM="", PATH="/nowhere")
    assert status == pytest.ExitCode.USAGE_ERROR
    assert "Chromium must be installed: run `apt-get install chromium`, or name it with PERSONA_TEST_CHROMIUM." in said
    assert "passed" not in said


def test_a_need_that_nobody_knows_is_refused(run):
    status, said = run("--with", "photo")
    assert status == pytest.ExitCode.USAGE_ERROR
    assert "--with photo: there is no such need. There are: all, browser," in said
