"""Our stories are whole, and what is wrong with another one is said."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta

import pytest

from evals.cli.story import DATA, right, table
from evals.datasets.story import FILE, load
from evals.runner import Log, run
from evals.says import folded
from evals.solvers import Reply
from memory.core.errors import InvalidInput

TURN = {"time": "2026-03-02 19:10", "user": "I have a parrot", "assistant": "Nice."}
ASKED = {"id": "bird", "kind": "fact", "text": "Which bird?", "answer": "A parrot", "must": ["parrot"], "evidence": [0]}
STORY = {"person": "ada", "zone": "Europe/Berlin", "asked": "2026-03-09 10:00", "sessions": [[TURN]], "questions": [ASKED]}


def written(folder, **fields):
    (folder / FILE).write_text(json.dumps({**STORY, **fields}))
    return folder


def test_the_story_is_as_large_and_as_mixed_as_it_has_to_be():
    [person], questions = load(DATA)
    kinds = Counter(question.task for question in questions)
    assert len(person.turns) >= 44
    assert len(questions) == 30
    assert person.turns[-1].time - person.turns[0].time > timedelta(days=140)
    least = {"unknown": 4, "earlier": 3, "date": 3, "relation": 3, "count": 2, "recommendation": 1, "greeting": 1}
    assert {kind: kinds[kind] for kind in least} == least


@pytest.mark.parametrize("folder", [DATA, DATA.with_name("story_apart")])
def test_every_answer_of_a_story_is_right_by_its_own_rule_and_its_evidence_is_there(folder):
    [person], questions = load(folder)
    for question in questions:
        if question.task in {"unknown", "greeting"}:
            assert not question.evidence, question.id
            continue
        assert question.evidence, question.id
        assert question.says.right(question.answer) or question.task == "recommendation", question.id
        assert not question.says.right("I like trains.") or question.task == "manner", question.id
        assert all(folded(person.turns[turn].user) for turn in question.evidence)


def test_the_story_apart_is_another_one():
    [person], questions = load(DATA.with_name("story_apart"))
    assert (len(person.turns), len(questions)) == (30, 21)
    assert {question.task for question in questions} >= {"unknown", "latest", "earlier", "date", "relation", "recommendation"}


def test_a_story_is_read_with_its_times_and_rules(tmp_path):
    [person], [question] = load(written(tmp_path))
    assert person.turns[0].time.isoformat() == "2026-03-02T19:10:00+01:00"
    assert (question.time - person.turns[0].time).days == 6
    assert (question.rule, question.says.must, question.evidence) == ("says", ("parrot",), (0,))


def test_of_what_is_not_known_a_reply_has_to_say_so(tmp_path):
    _, [question] = load(written(tmp_path, questions=[{"id": "dog", "kind": "unknown", "text": "My dog?", "answer": "-"}]))
    assert question.says.right("You have not told me.")
    assert not question.says.right("Rex")


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        ({**ASKED, "evidence": [3]}, "a turn of \\[3\\] is not in the history of 1 turns"),
        ({**ASKED, "must": []}, "does not say what a right reply contains"),
        ({**ASKED, "must": ["parrot|"]}, "one of its phrases is empty"),
        ({**ASKED, "time": "2026-03-01 10:00"}, "asked before the last message"),
        ({**ASKED, "mst": []}, "Extra inputs"),
    ],
)
def test_what_is_wrong_with_a_question_is_said(tmp_path, asked, problem):
    with pytest.raises(InvalidInput, match=problem):
        load(written(tmp_path, questions=[asked]))


def test_two_questions_of_one_name_are_refused(tmp_path):
    with pytest.raises(InvalidInput, match=r"line 1.*'bird'"):
        load(written(tmp_path, questions=[ASKED, ASKED]))


class Says:
    """Says one thing."""

    def __init__(self, reply):
        self.reply, self.asked = reply, []

    def replay(self, person, upto):
        pass

    def answer(self, person, question, asked):
        self.asked.append(asked)
        return Reply(self.reply)


def test_right_replies_are_counted_by_kind_and_a_refined_rule_asks_nothing_again(tmp_path):
    people, questions = load(written(tmp_path))
    solver, log = Says("A budgie."), tmp_path / "cases.jsonl"
    cases = run(people, questions, {"ours": solver}, Log(log))
    assert right(cases) == {"ours": {"all": {"right": 0, "of": 1}, "fact": {"right": 0, "of": 1}, "wrong": ["bird"]}}
    people, questions = load(written(tmp_path, questions=[{**ASKED, "must": ["parrot|budgie"]}]))
    cases = run(people, questions, {"ours": solver}, Log(log))
    assert table(cases) == (("questions", "ours"), [("all", "1 of 1"), ("fact", "1 of 1")])
    assert solver.asked == ["Which bird?"]
