"""Many people at once: every turn answered, in order, nobody sees anything of another, and memory stays small."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.trust import share

pytestmark = pytest.mark.minutes

ROOT = Path(__file__).parents[2]
MOST_MB = 2_000


def test_everybody_is_answered_in_order_and_sees_their_own(tmp_path):
    people, turns = share(6, 50), share(4, 20)
    done = subprocess.run(
        [sys.executable, "-m", "tests.trust.load_driver", str(tmp_path / "data"), str(people), str(turns)],
        cwd=ROOT, capture_output=True, text=True, env={**os.environ, "PYTHONWARNINGS": "default"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    result = json.loads(done.stdout.splitlines()[-1])
    print(result)
    assert result["found"] == []
    assert result["turns"] == people * turns
    assert result["peak_mb"] < MOST_MB
