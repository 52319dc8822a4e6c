"""MiniLM is embedded by a graph of our own, made without torch: its vectors are the model's, and it is made again when it is damaged."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from app.models import weights
from memory.embedding import bert_export
from memory.embedding.bert_folder import describe
from memory.embedding.onnx_runtime import GRAPH, MARKS, TOKENIZER, OnnxEmbedder, fingerprint
from memory.embedding.text_embedder import TextEmbedder
from memory.memory import Memory
from tests.unit.memory.stores.test_journal import at

BY_TORCH = json.loads((Path(__file__).parents[1] / "data" / "minilm.json").read_text())
"""What sentence-transformers made of some texts, with torch, in 32 bits."""
TEXTS = BY_TORCH["texts"]
EMBED_ONE = """
import sys
from pathlib import Path
from memory.embedding.text_embedder import TextEmbedder
print(len(TextEmbedder(sys.argv[1], "graph", Path(sys.argv[2])).embed(["Hello"])[0].vector))
print([name for name in ("torch", "transformers", "sentence_transformers") if name in sys.modules])
"""


@pytest.fixture(scope="module")
def path():
    return str(weights.located("all-minilm-l6-v2").model)


@pytest.fixture(scope="module")
def graphs(path, tmp_path_factory):
    """A folder with MiniLM's graph, to be copied."""
    folder = tmp_path_factory.mktemp("graphs")
    TextEmbedder(path, "graph", folder).embed(["ready"])
    return folder


def cosines(embeddings):
    for one, words in zip(embeddings, BY_TORCH["words"], strict=True):
        assert list(one.words[: len(words)]) == words
    vectors = np.array(BY_TORCH["vectors"])
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.sum(np.stack([one.vector for one in embeddings]) * vectors, axis=1)


def assert_near(embeddings):
    found = cosines(embeddings)
    assert found.min() >= 0.97
    assert found.mean() >= 0.99


def test_vectors_and_tokens_are_the_model_s_own_alone_and_together(path, graphs):
    embedder = TextEmbedder(path, "graph", graphs)
    assert_near(embedder.embed(TEXTS))
    assert_near([embedder.embed([text])[0] for text in TEXTS])


def test_a_graph_is_made_once_and_without_torch(path, tmp_path):
    command = [sys.executable, "-c", EMBED_ONE, path, str(tmp_path)]
    done = [subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\n") for _ in range(2)]
    assert done == [["384", "[]", ""]] * 2
    (graph,) = tmp_path.rglob("*.onnx")
    made = graph.stat()
    TextEmbedder(path, "graph", tmp_path).embed(["ready"])
    assert (graph.stat().st_mtime_ns, graph.stat().st_ino) == (made.st_mtime_ns, made.st_ino)
    assert [one.name for one in tmp_path.iterdir()] == [fingerprint(Path(path))], "nothing half made stays"


@pytest.mark.parametrize("name", [GRAPH, TOKENIZER, MARKS])
@pytest.mark.parametrize("damage", ["cut", "empty", "gone", "zeros"])
def test_what_is_damaged_or_half_written_is_made_again(path, graphs, tmp_path, name, damage):
    shutil.copytree(graphs, tmp_path, dirs_exist_ok=True)
    (file,) = tmp_path.rglob(name)
    whole = file.read_bytes()
    if damage == "gone":
        file.unlink()
    else:
        file.write_bytes({"cut": whole[: len(whole) // 2], "empty": b"", "zeros": bytes(len(whole))}[damage])
    assert_near(TextEmbedder(path, "graph", tmp_path).embed(TEXTS))
    assert file.read_bytes() == whole


def test_two_processes_that_make_it_at_once_both_embed_and_leave_one_whole_graph(path, tmp_path):
    command = [sys.executable, "-c", EMBED_ONE, path, str(tmp_path)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    assert [one.communicate()[0] for one in both] == ["384\n[]\n"] * 3
    assert [one.name for one in tmp_path.iterdir()] == [fingerprint(Path(path))]
    assert_near(OnnxEmbedder.load(next(tmp_path.iterdir())).embed(TEXTS))


def test_another_process_that_was_first_is_no_failure(path, graphs, tmp_path, monkeypatch):
    folder = tmp_path / "graph"
    build = bert_export.build

    def slowly(*given):
        if not folder.exists():
            shutil.copytree(next(graphs.iterdir()), folder)
        return build(*given)

    monkeypatch.setattr(bert_export, "build", slowly)
    assert_near(bert_export.make(describe(Path(path)), folder).embed(TEXTS))
    assert_near(OnnxEmbedder.load(folder).embed(TEXTS))
    assert list(tmp_path.iterdir()) == [folder]


def test_where_8_bits_are_too_far_from_the_model_32_stay(path, tmp_path, monkeypatch):
    monkeypatch.setattr(bert_export, "NEAR", 2.0)
    found = bert_export.make(describe(Path(path)), tmp_path / "graph").embed(TEXTS)
    assert cosines(found).min() > 0.9999
    assert cosines(OnnxEmbedder.load(tmp_path / "graph").embed(TEXTS)).min() > 0.9999


def test_what_needs_no_wide_sums_is_tried_before_32_bits(path, tmp_path, monkeypatch):
    measured = iter([0.5, 0.99])
    monkeypatch.setattr(bert_export, "_nearness", lambda _found, _expected: next(measured))
    found = bert_export.make(describe(Path(path)), tmp_path / "graph").embed(TEXTS)
    assert 0.99 < cosines(found).min() < 0.9999
    assert (tmp_path / "graph" / GRAPH).stat().st_size < 30_000_000


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


def test_a_folder_that_cannot_be_written_keeps_nobody_from_embedding(path, tmp_path, caplog):
    caplog.set_level("INFO")
    (tmp_path / "file").write_text("in the way")
    assert_near(TextEmbedder(path, "graph", tmp_path / "file" / "graphs").embed(TEXTS))
    assert "cannot be kept" in caplog.text


class Counting(TextEmbedder):
    """Counts what is embedded."""

    def __init__(self, *given):
        super().__init__(*given)
        self.texts = []

    def embed(self, texts):
        self.texts += texts
        return super().embed(texts)


def test_an_index_that_an_earlier_graph_made_is_searched_and_nothing_is_embedded_again(path, graphs, tmp_path, monkeypatch):
    said = ["My dog is called Biscuit.", "I moved to Lisbon in May.", "My sister plays the cello."]
    monkeypatch.setattr(bert_export, "NEAR", 2.0)
    with Memory(tmp_path / "data", TextEmbedder(path, "all-minilm-l6-v2", tmp_path / "others")) as memory:
        for number, text in enumerate(said):
            memory.ingest_turn("ada", at(f"2026-03-0{number + 1} 09:00"), text, "I see.")
        memory.index("ada")
    embedder = Counting(path, "all-minilm-l6-v2", graphs)
    with Memory(tmp_path / "data", embedder) as memory:
        memory.index("ada")
        asked = "Which musical instrument does she play?"
        ranked = memory.retriever.search_turns("ada", asked, 3, asked=at("2026-04-01 09:00"))
        turns = {turn.id: turn.text for turn in memory.journal.turns("ada")}
    assert turns[ranked[0][0]] == said[2]
    assert not [text for text in embedder.texts if any(one in text for one in said)]
