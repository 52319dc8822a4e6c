"""The official layout of Persona-MME is read whole, and what is wrong in it is named before any model is asked."""

from __future__ import annotations

import json

import pytest
from PIL import Image

from evals.datasets.persona_mme import TASKS, load
from memory.core.errors import InvalidInput

CASE = {
    "data_path": "samples/50/7", "type": "Memory Recall", "question_type": "Visual Detail Recall", "time": "2026-03-09 10:00",
    "query": "What colour was the mug?", "choices": {"(a)": "red", "(b)": "blue", "(c)": "green", "(d)": "white"}, "answer": "(a)",
    "alignment": {"chosen": "Red!", "rejected": "It was red, I am afraid."},
}  # fmt: skip


def person(folder, **fields):
    folder.mkdir(parents=True)
    Image.new("RGB", (30, 20), "red").save(folder / "mug.png")
    history = {
        "profile": {"name": "Ada"},
        "imgs": ["mug.png"],
        "sessions": [
            [{"time": "2026-03-01 10:00", "user": "This is my mug. <img>", "assistant": "Nice."}],
            [{"time": "2026-03-02 10:00", "user": "Hello", "assistant": "Hello!"}],
        ],
    }
    (folder / "user_data.json").write_text(json.dumps({**history, **fields}))


@pytest.fixture
def data(tmp_path):
    """Write a folder with two people and these questions; of the other context's people there is one."""

    def make(*cases, **fields):
        person(tmp_path / "samples" / "50" / "7", **fields)
        person(tmp_path / "samples" / "100" / "12")
        person(tmp_path / "samples" / "500" / "7")
        (tmp_path / "Persona-MME.json").write_text(json.dumps([{**CASE, **case} for case in cases or ({},)]))
        return tmp_path

    return make


def test_people_and_questions_are_read(data):
    people, [question] = load(data(), "32k")
    assert [one.id for one in people] == ["50/7", "100/12"]
    first = people[0].turns[0]
    assert (first.user, first.assistant, [path.name for path in first.images]) == ("This is my mug.", "Nice.", ["mug.png"])
    assert (question.person, question.task, question.answer) == ("50/7", "Visual Detail Recall", "a")
    assert question.choices["b"] == "blue"
    assert question.alignment == ("Red!", "It was red, I am afraid.")


def test_questions_of_another_context_are_left_to_it(data):
    folder = data({}, {"data_path": "samples/500/7"})
    assert [question.id for question in load(folder, "32k")[1]] == ["0"]
    with pytest.raises(InvalidInput, match="histories of 128k"):
        load(folder, "128k")


def test_all_fourteen_tasks_are_known():
    assert sum(len(tasks) for tasks in TASKS.values()) == 14


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ({"question_type": "Guessing"}, "json, line 1 .0.question_type.: there is no task 'Guessing'"),
        ({"type": "Alignment"}, "there is no task 'Visual Detail Recall' of the aspect 'Alignment'"),
        ({"answer": "(e)"}, "0.answer.: the answer '\\(e\\)' is none of its choices"),
        ({"choices": {}}, "0.choices"),
        ({"time": "soon"}, "0.time.: 'soon'"),
        ({"query": 3}, "0.query"),
        ({"alignment": {"chosen": "x"}}, "0.alignment.rejected"),
        ({"choices": {"(a)": "red", "A": "blue"}}, "0.choices.: .a., A are not letters in brackets, each once"),
        ({"choices": {"yes": "red", "no": "blue"}, "answer": "yes"}, "are not letters in brackets"),
        ({"query": ""}, "0.query"),
        ({"query": "\ud83d"}, "0.query.: Input should be a valid string"),
        ({"data_path": "samples/50/77/user_data.json"}, "0.data_path.: there is no folder samples/50/77"),
        ({"data_path": "samples/500/7", "question_type": "Foo"}, "there is no task 'Foo'"),
        ({"evidence": [{"turn": 2}]}, "0.evidence.: there is no turn 2 in the history"),
    ],
)
def test_a_malformed_question_is_named(data, case, said):
    with pytest.raises(InvalidInput, match=said):
        load(data(case), "32k")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"imgs": []}, "user_data.json, line 1 .sessions.0.0.user.: it shows a picture"),
        ({"imgs": ["gone.png"]}, "imgs.0.: there is no picture 'gone.png'"),
        ({"imgs": ["user_data.json"]}, "'user_data.json': This file is not a picture"),
        ({"imgs": ["../../../../etc/hostname"]}, "is outside the data folder"),
        ({"sessions": [[{"time": "x", "user": "a", "assistant": "b"}]]}, "sessions.0.0.time"),
        ({"sessions": [[{"user": "a"}]]}, "sessions.0.0.time"),
        (
            {"sessions": [[{"time": "2026-03-01 10:00", "user": " ", "assistant": "b"}]]},
            "sessions.0.0.user.: The message is empty",
        ),
        (
            {"sessions": [[{"time": f"2026-03-0{day} 10:00", "user": "a", "assistant": "b"}] for day in (2, 1)]},
            "sessions.1.0.: it was said at 2026-03-01 10:00 .Sunday., before the turn before it",
        ),
    ],
)
def test_a_malformed_history_is_named(data, fields, said):
    with pytest.raises(InvalidInput, match=said):
        load(data(**fields), "32k")


@pytest.mark.parametrize("text", ["", "{", "[1]", "{}"])
def test_a_file_of_questions_that_is_none_is_named(data, text):
    folder = data()
    (folder / "Persona-MME.json").write_text(text)
    with pytest.raises(InvalidInput, match=r"Persona-MME\.json"):
        load(folder, "32k")
    (folder / "Persona-MME.json").unlink()
    with pytest.raises(InvalidInput, match="cannot be read"):
        load(folder, "32k")
