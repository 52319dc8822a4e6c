"""Every node is judged by what a history is known to say."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest

from evals.components import node_figures as of
from evals.components.remembered import Kept
from evals.types import Person, Question, Said, Shown
from memory.core.records import BigFive
from tests.unit.evals.reports.test_report import case

NOW = datetime(2026, 3, 1, tzinfo=UTC)
EMPTY = Kept((), (), (), (), None, ())


def question(number, *evidence):
    return Question(str(number), "50/1", "Memory Recall", "Visual Detail Recall", "?", "a", evidence=evidence)


def shown(*turns):
    return Shown("mem", "semantic", "text", turns)


def step(action, warning=None):
    return {"action": action, "warning": warning}


LOOK, ANSWER = step("retrieve"), step("answer")
QUESTIONS = {one.id: one for one in (question(1, 3), question(2, 3, 4), question(3), question(4))}


def test_to_look_when_it_must_and_to_answer_when_it_can_count_alike():
    cases = [
        case(1, 0.0, steps=(LOOK, LOOK, ANSWER)),
        case(2, 1.0, steps=(ANSWER,)),
        case(3, 1.0, steps=(ANSWER,)),
        case(4, 1.0, steps=(step("retrieve", "Malformed output: it says nothing."), ANSWER)),
    ]
    assert of.reason(cases, QUESTIONS) == {
        "looks when it must": 0.5,
        "right unlooked": 1.0,
        "answers when it can": 0.5,
        "decision": 0.5,
        "looks": 0.75,
        "malformed": 0.25,
        "window left out": 0.0,
        "no reply": 0.0,
    }
    failed = case(1, 0.0, error="The message does not fit.")
    assert of.reason([*cases, failed], QUESTIONS)["looks when it must"] == 0.5, "what brought no reply decided nothing"
    assert of.reason([*cases, failed], QUESTIONS)["no reply"] == 0.2
    assert "decision" not in of.reason(cases[:1], QUESTIONS)


def test_evidence_is_counted_look_by_look():
    cases = [
        case(1, 0.0, rounds=((shown(3), shown(7)), (shown(8),))),
        case(2, 1.0, rounds=((shown(4, 5),),)),
        case(3, 1.0, rounds=((shown(1),),)),
    ]
    first, second = of.retrieve(cases, QUESTIONS)
    assert first == {"cases": 2, "precision": pytest.approx(2 / 3), "recall": 0.75, "empty": 0.0}
    assert second == {"cases": 1, "precision": 0.0, "recall": 1.0, "empty": 0.0}
    nothing = [case(1, 0.0, rounds=((),)) for _ in range(9)]
    assert of.retrieve([*nothing, case(1, 1.0, rounds=((shown(3), shown()),))], QUESTIONS) == [
        {"cases": 10, "precision": 1.0, "recall": 0.1, "empty": 0.9}
    ]
    assert of.answer(cases, QUESTIONS) == {"right": 0.5, "right when shown": 0.0, "right direct": 1.0}


def said(*facts):
    return Said(NOW, "…", "…", (), facts)


def test_extraction_is_judged_by_the_facts_of_each_turn():
    person = Person("50/1", (said(("Rex",), ("dog|hound",)), said(("tea",)), said(), Said(NOW, "…", "…", ())))
    left = Kept(
        (
            Shown("a", "semantic", "The user has a hound called Max.", (0,)),
            Shown("b", "semantic", "The user likes tea.", (2,)),
            Shown("c", "semantic", "Nobody knows whether that is right.", (3,)),
        ),
        (Shown("e", "episodic", "The user talked of the dog Rex.", (0, 1)),), (), (), None, (),
    )  # fmt: skip
    found = of.extract([(person, left)])
    assert found == {"recall": pytest.approx(1 / 3), "precision": 0.5, "decision": pytest.approx(1 / 3)}
    assert of.summarize([(person, left)]) == {"recall": pytest.approx(2 / 3), "topics": 1.0}


def test_profile_habits_and_personality_are_judged_by_what_is_true():
    true = BigFive(openness=5.0, conscientiousness=1.0)
    person = Person("50/1", (), core=(("Ada",), ("Porto",)), procedures=(("run|ran",),), personality=true)
    left = Kept(
        (), (), ("marathon: The user runs each day.",), (("name", "Ada"), ("home", "Rome")),
        BigFive(openness=4.0), (BigFive(openness=4.0), BigFive(conscientiousness=5.0)),
    )  # fmt: skip
    assert of.core([(person, left)]) == {"recall": 0.5, "entries": 2.0}
    assert of.procedures([(person, left)]) == {"recall": 1.0, "entries": 1.0}
    assert of.personality([(person, left)]) == {"inferred": 2.5, "evolved": pytest.approx(0.6), "neutral": pytest.approx(0.8)}


def test_what_is_not_known_is_no_figure():
    assert math.isnan(of.extract([(Person("50/1", ()), EMPTY)])["recall"])
    assert of.retrieve([case(3, 1.0)], QUESTIONS) == []
