"""The embedder in ONNX Runtime reads what torch reads, and where it cannot, torch reads on."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from app import weights
from memory.embedders import TextEmbedder
from memory.quick_reader import fingerprint

TEXTS = [
    "My dog is called Biscuit.",
    "Where?",
    "私の犬の名前はポチです。",
    "",
    "A longer one, of a walk by the sea. " * 60,
    "What did she say about the dog in June, and who was there besides?",
]


@pytest.fixture(scope="module")
def path():
    return str(weights.located("all-minilm-l6-v2").model)


@pytest.fixture(scope="module")
def by_torch(path):
    return TextEmbedder(path, "torch").read(TEXTS)


def same(readings, expected):
    for one, other in zip(readings, expected, strict=True):
        assert one.words == other.words
        # Weights of 8 bits: near, not equal (docs/decisions/029 says what it changes in what is found).
        assert float(one.vector @ other.vector) > 0.97
        assert np.all(np.sum(one.tokens * other.tokens, axis=1) > 0.8)
    return True


def test_both_read_the_same_alone_and_together(path, by_torch, tmp_path):
    embedder = TextEmbedder(path, "graph", tmp_path)
    assert same(embedder.read(TEXTS), by_torch)
    assert same([embedder.read([text])[0] for text in TEXTS], by_torch)


def test_a_graph_is_made_once_and_made_again_when_it_is_damaged(path, by_torch, tmp_path):
    TextEmbedder(path, "graph", tmp_path).read(["ready"])
    (graph,) = tmp_path.rglob("*.onnx")
    made = graph.stat()
    TextEmbedder(path, "graph", tmp_path).read(["ready"])
    assert (graph.stat().st_mtime_ns, graph.stat().st_ino) == (made.st_mtime_ns, made.st_ino)

    graph.write_bytes(graph.read_bytes()[:1000])
    assert same(TextEmbedder(path, "graph", tmp_path).read(TEXTS), by_torch)
    TextEmbedder(path, "graph", tmp_path).read(["ready"])
    assert graph.stat().st_size == made.st_size


def test_once_the_graph_is_made_torch_is_not_loaded_any_more(path, tmp_path):
    TextEmbedder(path, "graph", tmp_path).read(["ready"])
    code = f"""
import sys
from pathlib import Path
from memory.embedders import TextEmbedder
TextEmbedder({path!r}, "graph", Path({str(tmp_path)!r})).read(["Hello"])
print([name for name in ("torch", "transformers", "sentence_transformers") if name in sys.modules])
"""
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_other_weights_of_the_same_size_have_a_graph_of_their_own(path, tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    shutil.copytree(path, one)
    shutil.copytree(path, other)
    weights_file = other / "model.safetensors"
    data = bytearray(weights_file.read_bytes())
    # The two word vectors of one token: trained a little more.
    data[5_000_000:5_000_004] = b"\x00\x00\x80\x3f"
    weights_file.write_bytes(data)
    assert fingerprint(one) != fingerprint(other)
    assert fingerprint(one) == fingerprint(Path(path))


def test_a_folder_that_cannot_be_written_keeps_nobody_from_reading(path, by_torch, tmp_path):
    (tmp_path / "file").write_text("in the way")
    assert same(TextEmbedder(path, "graph", tmp_path / "file" / "graphs").read(TEXTS), by_torch)
