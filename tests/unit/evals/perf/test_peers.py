"""Other programs for memory beside ours: which there are, how they run, and how they compare."""

from __future__ import annotations

import pytest

from app.models import weights
from app.models.weights import Located
from evals.peers import installed
from evals.perf import importing, peers
from memory.core.errors import InvalidInput, ModelMissing, NotFound, PersonaError


def test_a_peer_stores_each_text_in_a_process_of_its_own(programs):
    programs(mem0="")
    row = peers.add("mem0", ["One and two", "Drei ß"])
    assert (row["texts"], row["threads"], row["version"]) == (2, None, pytest.__version__)
    assert row["peak_mb"] > 1
    assert row["disk_mb"] >= 0
    assert row["seconds"] < 5


def test_a_peer_that_fails_is_named_with_its_reason(programs):
    programs(mem0="breaks")
    with pytest.raises(PersonaError, match=r"^mem0 ended with an error: ValueError: no store in "):
        peers.add("mem0", ["One"])


def test_a_peer_that_is_not_there_is_refused_with_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("PERSONA_CACHE_DIR", str(tmp_path))
    with pytest.raises(NotFound, match=r"^mem0 is not installed\. Run `make peers` in a checkout"):
        importing.measure(["json_lines"], [10], long=False, whole=False, beside=False, others=["mem0"], on_progress=print)
    with pytest.raises(InvalidInput, match="--peers takes mem0; not 'zep'"):
        peers.check(["zep"])


def test_a_peer_needs_our_text_embedder(tmp_path, monkeypatch):
    monkeypatch.setenv("PERSONA_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(installed, "missing", lambda _name: "")
    with pytest.raises(ModelMissing, match=r"Run `persona models pull all-minilm-l6-v2`\.$"):
        peers.check(["mem0"])
    monkeypatch.setattr(weights, "located", lambda name: Located(name, tmp_path))
    peers.check(["mem0"])


def test_a_rate_counts_what_each_stored():
    theirs = {"texts": 100, "seconds": 2.0, "peak_mb": 700, "disk_mb": 1.5, "threads": 1, "version": "2.0"}
    row = importing.compared({"turns": 200, "content_s": 1.0, "words_s": 0.1}, "mem0", theirs)
    assert row == {
        "per_s": 200.0, "mem0_per_s": 50.0, "mem0_ratio": 4.0, "mem0_peak_mb": 700, "mem0_disk_mb": 1.5, "mem0_threads": 1,
        "mem0_version": "2.0",
    }  # fmt: skip
