"""`persona train …` as it is typed: what is wrong is said at once, and nothing heavy is loaded for it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
RUN = """
import sys
from app.cli import main
try:
    main()
except SystemExit as ended:
    heavy = [name for name in ("torch", "transformers", "trl") if name in sys.modules]
    print("loaded:", *heavy)
    sys.exit(ended.code)
"""
GOOD = {"model": "owner/name", "data": "data.json", "output": "out", "batch": 8, "learning_rate": 2e-5}
JUDGE = {"url": "http://127.0.0.1:9/v1", "model": "judge"}


def persona(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", RUN, *words], cwd=folder, capture_output=True, text=True, check=False, timeout=600,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "HOME": str(folder), "COLUMNS": "200"},
    )  # fmt: skip


@pytest.mark.train
@pytest.mark.parametrize(
    ("kind", "change", "named"),
    [
        ("sft", {"learning_rat": 1}, "learning_rat: there is no such key"),
        ("sft", {"batch": "8"}, "batch:"),
        ("sft", {"data": "elsewhere.json"}, "data: there is no elsewhere.json"),
        ("sft", {"per_device_batch": 3}, "batch: 8 does not divide"),
        ("grpo", {"judge": JUDGE}, "batch: 8 completions do not divide by generations 6"),
        ("grpo", {}, "judge: is missing"),
    ],
)
def test_a_bad_recipe_stops_before_anything_is_loaded(tmp_path, kind, change, named):
    (tmp_path / "data.json").write_text("[]")
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump({**GOOD, **change}))
    done = persona(tmp_path, "train", kind, "--config", "recipe.yaml")
    assert done.returncode == 1
    assert named in done.stderr
    assert done.stdout.strip() == "loaded:"
    assert not (tmp_path / "out").exists()


def test_data_that_is_malformed_is_named_with_its_line(tmp_path):
    (tmp_path / "data.json").write_text('[\n {"conversations": [{"from": "human", "value": "Hi"}]}\n]')
    done = persona(tmp_path, "train", "data", "data.json")
    assert done.returncode == 1
    assert "data.json, line 2" in done.stderr
