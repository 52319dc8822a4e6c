"""Replies of every kind are scored as they are meant, and as the published rule takes them."""

from __future__ import annotations

import pytest

from evals.scorers import letter_published, letter_strict, letters_in, locomo_score, token_f1

LETTERS = "abcd"


@pytest.mark.parametrize(
    ("reply", "published", "strict"),
    [
        ("(b)", "b", "b"),
        ("(B) because (a) is about tea", "b", "b"),
        ("b) the red one", "b", "b"),
        ("B", None, "b"),
        ("b.", None, "b"),
        ("c: the third", None, "c"),
        ("answer: c", None, "c"),
        ("The answer is (C).", "c", "c"),
        ("Both (a) and (c) fit, but the answer is (c)", "a", "c"),
        ("(a) or (c)", "a", None),
        ("Either (a) or (c) would do", "a", None),
        ("I would choose (d)", "d", "d"),
        ("<think>(a) looks right (b)</think>(c)", "a", "c"),
        ("<think>It is (a)", "a", None),
        ("<answer>(d)</answer>", "d", "d"),
        ("A walk would be nice", None, None),
        ("I do not know", None, None),
        ("(e)", "e", None),
        ("**(b)**", "b", "b"),
        ("Option b: it is blue", None, "b"),
        (":-) the first", "-", None),
        ("", None, None),
        (")", None, None),
    ],
)
def test_the_letter_of_a_reply(reply, published, strict):
    assert letter_published(reply) == published
    assert letter_strict(reply, LETTERS) == strict


@pytest.mark.parametrize(
    ("reply", "found"),
    [("(a)", {"a"}), ("(A), not (b)", {"a", "b"}), ("<think>(b)</think> (c)", {"c"}), ("a", set()), ("(z)", set())],
)
def test_all_letters_of_a_reply(reply, found):
    assert letters_in(reply, LETTERS) == found


@pytest.mark.parametrize(
    ("answer", "gold", "score"),
    [
        ("the adopted dogs", "Adopting a dog", 1.0),
        ("a dog", "a cat", 0.0),
        ("", "a cat", 0.0),
        ("", "", 0.0),
        ("red and blue mugs", "blue mug", 0.8),
        ("7 May 2023", "7 May, 2023", 1.0),
    ],
)
def test_shared_words_count_by_their_stems(answer, gold, score):
    assert token_f1(answer, gold) == pytest.approx(score)


@pytest.mark.parametrize(
    ("answer", "gold", "category", "score"),
    [
        ("swimming, painting", "painting, swimming", 1, 1.0),
        ("painting", "painting, swimming", 1, 0.5),
        ("likely no", "Likely no; she wants to be a counsellor", 3, 1.0),
        ("It is not mentioned.", "whatever", 5, 1.0),
        ("whatever", "whatever", 5, 0.0),
        ("May 2023", "May 2023", 2, 1.0),
    ],
)
def test_each_category_of_locomo_has_its_rule(answer, gold, category, score):
    assert locomo_score(answer, gold, category) == pytest.approx(score)
