"""LoCoMo's questions are read with their answers, and the adversarial ones are counted apart."""

from __future__ import annotations

import json

import pytest

from evals.datasets import locomo
from evals.datasets.locomo_qa import load
from evals.reports.report import ALL, figures
from evals.runner import Log, run
from evals.solvers import Reply
from memory.core.errors import InvalidInput

TALK = {
    "sample_id": "conv-1",
    "conversation": {
        "session_1_date_time": "1:56 pm on 8 May, 2023",
        "session_1": [
            {"speaker": "Ann", "dia_id": "D1:1", "text": "I painted a sunrise in 2022."},
            {"speaker": "Bob", "dia_id": "D1:2", "text": "Lovely!", "blip_caption": "a sunrise"},
        ],
    },
    "qa": [
        {"question": "When did Ann paint a sunrise?", "answer": 2022, "evidence": ["D1:1"], "category": 2},
        {"question": "Why did Bob paint it?", "adversarial_answer": "for fun", "evidence": ["D1:2"], "category": 5},
    ],
}


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "locomo.json"
    file.write_text(json.dumps([TALK]))
    return file


class Says:
    """Says that it is not mentioned."""

    def replay(self, person, upto):
        self.upto = upto

    def answer(self, person, question, asked):
        return Reply("It is not mentioned.")


def test_both_speakers_are_heard_and_numbers_are_answers(path):
    [person], [when, why] = load(path)
    assert [said.user for said in person.turns] == ["Ann: I painted a sunrise in 2022.", "Bob: Lovely! [a sunrise]"]
    assert (when.answer, when.task) == ("2022", "2 temporal")
    assert (why.answer, why.task) == ("not mentioned", "5 adversarial")


@pytest.mark.evals
def test_what_is_not_there_is_rightly_not_mentioned_and_counted_apart(path, tmp_path):
    people, questions = load(path)
    of = figures(run(people, questions, {"it": Says()}, Log(tmp_path / "log.jsonl")))["it"]
    assert (of[ALL].cases, of[ALL].score) == (1, 0.0)
    assert of["LoCoMo, adversarial"].score == 1.0


def test_a_question_that_appears_twice_counts_once(path):
    asked, trap = TALK["qa"]
    again = {**asked, "question": "when did  Ann paint a sunrise?"}
    answerable = {**trap, "category": 4, "answer": "for fun"}
    path.write_text(json.dumps([{**TALK, "qa": [asked, trap, again, answerable]}]))
    _, questions = load(path)
    assert [(one.id, one.task) for one in questions] == [("conv-1/0", "2 temporal"), ("conv-1/3", "4 single-hop")]
    [conversation] = locomo.load(path)
    assert [one.category for one in conversation.questions] == ["temporal", "single-hop"]


@pytest.mark.parametrize(
    "broken", [{"qa": [{"question": ""}]}, {"conversation": None}, {"qa": [{**TALK["qa"][0], "category": 9}]}]
)
def test_a_file_that_is_none_is_named(path, broken):
    path.write_text(json.dumps([{**TALK, **broken}]))
    with pytest.raises(InvalidInput, match=r"locomo.json, line 1 \(0\): this is no conversation of LoCoMo"):
        load(path)


@pytest.mark.parametrize(
    ("talks", "said"),
    [
        ([TALK, TALK], r"line 1 \(1\): its name 'conv-1' is also the name of conversation 0"),
        ([], "contains no questions"),
        ([{**TALK, "qa": []}], "contains no questions"),
        (
            [{**TALK, "conversation": {**TALK["conversation"], "session_2_date_time": "1:56 pm on 8 May, 2022",
                                       "session_2": TALK["conversation"]["session_1"]}}],
            "before the turn before it",
        ),
    ],
)  # fmt: skip
def test_talks_that_cannot_be_replayed_are_named(path, talks, said):
    path.write_text(json.dumps(talks))
    with pytest.raises(InvalidInput, match=said):
        load(path)
