"""Pieces of a model's answer that came at once are one piece, with all that any of them says."""

from __future__ import annotations

from app.chat import together
from memory.quick_reader import together as passes


def piece(content, end=None, **more):
    return {"id": "1", "choices": [{"index": 0, "delta": {"content": content}, "finish_reason": end}], **more}


def test_text_stands_in_order_and_the_end_and_the_count_are_kept():
    whole = together([piece("He"), piece(None), piece("llo", "stop"), {"id": "1", "choices": [], "usage": {"total_tokens": 3}}])
    [choice] = whole["choices"]
    assert (choice["delta"]["content"], choice["finish_reason"], whole["usage"]) == ("Hello", "stop", {"total_tokens": 3})


def test_one_piece_stays_as_it_is_and_a_line_of_progress_has_no_text():
    assert together([piece("a")]) == piece("a")
    assert "choices" not in together([{"prompt_progress": 1}, {"prompt_progress": 2}])


def test_texts_of_about_one_length_are_read_in_one_pass_and_each_once():
    lengths = [5, 60, 6, 7, 62, 200]
    found = passes(lengths)
    assert sorted(place for one in found for place in one) == list(range(6))
    assert {frozenset(one) for one in found} == {frozenset({0, 2, 3}), frozenset({1, 4}), frozenset({5})}
    assert max(map(len, passes([9] * 100))) == 32
