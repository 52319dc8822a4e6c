"""Talks of our own: the six files are whole, and a malformed one is named with the place."""

from __future__ import annotations

import json
from collections import Counter
from copy import deepcopy

import pytest

from evals.datasets import own_talk
from memory.core.errors import InvalidInput

TALK = {
    "language": "nl",
    "person": "Iemand",
    "sessions": [
        {
            "session": "1",
            "turns": [
                {"id": "1.1", "time": "2026-03-02T10:00", "message": "Mijn geit heet Netel.", "reply": "Mooi."},
                {"id": "1.2", "time": "2026-03-02T10:03", "message": "Ze springt over het hek.", "reply": ""},
            ],
        },
        {"session": "2", "turns": [{"id": "2.1", "time": "2026-03-09T10:00", "message": "Ze is verkocht.", "reply": "Och."}]},
    ],
    "questions": [
        {"question": "Hoe heet mijn geit?", "category": "fact", "evidence": ["1.1"], "asked": "2026-03-10T10:00"},
        {
            "question": "Wat gebeurde er gisteren?",
            "category": "time",
            "evidence": ["2.1"],
            "asked": "2026-03-10T10:00",
            "window": ["2026-03-09", "2026-03-09"],
        },
    ],
}


def _written(tmp_path, talk):
    file = tmp_path / "nl.json"
    file.write_text(json.dumps(talk))
    return file


def test_a_talk_is_one_conversation_whose_questions_are_counted_by_language(tmp_path):
    [talk] = own_talk.load(_written(tmp_path, TALK))
    assert talk.name == "nl"
    assert [(said.id, said.session, said.text, said.reply) for said in talk.turns] == [
        ("1.1", "1", "Mijn geit heet Netel.", "Mooi."),
        ("1.2", "1", "Ze springt over het hek.", ""),
        ("2.1", "2", "Ze is verkocht.", "Och."),
    ]
    assert [(one.category, one.evidence, f"{one.time:%d %H:%M %Z}") for one in talk.questions] == [
        ("nl", ("1.1",), "10 10:00 UTC"),
        ("nl", ("2.1",), "10 10:00 UTC"),
    ]


def test_questions_with_a_window_name_a_time(tmp_path):
    [one] = own_talk.named_times(_written(tmp_path, TALK))
    assert (one.language, one.text) == ("nl", "Wat gebeurde er gisteren?")
    assert [day.isoformat() for day in one.days] == ["2026-03-09", "2026-03-09"]


@pytest.mark.parametrize(
    ("keys", "value", "problem"),
    [
        (("questions", 0, "evidence"), ["7.7"], "line 19 .questions.0.evidence.: no turn has the id '7.7'"),
        (("questions", 0, "evidence"), [], "questions.0.evidence"),
        (("questions", 1, "window"), ["2026-03-09", "2026-03-08"], "questions.1.window.: it ends before it begins"),
        (("questions", 1, "windows"), [], "questions.1.windows"),
        (("sessions", 0, "turns", 1, "id"), "1.1", "sessions.0.turns.1.id.: the id '1.1' is there twice"),
        (("sessions", 1, "turns", 0, "time"), "2026-03-01T10:00", "sessions.1.turns.0.time.: this turn is not later"),
        (("sessions", 0, "turns", 0, "message"), " ", "sessions.0.turns.0.message"),
        (("sessions",), [], "sessions"),
    ],
)
def test_what_is_malformed_is_named_with_its_place(tmp_path, keys, value, problem):
    talk = deepcopy(TALK)
    inside = talk
    for key in keys[:-1]:
        inside = inside[key]
    inside[keys[-1]] = value
    file = tmp_path / "nl.json"
    file.write_text(json.dumps(talk, indent=1))
    with pytest.raises(InvalidInput, match=problem.replace("line 19 .", ".*")):
        own_talk.load(file)


def test_a_folder_without_a_talk_is_refused(tmp_path):
    with pytest.raises(InvalidInput, match="contains no talk"):
        own_talk.load(tmp_path)


@pytest.mark.parametrize("language", ["de", "es", "fr", "hi", "ja", "zh"])
def test_each_language_has_fifty_turns_and_thirty_questions(language):
    data = json.loads((own_talk.FOLDER / f"{language}.json").read_text(encoding="utf-8"))
    [talk] = own_talk.load(own_talk.FOLDER / f"{language}.json")
    assert (talk.name, len(talk.turns), len(talk.questions)) == (language, 50, 30)
    assert len({said.text for said in talk.turns}) == 50
    assert len({one.question for one in talk.questions}) == 30
    assert set(Counter(one["category"] for one in data["questions"])) == {"fact", "time", "change", "several", "paraphrase"}
    assert sum("window" in one for one in data["questions"]) == 8
    assert all(one.time > talk.turns[-1].time for one in talk.questions)


def test_the_folder_has_all_six():
    assert [talk.name for talk in own_talk.load(own_talk.FOLDER)] == ["de", "es", "fr", "hi", "ja", "zh"]
