"""What a rollout is worth, by the published rule."""

from __future__ import annotations

import asyncio

import pytest

from graph.formats.protocol import Answer, Retrieve, format_reasoning
from training.grpo.rewards import Rollout, combined, exact, score_of, well_formed, worth

LOOK = format_reasoning(Retrieve("parrot", "2021-05-04 09:10", None, "I look."))
RIGHT = format_reasoning(Answer("(b)", "Memory says b."))


class Judge:
    def __init__(self, *scores: float | None) -> None:
        self.scores = list(scores)
        self.asked: list[str] = []

    async def __call__(self, text: str) -> float | None:
        self.asked.append(text)
        return self.scores.pop(0)


def of(judge: Judge, *written: str, answer: str = "(b)"):
    return asyncio.run(worth(Rollout("Which?", answer, written), judge))


def test_the_exact_letter_needs_no_judge_but_for_consistency():
    judge = Judge(1.0)
    found = of(judge, LOOK, RIGHT)
    assert found.reward == pytest.approx(1.5)
    assert (found.accuracy, found.consistency, found.format) == (1.0, 1.0, 1.0)
    assert len(judge.asked) == 1


def test_everything_else_is_judged():
    found = of(Judge(0.8, 0.5), "<think>So.</think><answer>A parrot.</answer>", answer="A grey parrot.")
    assert found.reward == pytest.approx(0.8 * 0.5 + 0.5)


@pytest.mark.parametrize("text", ["<think>So.</think><answer>(b)", "(b)", "", "<think>So.</think></answer>", LOOK])
def test_without_a_closed_answer_it_is_worth_nothing(text):
    judge = Judge()
    assert of(judge, LOOK, text).reward == 0.0
    assert judge.asked == []


def test_a_judge_that_fails_counts_half_and_is_counted():
    found = of(Judge(None, None), "<think>So.</think><answer>Yes.</answer>", answer="no")
    assert (found.accuracy, found.consistency, found.unjudged) == (0.5, 0.5, 2)
    assert found.reward == pytest.approx(0.25 + 0.5)


def test_what_is_out_of_form_loses_its_half():
    found = of(Judge(1.0), "Well… " + RIGHT)
    assert found.reward == pytest.approx(1.0)
    assert combined(0.5, 0.5, 0.0) == 0.25


@pytest.mark.parametrize(
    ("given", "answer", "right"),
    [
        ("(b)", "(b)", True), ("b", "(b)", True), ("B.", "b", True), (" b) ", "(b)", True), ("(a)", "(b)", False),
        ("(b) the raft", "(b)", False), ("b", "the raft", False), ("I", "yes", False), ("", "(b)", False),
    ],
)  # fmt: skip
def test_only_the_letter_alone_is_exact(given, answer, right):
    assert exact(given, answer) is right


@pytest.mark.parametrize(
    ("text", "form"),
    [
        (RIGHT, 1.0),
        (LOOK, 0.0),
        ("<think>a</think><answer>b</answer>", 1.0),
        ("<think></think><answer>b</answer>", 0.0),
        ("<think>a</think><answer></answer>", 0.0),
        ("<think>a</think>", 0.0),
        ("<answer>b</answer>", 0.0),
        (RIGHT + "more", 0.0),
        (RIGHT + RIGHT, 0.0),
        ("<think>a<think>b</think><answer>c</answer>", 0.0),
        (LOOK.replace('"start_time"', '"begin"'), 0.0),
        ("", 0.0),
    ],
)
def test_the_form_is_exact_or_not(text, form):
    assert well_formed([text]) == form
    assert well_formed([LOOK, text]) == form


@pytest.mark.parametrize(
    ("look", "form"),
    [
        (LOOK, 1.0),
        (LOOK.replace("2021-05-04 09:10", "null"), 1.0),
        (LOOK.replace("parrot", ""), 0.0),
        (RIGHT, 0.0),
    ],
)
def test_all_rounds_but_the_last_look_into_memory(look, form):
    assert well_formed([look, RIGHT]) == form
    assert well_formed([look, look, RIGHT]) == form


def test_no_rounds_have_no_form():
    assert well_formed([]) == 0.0


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("10", 1.0),
        ("0", 0.0),
        ("Score: 7", 0.7),
        ("8/10", 0.8),
        ("99", None),
        ("none", None),
        ("", None),
        ("7.5", 0.75),
        ("-3", None),
        ("11/10", None),
        ("on a scale of 0 to 10: 9", None),
        ("<think>10 at most</think> 4", 0.4),
        ("0.8", 0.08),
    ],
)
def test_a_judges_number_is_read(text, score):
    assert score_of(text) == score


def test_an_answer_that_is_closed_in_the_thought_alone_is_worth_nothing():
    rollout = Rollout("Which?", "(a)", ("<think>So </answer> it is.</think><answer>(a)",))

    async def judge(_text: str) -> float | None:
        return 1.0

    assert asyncio.run(worth(rollout, judge)).reward == 0.0
