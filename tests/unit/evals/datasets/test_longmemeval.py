"""Files in LongMemEval's form are read: each question with its own history, its turns and its sessions."""

from __future__ import annotations

import json
from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.datasets.longmemeval import load
from memory.core.errors import InvalidInput

ASKED = {
    "question_id": "q1",
    "question_type": "single-session-user",
    "question": "What is my goat called?",
    "answer": "Nettle",
    "question_date": "2023/06/01 (Thu) 09:30",
    "haystack_session_ids": ["late", "answer_1"],
    "haystack_dates": ["2023/05/30 (Tue) 23:40", "2023/05/20 (Sat) 02:21"],
    "haystack_sessions": [
        [{"role": "user", "content": "How deep is a well?"}, {"role": "assistant", "content": "It depends."}],
        [
            {"role": "assistant", "content": "Welcome back."},
            {"role": "user", "content": "Good morning."},
            {"role": "assistant", "content": "Good morning!"},
            {"role": "user", "content": "My goat Nettle jumps fences.", "has_answer": True},
            {"role": "assistant", "content": "Build them higher.", "has_answer": False},
            {"role": "assistant", "content": "Or sell her."},
        ],
    ],
    "answer_session_ids": ["answer_1"],
}


def _loaded(tmp_path, *entries):
    file = tmp_path / "longmemeval_s.json"
    file.write_text(json.dumps(list(entries)))
    return load(file)


def _with(**changed):
    return {**deepcopy(ASKED), **changed}


def test_a_question_is_asked_of_its_own_history_in_the_order_of_time(tmp_path):
    [talk] = _loaded(tmp_path, ASKED)
    assert talk.name == "q1"
    assert [(turn.session, turn.text, turn.reply) for turn in talk.turns] == [
        ("answer_1", "Good morning.", "Welcome back.\n\nGood morning!"),
        ("answer_1", "My goat Nettle jumps fences.", "Build them higher.\n\nOr sell her."),
        ("late", "How deep is a well?", "It depends."),
    ]
    assert [f"{turn.time:%Y-%m-%d %H:%M}" for turn in talk.turns] == ["2023-05-20 02:21"] * 2 + ["2023-05-30 23:40"]
    [asked] = talk.questions
    assert (asked.question, asked.category) == ("What is my goat called?", "single-session-user")
    assert asked.evidence == (talk.turns[1].id,)
    assert asked.sessions == ("answer_1",)
    assert f"{asked.time:%Y-%m-%d %H:%M}" == "2023-06-01 09:30"


def test_a_reply_that_answers_makes_its_turn_the_evidence(tmp_path):
    entry = _with()
    entry["haystack_sessions"][1][3]["has_answer"] = False
    entry["haystack_sessions"][1][5]["has_answer"] = True
    [talk] = _loaded(tmp_path, entry)
    assert talk.questions[0].evidence == (talk.turns[1].id,)


def test_abstention_and_questions_without_evidence_are_left_out(tmp_path):
    trap = _with(question_id="q2_abs", answer_session_ids=["answer_gone"])
    plain = [[{"role": "user", "content": "Hello."}], []]
    nothing = _with(question_id="q3", haystack_sessions=plain, answer_session_ids=[])
    assert [talk.name for talk in _loaded(tmp_path, ASKED, trap, nothing)] == ["q1"]
    with pytest.raises(InvalidInput, match="contains no question with evidence"):
        _loaded(tmp_path, trap, nothing)


def test_where_no_turn_is_marked_the_sessions_alone_are_the_evidence(tmp_path):
    entry = _with()
    entry["haystack_sessions"][1][3].pop("has_answer")
    [talk] = _loaded(tmp_path, entry)
    assert (talk.questions[0].evidence, talk.questions[0].sessions) == ((), ("answer_1",))


def test_a_session_of_the_assistant_alone_and_a_message_that_is_too_long(tmp_path):
    long = "a" * 20_000 + "b"
    sessions = [
        [{"role": "assistant", "content": "A riddle."}, {"role": "assistant", "content": "An answer."}],
        [{"role": "user", "content": long, "has_answer": True}, {"role": "assistant", "content": "Long."}],
    ]
    [talk] = _loaded(tmp_path, _with(haystack_sessions=sessions))
    assert [(turn.text[-1], turn.reply) for turn in talk.turns] == [("a", ""), ("b", "Long."), (".", "An answer.")]
    assert len({turn.id for turn in talk.turns}) == 3
    assert talk.questions[0].evidence == (talk.turns[0].id, talk.turns[1].id)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"question": " "}, "question 1 of the list, question: Value error, it has no words"),
        ({"question": "\ud800"}, "question 1 of the list, question"),
        ({"question_date": "June"}, "question 1 of the list, question_date"),
        ({"haystack_dates": ["2023/05/30 (Tue) 23:40", "then"]}, "haystack_dates.1"),
        ({"haystack_sessions": [[{"role": "user"}], []]}, "haystack_sessions.0.0.content"),
        ({"haystack_sessions": [[{"role": "robot", "content": "x"}], []]}, "haystack_sessions.0.0.role"),
        ({"haystack_sessions": [[]]}, "haystack_session_ids has 2 entries, haystack_dates 2 and haystack_sessions 1"),
        ({"answer_session_ids": ["answer_9"]}, "names 'answer_9', which is not in haystack_session_ids"),
        ({"question_id": ""}, "question_id"),
    ],
)
def test_what_is_malformed_is_said_by_file_and_place(tmp_path, changed, said):
    with pytest.raises(InvalidInput) as error:
        _loaded(tmp_path, _with(**changed))
    assert "longmemeval_s.json, question 1 of the list" in error.value.message
    assert said in error.value.message


def test_an_id_that_is_there_twice_and_a_file_of_another_form(tmp_path):
    with pytest.raises(InvalidInput, match="question 2 of the list: its question_id 'q1' is also that of question 1"):
        _loaded(tmp_path, ASKED, ASKED)
    file = tmp_path / "other.json"
    for content, said in (("{}", "not a list of LongMemEval's questions"), ("no json", "--data"), ("[1]", "question 1")):
        file.write_text(content)
        with pytest.raises(InvalidInput, match=said):
            load(file)


MESSAGES = st.fixed_dictionaries(
    {"role": st.sampled_from(["user", "assistant"]), "content": st.text(max_size=8), "has_answer": st.none() | st.booleans()}
)


@given(st.lists(st.lists(MESSAGES, max_size=6), min_size=1, max_size=3))
def test_no_word_is_lost_and_every_turn_could_be_said(tmp_path_factory, sessions):
    names, day = [f"s{number}" for number in range(len(sessions))], ASKED["question_date"]
    marked = [{"role": "user", "content": "Marked.", "has_answer": True}]
    entry = _with(
        haystack_session_ids=[*names, "end"], haystack_dates=[day] * (len(names) + 1), haystack_sessions=[*sessions, marked],
        answer_session_ids=["end"],
    )  # fmt: skip
    [talk] = _loaded(tmp_path_factory.mktemp("any"), entry)
    written = [one["content"] for some in sessions for one in some if one["content"].replace("\x00", "").strip()]
    said = "".join(turn.text + turn.reply for turn in talk.turns)
    assert sorted(said.replace("\n", "")) == sorted("".join([*written, "Marked."]).replace("\n", ""))
    assert all(turn.text.replace("\x00", "").strip() for turn in talk.turns)
    assert set(talk.questions[0].evidence) <= {turn.id for turn in talk.turns}
