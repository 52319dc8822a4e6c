"""A file of corrections changes single golds of LoCoMo, and says by file and line what it cannot change."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.datasets import corrections, locomo, locomo_qa
from memory.core.errors import InvalidInput

TALK = {
    "sample_id": "one",
    "conversation": {
        "session_1_date_time": "1:56 pm on 8 May, 2023",
        "session_1": [
            {"speaker": "Ada", "dia_id": "D1:1", "text": "My goat is called Nettle."},
            {"speaker": "Ben", "dia_id": "D1:2", "text": "I sold my canoe."},
        ],
        "session_2_date_time": "9:00 am on 2 June, 2023",
        "session_2": [{"speaker": "Ada", "dia_id": "D2:1", "text": "Nettle jumps fences."}],
    },
    "qa": [
        {"question": "What is Ada's goat called?", "answer": "Thistle", "evidence": ["D1:2"], "category": 4},
        {"question": "What did Ben sell?", "answer": "a canoe", "evidence": ["D1:2"], "category": 4},
    ],
}
TALKS = [TALK, {**TALK, "sample_id": "two", "qa": [TALK["qa"][1]]}]


@pytest.fixture
def given_files(tmp_path):
    def write(entries, talks=TALKS):
        talk, file = tmp_path / "locomo.json", tmp_path / "corrections.json"
        talk.write_text(json.dumps(talks))
        file.write_text(entries if isinstance(entries, str) else json.dumps(entries))
        return talk, file

    return write


@pytest.mark.parametrize("named", [{"question": "what is  ada's goat called?"}, {"conversation": "one", "index": 0}])
def test_a_question_named_by_its_words_or_its_place_is_corrected(named, given_files):
    talk, file = given_files([{**named, "evidence": ["D1:1", "D2:1"], "answer": "Nettle"}])
    changed = corrections.load(file)
    first, second = locomo.load(talk, changed)
    assert [one.evidence for one in first.questions] == [("D1:1", "D2:1"), ("D1:2",)]
    assert [one.evidence for one in second.questions] == [("D1:2",)]
    _, questions = locomo_qa.load(talk, changed)
    assert [one.answer for one in questions] == ["Nettle", "a canoe", "a canoe"]


def test_a_conversation_without_a_name_is_named_by_its_number(given_files):
    unnamed = {name: value for name, value in TALK.items() if name != "sample_id"}
    talk, file = given_files([{"conversation": 1, "index": 0, "evidence": ["D2:1"]}], [TALK, unnamed])
    first, second = locomo.load(talk, corrections.load(file))
    assert (first.questions[0].evidence, second.questions[0].evidence) == (("D1:2",), ("D2:1",))


def test_the_conversations_that_were_read_stay_as_they_are(given_files):
    talk, file = given_files([{"conversation": "one", "index": 0, "answer": "Nettle"}])
    read = json.loads(talk.read_text())
    assert corrections.load(file).applied(read)[0]["qa"][0]["answer"] == "Nettle"
    assert read == TALKS


def test_without_evidence_left_a_question_is_left_out(given_files):
    talk, file = given_files([{"conversation": "two", "question": "What did Ben sell?", "evidence": []}])
    assert [len(one.questions) for one in locomo.load(talk, corrections.load(file))] == [2, 0]


def test_a_question_that_stands_twice_is_corrected_in_both_places(given_files):
    twice = {**TALK, "qa": [TALK["qa"][0], TALK["qa"][0]]}
    talk, file = given_files([{"question": TALK["qa"][0]["question"], "evidence": ["D2:1"]}], [twice])
    [read] = locomo.load(talk, corrections.load(file), doubled=True)
    assert [one.evidence for one in read.questions] == [("D2:1",), ("D2:1",)]


def test_a_question_that_stands_twice_counts_once_unless_asked_otherwise(given_files):
    talk, _ = given_files([], [{**TALK, "qa": [*TALK["qa"], {**TALK["qa"][0], "question": "what is Ada's  goat called?"}]}])
    assert [len(locomo.load(talk, doubled=doubled)[0].questions) for doubled in (False, True)] == [2, 3]


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ("no json", "--corrections"),
        ("{}", "line 1"),
        ([{"evidence": []}], "name the question by its words"),
        ([{"question": "x", "conversation": "one", "index": 0, "evidence": []}], "name the question by its words"),
        ([{"index": 0, "evidence": []}], "an index needs its conversation"),
        ([{"conversation": "one", "index": -1, "evidence": []}], r"\(0.index\)"),
        ([{"question": "What did Ben sell?"}], "it corrects nothing"),
        ([{"question": "What did Ben sell?", "gold": "x"}], r"\(0.gold\)"),
        ([{"question": "Who?", "answer": "x"}], "no question of the LoCoMo file fits it"),
        ([{"conversation": "one", "index": 7, "answer": "x"}], "no question of the LoCoMo file fits it"),
        ([{"question": "What did Ben sell?", "answer": "x"}], "Name the conversation"),
        ([{"conversation": "one", "index": 0, "evidence": ["D9:9"]}], r"\(0.evidence\): the conversation has no turn 'D9:9'"),
        (
            [{"conversation": "one", "index": 0, "answer": "x"}, {"question": TALK["qa"][0]["question"], "answer": "y"}],
            r"\(1\): correction 0 is about the same question",
        ),
    ],
)
def test_what_cannot_be_changed_is_said_by_file_and_line(entries, said, given_files):
    talk, file = given_files(entries)
    with pytest.raises(InvalidInput, match=said) as error:
        locomo.load(talk, corrections.load(file))
    assert "corrections.json" in error.value.message


@pytest.mark.parametrize("talks", [[1], [{"qa": None}], [{"qa": [1]}], [{"conversation": {}, "qa": []}]])
def test_a_damaged_file_of_talks_is_still_a_sentence(talks, given_files):
    talk, file = given_files([{"question": "Who?", "answer": "x"}], talks)
    with pytest.raises(InvalidInput, match=r"corrections.json|LoCoMo"):
        locomo.load(talk, corrections.load(file))


ANY = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 3) | st.sampled_from(["one", "D1:1", "What did Ben sell?", ""]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["conversation", "index", "question", "evidence", "answer"]), inner, max_size=4)
    ),
    max_leaves=8,
)


@given(st.lists(ANY, max_size=2))
def test_any_file_is_applied_or_refused_in_a_sentence(tmp_path_factory, entries):
    folder = tmp_path_factory.mktemp("any")
    (folder / "locomo.json").write_text(json.dumps(TALKS))
    (folder / "corrections.json").write_text(json.dumps(entries))
    try:
        read = locomo.load(folder / "locomo.json", corrections.load(folder / "corrections.json"))
    except InvalidInput as error:
        assert "corrections.json" in error.message or "no question" in error.message
    else:
        assert len(read) == 2
