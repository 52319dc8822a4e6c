"""Centring puts the cosines of unrelated texts near 0, only where they are not there already."""

from __future__ import annotations

import numpy as np
import pytest

from memory.embedding.centring import UNRELATED, Centre, centre_of, centred
from memory.embedding.onnx_runtime import CENTRE, GRAPH, MARKS, TOKENIZER, OnnxEmbedder
from memory.embedding.text_embedder import TextEmbedder
from memory.embedding.token_vectors import Embedding, unit
from tests import packed_bert

SIZE, COUNT = 64, len(UNRELATED)


def embeddings(shift, count=COUNT, seed=0):
    """Random texts of three tokens; `shift` moves all vectors into one direction."""
    draw = np.random.default_rng(seed)
    made = unit(draw.normal(size=(count * 4, SIZE)).astype(np.float32) + shift)
    return [Embedding(rows[0], ("a", "b", "c"), rows[1:]) for rows in made.reshape(count, 4, SIZE)]


def mean_cosine(vectors):
    rows = np.stack(vectors)
    return float((rows @ rows.T)[np.triu_indices(len(rows), 1)].mean())


def test_the_texts_are_different_and_in_many_scripts():
    assert len(set(UNRELATED)) == len(UNRELATED) > 60
    for script in ("a", "ß", "я", "क", "我", "の", "는", "ي"):
        assert any(script in text for text in UNRELATED), script


def test_an_embedder_whose_unrelated_texts_are_far_apart_stays_as_it_is():
    plain = embeddings(0.0)
    assert centre_of(plain) is None
    assert all(one is other for one, other in zip(centred(plain, None), plain, strict=True))


def test_vectors_that_are_all_near_each_other_are_spread_around_0():
    narrow, others = embeddings(2.0), embeddings(2.0, count=40, seed=1)
    assert mean_cosine([one.vector for one in others]) > 0.7
    spread = centred(others, centre_of(narrow))
    assert abs(mean_cosine([one.vector for one in spread])) < 0.05
    assert abs(mean_cosine([row for one in spread for row in one.tokens])) < 0.05
    assert [one.words for one in spread] == [one.words for one in others]
    for one in spread:
        assert np.allclose(np.linalg.norm([one.vector, *one.tokens], axis=1), 1.0, atol=1e-5)


def test_a_direction_that_divides_the_texts_into_groups_is_removed():
    """As a language does."""

    def in_two_languages(seed):
        halves = [embeddings(2.0, 40, seed), embeddings(2.0, 40, seed + 1)]
        for sign, half in zip((1, -1), halves, strict=True):
            for one in half:
                one.vector[0] += sign * 0.5
        return [Embedding(unit(one.vector[None])[0], one.words, one.tokens) for half in halves for one in half]

    texts = in_two_languages(7)
    centre = centre_of(in_two_languages(1))
    spread = np.stack([one.vector for one in centred(texts, centre)])
    first, second = spread[:40], spread[40:]
    assert abs((first @ second.T).mean() - mean_cosine(list(first))) < 0.1
    assert abs(float(centre.directions[0][0])) > 0.9


@pytest.mark.filterwarnings("error")
def test_an_embedder_without_token_vectors_is_centred_too():
    none = np.zeros((0, SIZE), np.float32)
    narrow = [Embedding(one.vector, (), none) for one in embeddings(2.0)]
    spread = centred(narrow, centre_of(narrow))
    assert abs(mean_cosine([one.vector for one in spread])) < 0.05
    assert all(one.tokens.shape == (0, SIZE) for one in spread)


def test_the_centre_is_kept_with_the_graph(tmp_path, monkeypatch):
    centre = Centre(
        np.linspace(-0.1, 0.1, 128, dtype=np.float32), np.full(128, 0.01, np.float32), np.eye(128, dtype=np.float32)[:3]
    )
    folder = packed_bert.write(tmp_path / "model")
    plain = TextEmbedder(str(folder), "mine", tmp_path / "plain").embed(["the dogs"])
    monkeypatch.setattr("memory.embedding.bert_export.centre_of", lambda _found: centre)
    made = TextEmbedder(str(folder), "mine", tmp_path / "graphs").embed(["the dogs"])
    [kept] = (tmp_path / "graphs").iterdir()
    assert {path.name for path in kept.iterdir()} == {GRAPH, TOKENIZER, MARKS, CENTRE}
    loaded = OnnxEmbedder.load(kept).embed(["the dogs"])
    for one, other, before in zip(made, loaded, plain, strict=True):
        assert np.array_equal(one.vector, other.vector)
        assert np.array_equal(one.tokens, other.tokens)
        assert not np.allclose(one.vector, before.vector, atol=0.01)
