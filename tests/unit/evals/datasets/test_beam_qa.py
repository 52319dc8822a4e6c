"""BEAM's folders are read whatever begins a batch; every question comes with its rubric and its evidence."""

from __future__ import annotations

import json

import pytest

from evals.datasets import beam, beam_qa
from memory.core.errors import InvalidInput
from memory.core.validation import MAX_TEXT


def _said(name, content, role="user", **more):
    return {"role": role, "id": name, "content": content, **more}


def _folder(tmp_path, batches, asked=None, inside=None):
    folder = tmp_path / "3"
    (folder / (inside or "")).mkdir(parents=True, exist_ok=True)
    (folder / "chat.json").write_text(json.dumps(batches))
    default = {"information_extraction": [{"question": "Who leaks?", "source_chat_ids": [1], "rubric": ["the canoe"]}]}
    (folder / (inside or "") / "probing_questions.json").write_text(json.dumps(asked or default))
    return folder


OPENED = [
    {
        "turns": [
            [_said(0, "Welcome!", "assistant")],
            [_said(1, "My canoe leaks. ->-> 1,1", time_anchor="March-15-2024"), _said(2, "Where?", "assistant")],
        ]
    },
    {"turns": [[_said(3, "Has it been mended?", "assistant"), _said(4, "Yes, with pitch.")]]},
]


def test_what_the_assistant_says_first_is_kept_with_its_ids(tmp_path):
    asked = {"x": [{"question": "What?", "source_chat_ids": [0, 3], "rubric": ["pitch"]}]}
    folder = _folder(tmp_path, OPENED, asked)
    [talk] = beam.load(folder)
    assert [(turn.text, turn.reply) for turn in talk.turns] == [
        ("My canoe leaks.", "Welcome!\n\nWhere?\n\nHas it been mended?"),
        ("Yes, with pitch.", ""),
    ]
    assert [one.evidence for one in talk.questions] == [("1",)]
    [person], _ = beam_qa.load(folder)
    assert all(said.user.strip() for said in person.turns), "the journal refuses an empty message"


def test_a_message_that_is_a_mark_alone_or_too_long_can_be_sent(tmp_path):
    long = "a" * MAX_TEXT + "b"
    batches = [{"turns": [[_said(0, long), _said(1, "->-> 1,2"), _said(2, "I see.", "assistant")]]}]
    asked = {"x": [{"question": "What?", "source_chat_ids": [0], "rubric": ["b"]}]}
    talk = beam.read(_folder(tmp_path, batches, asked))
    assert [(turn.text, turn.reply) for turn in talk.turns] == [("a" * MAX_TEXT, ""), ("b", "I see.")]
    assert talk.evidence(talk.probes[0][2]) == tuple(turn.id for turn in talk.turns)


@pytest.mark.parametrize("plans", [[{"plan-0": OPENED[:1], "plan-1": OPENED[1:]}], {"plan-0": OPENED}])
def test_batches_may_lie_in_plans(tmp_path, plans):
    whole = beam.read(_folder(tmp_path / "a", OPENED)).turns
    assert beam.read(_folder(tmp_path / "b", plans)).turns == whole


def test_a_batch_never_begins_before_the_one_before_it(tmp_path):
    batches = [
        {"turns": [[_said(0, "One.", time_anchor="March-15-2024")]]},
        {"turns": [[_said(1, "Two.", time_anchor="March-01-2024")]]},
    ]
    one, two = beam.read(_folder(tmp_path, batches)).turns
    assert one.time < two.time


def test_questions_have_their_rubric_their_rule_and_their_evidence(tmp_path):
    asked = {
        "event_ordering": [{"question": "In which order?", "source_chat_ids": [1, 4], "rubric": ["leak", "pitch"]}],
        "abstention": [{"question": "Why?", "rubric": ["there is no information"]}],
    }
    [person], [order, abstains] = beam_qa.load(_folder(tmp_path, OPENED, asked, inside="probing_questions"))
    assert (person.id, order.person, order.task, order.rule) == ("3", "3", "event ordering", "order")
    assert (order.rubric, order.evidence, abstains.rule, abstains.evidence) == (("leak", "pitch"), (0, 1), "rubric", ())


@pytest.mark.parametrize(
    ("batches", "asked", "said"),
    [
        ([], None, r"chat\.json, line 1: the person writes no message"),
        ([{"turns": [[_said(0, "Hm.", "assistant")]]}], None, "the person writes no message"),
        ([{"turns": [[_said(0, "One."), _said(0, "Two.")]]}], None, r"0\.turns\.0\.1\.id.*another message has the id 0"),
        ([{"plan-0": [{"turns": [[{"role": "user", "content": "no id"}]]}]}], None, r"0\.plan-0\.0\.turns\.0\.0"),
        ([7], None, r"chat\.json, line 1 \(0\)"),
        (OPENED, {"x": [{"question": "Why?", "rubric": []}]}, r"probing_questions\.json, line 1 \(x\.0\.rubric\)"),
        (OPENED, {"x": [{"question": "Why?", "rubric": [7]}]}, r"x\.0\.rubric\.0"),
    ],
)
def test_what_is_malformed_is_named_by_file_and_place(tmp_path, batches, asked, said):
    with pytest.raises(InvalidInput, match=said):
        beam_qa.load(_folder(tmp_path, batches, asked))
