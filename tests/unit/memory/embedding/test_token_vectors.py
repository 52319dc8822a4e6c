"""Comparing texts token by token, and what is kept of a text for it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.embedding.token_vectors import Embedding, Kept, bundled, keep, late_interaction, packed, unpacked
from tests.fakes import WordEmbedder

read = WordEmbedder().embed
WORDS = ["my", "dog", "cat", "sings", "at", "home", "in", "the", "garden", "by", "night"]


def kept_of(embedding):
    return keep([("turn", embedding)])


def compare(question, texts, common=frozenset()):
    return late_interaction(read([question])[0], bundled([kept_of(one).tokens for one in read(texts)]), common)


def test_a_text_with_the_words_of_the_question_is_nearest():
    scores = compare("cat garden", ["the dog sings", "my cat sings", "my cat in the garden"])
    assert list(np.argsort(scores)) == [0, 1, 2]
    assert scores[2] == pytest.approx(1.0, abs=0.02)


def test_a_word_that_few_texts_have_counts_more():
    scores = compare("cat garden", ["my cat", "my cat", "my cat", "the garden"])
    assert scores[3] > scores[0]


def test_common_words_say_nothing_unless_there_are_no_others():
    texts = ["the dog", "my cat"]
    assert compare("the cat", texts, {"the"})[0] == pytest.approx(0.0, abs=0.05)
    assert compare("the", texts, {"the"})[0] == pytest.approx(1.0, abs=0.02)


@given(st.text(max_size=30), st.lists(st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join), max_size=6))
def test_whatever_is_asked_each_text_has_one_finite_number(question, texts):
    scores = compare(question, texts)
    assert scores.shape == (len(texts),)
    assert np.all(np.isfinite(scores))
    assert np.all(np.abs(scores) <= 1.01)


@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=9).map(" ".join))
def test_what_is_kept_survives_the_file_and_says_the_same(text):
    embedding = read([text])[0]
    before = read([f"at night\n{text}"])[0]
    kept = keep([("turn", embedding), ("before", before)])
    again = Kept.from_row(*kept.to_row())
    assert again.facets == ("turn", "before")
    assert np.array_equal(kept.vectors, again.vectors)
    assert np.array_equal(kept.tokens, again.tokens)
    assert unpacked(again.vectors) @ embedding.vector == pytest.approx([1.0, float(embedding.vector @ before.vector)], abs=1e-2)


@given(st.integers(0, 2**32 - 1), st.integers(0, 5), st.integers(1, 400))
def test_eight_bits_keep_what_a_vector_says(seed, count, size):
    vectors = np.random.default_rng(seed).normal(size=(count, size)).astype(np.float32)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    assert np.abs(unpacked(packed(vectors)) @ vectors.T - vectors @ vectors.T).max(initial=0.0) < 0.01


def test_an_embedder_without_tokens_compares_nothing_token_by_token():
    bare = Embedding(read(["cat"])[0].vector, (), np.zeros((0, 64), dtype=np.float32))
    tokens = kept_of(bare).tokens
    assert late_interaction(read(["cat"])[0], bundled([tokens, tokens])).tolist() == [0.0, 0.0]
    assert late_interaction(bare, bundled([kept_of(read(["cat"])[0]).tokens])).tolist() == [0.0]
