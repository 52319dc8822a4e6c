"""PersonaMem's table and talks are read, each question at its place; what is wrong is named by file and line."""

from __future__ import annotations

import csv
import json

import pytest

from evals.datasets.personamem import load
from memory.core.errors import InvalidInput

ROW = {
    "persona_id": "0", "question_id": "q1", "question_type": "recall_user_shared_facts", "topic": "music",
    "user_question_or_message": "What did I dislike?", "correct_answer": "(b)",
    "all_options": '["(a) tea", "(b) jazz", "(c) rain", "(d) snow"]', "shared_context_id": "c1",
    "end_index_in_shared_context": "3",
}  # fmt: skip
TALK = [
    {"role": "system", "content": "Current persona: someone."},
    {"role": "user", "content": "User: I dislike jazz."},
    {"role": "assistant", "content": "Assistant: Noted."},
    {"role": "system", "content": "Current persona: someone."},
    {"role": "user", "content": "User: And I love rain."},
    {"role": "assistant", "content": "Assistant: Lovely."},
]


@pytest.fixture
def write(tmp_path):
    def make(row=None, talks=None):
        questions, contexts = tmp_path / "questions.csv", tmp_path / "contexts.jsonl"
        with questions.open("w", newline="") as file:
            writer = csv.DictWriter(file, ROW)
            writer.writeheader()
            writer.writerow({**ROW, **(row or {})})
        contexts.write_text(talks if talks is not None else json.dumps({"c1": TALK}))
        return questions, contexts

    return make


def test_a_question_is_asked_in_the_midst_of_its_talk(write):
    [person], [question] = load(*write())
    assert [turn.user for turn in person.turns] == ["I dislike jazz.", "And I love rain."]
    assert (person.turns[1].time - person.turns[0].time).days == 1, "a message of the system begins another talk"
    assert (question.after, question.answer, question.choices["b"]) == (1, "b", "jazz")


def test_options_may_be_a_list_of_pythons(write):
    [question] = load(*write({"all_options": "['(a) it\\'s tea', '(b) \"jazz\"']"}))[1]
    assert question.choices == {"a": "it's tea", "b": '"jazz"'}


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"end_index_in_shared_context": 99}, "line 2: it is asked after 99 messages, but the conversation has"),
        ({"correct_answer": "(z)"}, "line 2: the answer '\\(z\\)' is none of its options"),
        ({"all_options": "none"}, "line 2: its options are not a list"),
        ({"all_options": "[1]"}, "line 2: its options are not a list of texts"),
        ({"all_options": '["tea"]'}, "line 2: its options do not begin"),
        ({"shared_context_id": "c2"}, "line 2: contexts.jsonl has no conversation 'c2'"),
        ({"end_index_in_shared_context": "x"}, "line 2, end_index_in_shared_context"),
    ],
)
def test_a_malformed_question_is_named_by_its_line(write, row, said):
    with pytest.raises(InvalidInput, match=said):
        load(*write(row))


@pytest.mark.parametrize(
    ("talks", "said"), [("{", "line 1"), ('{"c1": [{"role": "cat", "content": ""}]}', "line 1, c1.0.role")]
)
def test_a_malformed_talk_is_named_by_its_line(write, talks, said):
    with pytest.raises(InvalidInput, match=said):
        load(*write(talks=talks))


def test_files_that_are_not_there_are_named(tmp_path, write):
    questions, contexts = write()
    with pytest.raises(InvalidInput, match=r"gone\.csv cannot be read"):
        load(tmp_path / "gone.csv", contexts)
    with pytest.raises(InvalidInput, match=r"gone\.jsonl cannot be read"):
        load(questions, tmp_path / "gone.jsonl")


def test_what_is_said_without_being_asked_goes_on_from_the_reply_before(write):
    talk = [
        {"role": "assistant", "content": "Assistant: Welcome!"},
        {"role": "user", "content": "User: Hi"},
        {"role": "assistant", "content": "Assistant: Hello."},
        {"role": "assistant", "content": "Assistant: How are you?"},
        {"role": "user", "content": "User: Fine, and"},
    ]
    row = {"end_index_in_shared_context": 5}
    [person], [question] = load(*write(row, json.dumps({"c1": talk})))
    assert [(said.user, said.assistant) for said in person.turns] == [("Hi", "Hello.\nHow are you?"), ("Fine, and", "")]
    assert question.after == 1, "a message that has no reply yet is not answered before it is asked"


def test_a_message_that_nobody_could_send_is_named_with_its_line(write):
    with pytest.raises(InvalidInput, match=r"contexts\.jsonl, line 1: The message has 20,001 characters"):
        load(*write(None, json.dumps({"c1": [{"role": "user", "content": "x" * 20_001}]})))
