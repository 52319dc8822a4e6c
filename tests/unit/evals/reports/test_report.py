"""Figures of a run: groups, intervals, and what is left out of the whole."""

from __future__ import annotations

import pytest

from evals.reports.report import ALL, Behaviour, as_json, behaviour, figures, table
from evals.runner import Case


def case(number, score, kind="choice", solver="ours", task="Visual Detail Recall", **fields):
    given = {
        "aspect": "Memory Recall",
        "asked": "?",
        "answer": "a",
        "reply": "(a)",
        "strict": score,
        "tokens": 100,
        "seconds": 2.0,
    }
    return Case(solver=solver, question=str(number), kind=kind, person="50/1", task=task, score=score, **{**given, **fields})


def test_aspects_and_tasks_are_counted_by_themselves_and_alignment_apart():
    cases = [case(1, 1.0), case(2, 0.0), case(3, 1.0, task="Semantic Information Recall"), case(1, 0.0, kind="chosen")]
    of = figures(cases)["ours"]
    assert of[ALL].score == pytest.approx(2 / 3)
    assert of[ALL].cases == 3
    assert of["Memory Recall / Visual Detail Recall"].score == 0.5
    assert of["Alignment / Personality Alignment"].cases == 1


def test_intervals_hold_the_mean_and_are_the_same_each_time():
    cases = [case(number, float(number % 3 == 0)) for number in range(90)]
    one = figures(cases)["ours"][ALL]
    assert one.low < one.score < one.high
    # By the normal distribution: 1.96 * sqrt(p * (1 - p) / n) is 0.097 on either side.
    assert one.high - one.low == pytest.approx(0.195, abs=0.02)
    assert figures(cases) == figures(cases)


def test_how_it_went_about_its_cases_is_counted_where_there_are_steps():
    look, malformed = {"action": "retrieve", "warning": None}, {"action": "retrieve", "warning": "Malformed output: no tags."}
    done = {"action": "answer", "warning": None}
    cases = [
        case(1, 1.0, steps=(look, look, done)), case(2, 0.0, steps=(malformed, done)), case(3, 1.0, steps=(done,)),
        case(4, 0.0, error="too long"), case(1, 1.0, solver="none"),
    ]  # fmt: skip
    assert behaviour(cases) == {"ours": Behaviour(retrieved=0.5, retrievals=0.75, malformed=0.25, too_long=0.25)}


def test_a_table_has_the_whole_first_and_every_solver():
    columns, rows = table(figures([case(1, 1.0), case(1, 0.0, solver="none")]))
    assert len(columns) == len(rows[0])
    assert [(row[0], row[1]) for row in rows if row[1] == ALL] == [("ours", ALL), ("none", ALL)]
    assert rows[0][3] == "100.0"
    assert as_json(figures([case(1, 1.0)]))["ours"][ALL]["score"] == 1.0


def test_people_are_drawn_and_not_their_cases():
    """Of eight people, each all right or all wrong, there are eight, and not a hundred and four: 1.96 * sqrt(1 / 4 / 8) is 0.35."""
    cases = [
        case(f"{person}-{number}", float(person % 2)).model_copy(update={"person": f"50/{person}"})
        for person in range(8)
        for number in range(13)
    ]
    one = figures(cases)["ours"][ALL]
    assert (one.low, one.high) == (pytest.approx(0.125, abs=0.07), pytest.approx(0.875, abs=0.07))


def test_tokens_that_nobody_counted_are_no_figure():
    _, [row, *_] = table(figures([case(1, 1.0, tokens=0)]))
    assert row[-2] == "–"
