"""Replies are scored by the items of a rubric, and orders of events as BEAM measures them."""

from __future__ import annotations

import pytest

from evals.scoring import rubric
from evals.scoring.agreement import agreement
from evals.scoring.asked import all_asked, scores
from evals.types import Question

pytestmark = pytest.mark.evals

ASKED = "How many goats does my uncle keep?"


@pytest.mark.parametrize(
    ("item", "reply", "verdict"),
    [
        ("LLM response should state: 12 goats", "He keeps 12 goats.", 1.0),
        ("LLM response should state: 12 goats", "He keeps 21 goats.", 0.0),
        ("LLM response should state: 1,200 goats", "1200", 1.0),
        ("LLM response should mention: a stable of slate beside the mill", "The stable beside the mill is of slate.", 1.0),
        ("LLM response should mention: a stable of slate beside the mill", "A stable somewhere.", 0.0),
        ("LLM response should mention: a stable of slate beside the mill", "There is a stable of slate.", 0.5),
        ("LLM response should mention: a stable of slate beside the mill", "How many goats does my uncle keep?", 0.0),
        ("Based on the provided chat, there is no information related to goats", "You have not told me.", 1.0),
        ("Based on the provided chat, there is no information related to goats", "There are 12 goats.", 0.0),
        ("LLM response should state: 12 goats", "", 0.0),
    ],
)
def test_an_item_is_looked_for_by_its_numbers_and_words(item, reply, verdict):
    assert rubric.by_words(ASKED, item, reply) == verdict


def _same(event, line):
    return event in line


def test_the_order_of_all_events_is_perfect_and_the_reverse_is_worst():
    events = ["a1", "b2", "c3"]
    assert rubric.order(events, events, _same) == rubric.Order(1.0, 1.0)
    assert rubric.order(events, events[::-1], _same) == rubric.Order(0.0, 1.0)


def test_ranks_of_events_that_are_not_named_are_tied():
    # By hand, 4 events of which the first is named: 3 pairs agree of 3 with different ranks, and 6 pairs in all.
    found = rubric.order(["a1", "b2", "c3", "d4"], ["a1"], _same)
    assert found.tau == pytest.approx((1 + 3 / (3 * 6) ** 0.5) / 2)
    assert found.f1 == pytest.approx(2 / 5)


def test_a_line_counts_for_the_first_event_that_is_left():
    events = ["a1", "a1 b2"]
    assert rubric.order(events, ["a1 b2", "a1 b2"], _same) == rubric.Order(1.0, 1.0)
    assert rubric.order(events, ["a1", "a1"], _same).f1 == 0.5, "an event is named once"


def test_a_reply_without_an_event_is_no_order():
    assert rubric.order(["a1", "b2"], [], _same) == rubric.Order(0.0, 0.0)
    assert rubric.order(["a1", "b2"], ["nothing"], _same).f1 == 0.0


def test_lines_lose_the_marks_of_a_list():
    assert rubric.lines_of("Here:\n1. The leak\n\n- the pitch\n(3) the paint") == [
        "Here:",
        "The leak",
        "the pitch",
        "the paint",
    ]


@pytest.mark.parametrize(("rule", "reply", "score", "strict"), [
    ("rubric", "The leak was mended with pitch.", 0.5, 0.0),
    ("rubric", "<think>paint</think>The leak, and later green paint.", 1.0, 1.0),
    ("order", "the leak\ngreen paint", 1.0, 1.0),
    ("order", "green paint\nthe leak", 0.0, 0.0),
])  # fmt: skip
def test_a_question_with_a_rubric_is_asked_openly_and_scored_by_it(rule, reply, score, strict):
    question = Question("1", "p", "BEAM", "x", "What happened?", "", rule=rule, rubric=("the leak", "green paint"))
    [asked] = all_asked(question)
    assert asked.text == "What happened?"
    assert scores(question, asked, reply) == {"score": score, "strict": strict}


def test_kappa_takes_chance_out_of_the_raw_agreement():
    # Cohen (1960) by hand: 3 of 4 equal; by chance 2/4 * 1/4 + 2/4 * 3/4 = 1/2.
    found = agreement([1.0, 1.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0])
    assert (found.rows, found.raw, found.kappa) == (4, 0.75, 0.5)
    assert (found.labels, found.judge) == (0.5, 0.25)
    assert agreement([1.0], [1.0]).kappa == 1.0
