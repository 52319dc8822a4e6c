"""The plain search does what its textbook says."""

from __future__ import annotations

import math

import numpy as np
import pytest

from evals.components.plain_search import K1, RRF, B, PlainSearch, fused, order
from tests.fakes import WordEmbedder

TEXTS = ("the dog barks", "the cat sleeps", "a dog and a dog")


def test_bm25_is_what_its_formula_gives():
    scores = PlainSearch(TEXTS, WordEmbedder()).bm25("Dog")
    idf = math.log(1 + (3 - 2 + 0.5) / (2 + 0.5))
    mean = (3 + 3 + 5) / 3
    assert scores[0] == pytest.approx(idf * (K1 + 1) / (1 + K1 * (1 - B + B * 3 / mean)))
    assert scores[1] == 0.0
    assert scores[2] == pytest.approx(idf * 2 * (K1 + 1) / (2 + K1 * (1 - B + B * 5 / mean)))


def test_dense_is_the_cosine():
    assert order(PlainSearch(TEXTS, WordEmbedder()).dense("the cat sleeps"))[0] == 1


def test_rankings_are_fused_by_reciprocal_rank():
    total = fused([np.array([3.0, 2.0, 1.0]), np.array([1.0, 3.0, 2.0])])
    assert total == pytest.approx([1 / (RRF + 1) + 1 / (RRF + 3), 1 / (RRF + 2) + 1 / (RRF + 1), 1 / (RRF + 3) + 1 / (RRF + 2)])
    assert order(total) == [1, 0, 2]


def test_nothing_to_search_is_no_error():
    search = PlainSearch((), WordEmbedder())
    assert len(search.hybrid("dog")) == 0
