"""PersonaMem-v2's table and histories are read; the order of options is the same in every run."""

from __future__ import annotations

import csv
import json

import pytest

from evals.datasets.personamem_v2 import is_v2, load
from memory.core.errors import InvalidInput

RIGHT, WRONG = (
    "Any chair will do.",
    ["Take the oak chair, as always.", "Since you sit badly, take a cushion.", "Ask your cousin."],
)
ROW = {
    "persona_id": "5", "chat_history_32k_link": "data/chat_history_32k/persona5.json",
    "chat_history_128k_link": "data/chat_history_128k/persona5.json",
    "user_query": repr({"role": "user", "content": "Which chair suits me?"}), "topic_query": "home",
    "correct_answer": RIGHT, "incorrect_answers": json.dumps(WRONG), "preference": "does not tell", "pref_type": "ask_to_forget",
    "who": "self", "updated": "False", "distance_from_related_snippet_to_query_32k": "812",
}  # fmt: skip
HISTORY = [
    {"role": "system", "content": "Current persona: somebody."},
    {"role": "user", "content": "User: My oak chair creaks."},
    {"role": "assistant", "content": "Assistant: Oil it."},
    {"role": "user", "content": "User: Please forget the chair."},
    {"role": "assistant", "content": "Assistant: Of course."},
]


@pytest.fixture
def write(tmp_path):
    def make(history=None, **changed):
        for size in ("32k", "128k"):
            folder = tmp_path / "data" / f"chat_history_{size}"
            folder.mkdir(parents=True, exist_ok=True)
            whole = {"metadata": {"persona_id": 5}, "chat_history": HISTORY if size == "32k" else HISTORY[:3]}
            (folder / "persona5.json").write_text(json.dumps(history if history is not None else whole))
        file = tmp_path / "benchmark.csv"
        with file.open("w", newline="") as opened:
            writer = csv.DictWriter(opened, ROW)
            writer.writeheader()
            writer.writerows([{**ROW, **changed}, {**ROW, **changed, "pref_type": "other"}])
        return file, tmp_path

    return make


def test_a_question_is_asked_after_the_whole_history_with_its_options(write):
    [person], [first, second] = load(*write())
    assert [turn.user for turn in person.turns] == ["My oak chair creaks.", "Please forget the chair."]
    assert (first.person, first.text, first.task, first.after) == ("persona5", "Which chair suits me?", "ask_to_forget", None)
    assert sorted(first.choices.values()) == sorted([RIGHT, *WRONG])
    assert first.choices[first.answer] == RIGHT
    assert (second.id, second.choices) == ("1", first.choices), "the order depends on the words alone"


def test_the_right_option_is_not_always_the_first(write):
    letters = {load(*write(user_query=f"Question {number}?"))[1][0].answer for number in range(12)}
    assert len(letters) > 1


def test_the_longer_history_is_read_on_request(write):
    [person], _ = load(*write(), "128k")
    assert len(person.turns) == 1


def test_the_columns_tell_it_from_v1(write, tmp_path):
    old = tmp_path / "v1.csv"
    old.write_text("question_id,shared_context_id\n1,2\n")
    assert (is_v2(write()[0]), is_v2(old)) == (True, False)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"chat_history_32k_link": "data/gone.json"}, r"line 2: there is no file .*gone\.json"),
        ({"chat_history_32k_link": ""}, "line 2, link"),
        ({"incorrect_answers": "none"}, "line 2, incorrect_answers: it cannot be read"),
        ({"incorrect_answers": "[1]"}, "line 2, incorrect_answers, 0"),
        ({"incorrect_answers": "[]"}, "line 2: its 1 options are not different"),
        ({"incorrect_answers": json.dumps([RIGHT])}, "line 2: its 2 options are not different"),
        ({"user_query": "{'role': 'cat', 'content': 'Mew'}"}, "line 2, user_query"),
        ({"user_query": " "}, "line 2, user_query: the question is empty"),
        ({"history": {"talk": []}}, r"persona5\.json, line 1 \(chat_history\): it has no chat_history"),
        ({"history": [{"role": "user", "content": 7}]}, r"persona5\.json, line 1 \(0\.content\)"),
        ({"history": [{"role": "user", "content": "\x00"}]}, r"persona5\.json, line 1.*empty"),
    ],
)
def test_what_is_malformed_is_named_by_file_and_line(write, changed, said):
    with pytest.raises(InvalidInput, match=said):
        load(*write(**changed))
