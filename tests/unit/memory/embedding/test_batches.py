"""Texts that are read by the embedder together are of about one length."""

from __future__ import annotations

from memory.embedding.onnx_runtime import together


def test_texts_of_about_one_length_are_read_in_one_pass_and_each_once():
    lengths = [5, 60, 6, 7, 62, 200]
    found = together(lengths)
    assert sorted(place for one in found for place in one) == list(range(6))
    assert {frozenset(one) for one in found} == {frozenset({0, 2, 3}), frozenset({1, 4}), frozenset({5})}
    assert max(map(len, together([9] * 100))) == 32
