"""Other programs for memory beside ours: which there are, how they run, and how they compare."""

from __future__ import annotations

import json

import pytest

from app.models import weights
from app.models.weights import Located
from evals.perf import importing, peers
from memory.core.errors import InvalidInput, ModelMissing, NotFound, PersonaError

SCRIPT = """#!/bin/sh
cp "$3" "{kept}"
echo "the store is ready"
echo '{{"texts": 2, "seconds": 0.5, "peak_mb": 700, "disk_mb": 1.5, "version": "2.0", "asked": "'"$1 $2 $4"'"}}'
"""


@pytest.fixture
def python(tmp_path, monkeypatch):
    """The place of the python of mem0's environment, where a test writes a script instead."""
    monkeypatch.setenv("PERSONA_CACHE_DIR", str(tmp_path / "cache"))
    path = tmp_path / "cache" / "peers" / "mem0" / "bin" / "python"
    path.parent.mkdir(parents=True)
    return path


@pytest.fixture
def embedder(tmp_path, monkeypatch):
    """The folder of the text embedder."""
    monkeypatch.setattr(weights, "located", lambda name: Located(name, tmp_path / name))
    return tmp_path / "all-minilm-l6-v2"


def write(path, script):
    path.write_text(script)
    path.chmod(0o700)


def test_a_peer_gets_each_text_as_one_line_and_its_last_line_is_read(python, embedder, tmp_path):
    write(python, SCRIPT.format(kept=tmp_path / "kept"))
    row = peers.add("mem0", ["One\nand two", "Drei ß"])
    assert [json.loads(line) for line in (tmp_path / "kept").read_text().splitlines()] == ["One\nand two", "Drei ß"]
    assert row["texts"] == 2
    isolated, script, model = row["asked"].split()
    assert (isolated, model) == ("-I", str(embedder))
    assert script.endswith("evals/peers/mem0/run.py")


@pytest.mark.usefixtures("embedder")
def test_a_peer_that_fails_is_named_with_its_last_line(python):
    write(python, "#!/bin/sh\necho 'Traceback' >&2\necho 'ValueError: no store' >&2\nexit 1\n")
    with pytest.raises(PersonaError, match=r"^mem0 ended with an error: ValueError: no store$"):
        peers.add("mem0", ["One"])


def test_a_peer_that_is_not_there_is_refused_with_what_to_do(python):
    with pytest.raises(NotFound, match=r"^mem0 is not installed\. Run `make peers` in a checkout"):
        importing.measure(["json_lines"], [10], long=False, whole=False, beside=False, others=["mem0"], on_progress=print)
    with pytest.raises(InvalidInput, match="--peers takes mem0; not 'zep'"):
        peers.check(["zep"])


def test_a_peer_needs_our_text_embedder(python, monkeypatch):
    write(python, "#!/bin/sh\n")
    with pytest.raises(ModelMissing, match=r"Run `persona models pull all-minilm-l6-v2`\.$"):
        peers.check(["mem0"])
    monkeypatch.setattr(weights, "located", lambda name: Located(name, python.parent))
    peers.check(["mem0"])


def test_a_rate_counts_what_each_stored():
    theirs = {"texts": 100, "seconds": 2.0, "peak_mb": 700, "disk_mb": 1.5, "threads": 1, "version": "2.0"}
    row = importing.compared({"turns": 200, "content_s": 1.0, "words_s": 0.1}, "mem0", theirs)
    assert row == {
        "per_s": 200.0, "mem0_per_s": 50.0, "mem0_ratio": 4.0, "mem0_peak_mb": 700, "mem0_disk_mb": 1.5, "mem0_threads": 1,
        "mem0_version": "2.0",
    }  # fmt: skip
