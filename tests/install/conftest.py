"""An installation of the core alone, as somebody without a checkout has it: a fresh environment, and a folder somewhere else."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SMALL = {"LLM_MODEL": "smollm2-135m", "MAX_NEW_TOKENS": "64", "LLM_CONTEXT": "8192", "LLM_THREADS": "1"}


@dataclass(frozen=True)
class Core:
    """An environment with nothing but the core, and a folder to be in that is no checkout."""

    environment: Path
    folder: Path

    @property
    def python(self) -> str:
        return str(self.environment / "bin" / "python")

    def variables(self, **more: str) -> dict[str, str]:
        """Return the variables of a process: the models of this machine's cache, and a data folder of its own."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PERSONA_", "PYTHON", "COV_"))}
        kept |= {"PERSONA_CACHE_DIR": os.environ["PERSONA_CACHE_DIR"]} if "PERSONA_CACHE_DIR" in os.environ else {}
        ours = {"PERSONA_DATA_DIR": str(self.folder / "data"), **{f"PERSONA_{name}": value for name, value in SMALL.items()}}
        return kept | ours | more

    def persona(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run `persona` to its end; nothing it may say is a traceback."""
        command = [str(self.environment / "bin" / "persona"), *words]
        done = subprocess.run(command, cwd=self.folder, env=self.variables(**more), text=True, capture_output=True, input="")
        assert "Traceback" not in done.stderr + done.stdout, done.stderr
        return done

    def run(self, code: str, data: str = "data") -> str:
        """Run Python code in the environment on a data folder, and return what it prints."""
        done = subprocess.run(
            [self.python, "-c", code],
            cwd=self.folder,
            env=self.variables(PERSONA_DATA_DIR=str(self.folder / data)),
            text=True,
            capture_output=True,
            input="",
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="session")
def core(tmp_path_factory: pytest.TempPathFactory) -> Core:
    """Install the checkout, without its extras, from the packages of the usual index."""
    environment, folder = tmp_path_factory.mktemp("core"), tmp_path_factory.mktemp("elsewhere")
    subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
    command = [str(environment / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-compile", str(ROOT)]
    done = subprocess.run(command, cwd=folder, text=True, capture_output=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return Core(environment, folder)
