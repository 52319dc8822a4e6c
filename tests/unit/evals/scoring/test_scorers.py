"""Replies of every kind are scored as they are meant, and as the published rule takes them."""

from __future__ import annotations

import pytest

from evals.scoring.letters import letter_published, letter_strict, letters_in
from evals.scoring.scorers import holds, locomo_score, token_f1

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
        ("The best answer is a combination, so (c)", "c", "c"),
        ("My choice is a mug, so (b)", "b", "b"),
        ("I would not choose option a. (b) fits.", "b", "b"),
        ("The answer isn't (a).", "a", None),
        ("(A) is wrong; the answer is (C)", "a", "c"),
        ("(a) is not true. (b) is.", "a", "b"),
        ("(a) or b", "a", None),
        ("(a), b", "a", None),
        ("A, b and c", None, None),
        ("Answer: a or b", None, None),
        ("I can't decide between option a and option b", None, None),
        ("**Answer:** (c), because (a) is old", "c", "c"),
        ("**c**", None, "c"),
        ("c - the mug", None, "c"),
        ("Option B", None, "b"),
        ("It's b.", None, "b"),
        ("\\boxed{c}", None, "c"),
        ("(c), a good choice", "c", "c"),
        ("The correct option is: (b) since (a) came later", "b", "b"),
        ("I think it is b, a nice one", None, "b"),
        ("(a) is about the old dog, so (b).", "a", "b"),
        ("C because the trip came later.", None, "c"),
        ("A is about tea. B fits what they said.", None, "b"),
        ("(a) mentions Rome and (b) mentions Oslo; therefore (c)", "a", "c"),
        ("(a) is about tea and (b) is about coffee.", "a", None),
        ("(b) fits better than (a).", "b", "b"),
        ("I prefer (d) over (a).", "d", "d"),
        ("(a) is out, which leaves (c).", "a", "c"),
        ("I rule out (a), so it's (d)", "a", "d"),
        ("B is the best choice, A is outdated.", None, "b"),
        ("d since they moved", None, "d"),
        ("(a) is about tea, so (b) or (c).", "a", None),
        ("A dog is what they want, so c", None, "c"),
        ("(c) is the only one that names the lake", "c", "c"),
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


@pytest.mark.evals
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


@pytest.mark.evals
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


@pytest.mark.parametrize(
    ("text", "fact", "held"),
    [
        ("She drinks Tea.", ["tea"], True),
        ("a large team", ["tea"], False),
        ("two teas", ["tea"], True),
        ("a manager", ["Ana"], False),
        ("Ana's mug", ["Ana"], True),
        ("glazing pots", ["glaz*"], True),
        ("he is amazed", ["maz*"], False),
        ("chapter 15", ["5|fifth"], False),
        ("the fifth chapter", ["5|fifth", "chapter"], True),
        ("I saw 40,000 lira.", ["40,000|40000"], True),
        ("CO₂ and water", ["CO2|CO₂"], True),
        ("anything", [], True),
    ],
)
def test_a_fact_is_held_where_its_words_are(text, fact, held):
    assert holds(text, fact) is held
