"""What our own graph embeds is what sentence-transformers embeds with torch; what it cannot make, torch exports or runs itself."""

from __future__ import annotations

import json

import numpy as np
import pytest

from app.models import weights
from memory.embedding.bert_folder import describe, tokenizer_of
from memory.embedding.text_embedder import TextEmbedder
from tests import tiny_bert
from tests.end_to_end.test_encoder import TEXTS

pytestmark = pytest.mark.embedders

PLACES = ("the harbour", "Lisbon", "my sister's flat", "the market", "the old school", "the office")
KINDS = (
    "We went to {} on a rainy Tuesday and stayed for dinner.",
    "Who was at {} with me last June?",
    "John: I finally left {}, and it took two hours; the train was full, and nobody would get up for the old lady in our carriage.",
    "Wir waren gestern bei {}.",
    "{}?",
    "- {}\n- milk\n- 3 eggs at 2,50 €",
    "print('{}')  # 12:30",
    "今日は {} に行きました。",
)
MANY = [kind.format(place) * times for kind in KINDS for place in PLACES for times in (1, 2, 5, 9)]
MANY += [f"{number} {word}" for number in range(30) for word in ("dogs", "Anna's", "ÉTÉ", "ok")]


def cosines(found, expected):
    assert [one.words for one in found] == [other.words for other in expected]
    return np.array([float(one.vector @ other.vector) for one, other in zip(found, expected, strict=True)])


def test_minilm_is_near_to_itself_in_torch_over_texts_of_all_kinds_and_lengths(tmp_path):
    texts = TEXTS + MANY
    assert len(set(texts)) > 300
    path = str(weights.located("all-minilm-l6-v2").model)
    by_torch = TextEmbedder(path, "torch").embed(texts)
    embedder = TextEmbedder(path, "graph", tmp_path)
    for found in (embedder.embed(texts), [embedder.embed([text])[0] for text in texts]):
        near = cosines(found, by_torch)
        assert near.min() >= 0.97
        assert near.mean() >= 0.99


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_a_folder_that_sentence_transformers_writes_itself_is_read_as_it_reads_it(tmp_path, pooling):
    from sentence_transformers import SentenceTransformer

    folder = tiny_bert.write(tmp_path / "first", pooling=pooling)
    SentenceTransformer(str(folder), device="cpu").save(str(tmp_path / "again"))
    texts = ["the dogs ran by a sea", "", "CAFÉ", "walk " * 50]
    for place in ("first", "again"):
        by_torch = TextEmbedder(str(tmp_path / place), "torch").embed(texts)
        assert describe(tmp_path / place).pooling == pooling
        assert cosines(TextEmbedder(str(tmp_path / place), "graph", tmp_path / "graphs").embed(texts), by_torch).min() > 0.97


@pytest.mark.parametrize(
    "settings", [{}, {"do_lower_case": False}, {"strip_accents": False}, {"do_lower_case": False, "strip_accents": True}]
)
def test_tokens_are_those_of_transformers(tmp_path, settings):
    from transformers import AutoTokenizer

    folder = tiny_bert.write(tmp_path, tokenizer_config=settings)
    ours, theirs = tokenizer_of(describe(folder))[0], AutoTokenizer.from_pretrained(str(folder))
    for text in ["The dogs ran by a café", "CAFÉ, Lisbon!", "私の dog", "", "a\tsea\x00s"]:
        assert ours.encode(text).ids == theirs(text)["input_ids"]


@pytest.mark.filterwarnings("ignore")
def test_another_kind_is_exported_by_torch_and_then_runs_without(tmp_path):
    config = {"model_type": "distilbert", "dim": 128, "hidden_dim": 256, "n_heads": 4, "n_layers": 2, "activation": "gelu"}
    folder = tiny_bert.write(tmp_path / "model")
    from transformers import DistilBertConfig, DistilBertModel

    more = {"vocab_size": len(tiny_bert.WORDS), "max_position_embeddings": 40}
    DistilBertModel(
        DistilBertConfig(**{name: value for name, value in config.items() if name != "model_type"}, **more)
    ).save_pretrained(folder)
    assert json.loads((folder / "config.json").read_text())["model_type"] == "distilbert"
    texts = ["the dogs ran by a sea", "", "walk"]
    by_torch = TextEmbedder(str(folder), "torch").embed(texts)
    embedder = TextEmbedder(str(folder), "graph", tmp_path / "graphs")
    assert cosines(embedder.embed(texts), by_torch).min() > 0.97
    assert list(tmp_path.rglob("*.onnx"))
    again = TextEmbedder(str(folder), "graph", tmp_path / "graphs")
    again._by_torch = None
    assert cosines(again.embed(texts), by_torch).min() > 0.97
