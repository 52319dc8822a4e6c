"""`persona eval retrieval --format m3exam|beam|longmemeval` on made-up data in these forms, whole and damaged."""

from __future__ import annotations

import json
import sys

import pytest

from app.cli import main
from evals.datasets import beam, m3exam
from tests.fakes import WordEmbedder

pytestmark = pytest.mark.evals

SESSIONS = [
    {
        "session_id": "D1",
        "date": "2023-03-01",
        "dialogues": [
            {"round": "D1:1", "user": "My parrot Zazu is ill.", "assistant": "Keep it warm."},
            {"round": "D1:2", "user": "Look at this.", "assistant": "A scan.", "img_description": "an X-ray of a wing"},
        ],
    },
    {
        "session_id": "D2",
        "date": "2023-03-01",
        "dialogues": [
            {"round": "D2:1", "user": "I bought a canoe.", "assistant": "Green?", "img_description": ["a lake", "a pier"]}
        ],
    },
]
EXAM = [
    {"question": "What is the parrot called?", "supporting_facts": "D1:1", "type": "ss"},
    {"question": "Which picture shows a wing?", "supporting_facts": "D1:2, D9:9", "type": "fm"},
    {"question": "What is nowhere?", "supporting_facts": "D9:9", "type": "ss"},
]
CHAT = [
    {
        "turns": [
            [
                {"role": "user", "id": 0, "content": "My parrot Zazu is ill. ->-> 1,1", "time_anchor": "March-15-2024"},
                {"role": "assistant", "id": 1, "content": "Keep it warm."},
                {"role": "assistant", "id": 2, "content": "And call a vet."},
            ],
            [
                {"role": "user", "id": 3, "content": "I bought a canoe. ->-> 1,2"},
                {"role": "assistant", "id": 4, "content": "Is it green?"},
            ],
        ]
    },
    {"turns": [[{"role": "user", "id": 5, "content": "The canoe leaks."}]]},
]
PROBES = {
    "information_extraction": [
        {"question": "Who is ill?", "source_chat_ids": [0, 2]},
        {"question": "What of the canoe?", "source_chat_ids": {"first": [4], "second": [[5]]}},
    ],
    "abstention": [{"question": "What is nowhere?"}, {"question": "Nor this?", "source_chat_ids": []}],
}
HISTORY = {
    "question_id": "q1",
    "question_type": "single-session-user",
    "question": "What is the parrot called?",
    "answer": "Zazu",
    "question_date": "2023/06/01 (Thu) 09:30",
    "haystack_session_ids": ["answer_1", "other"],
    "haystack_dates": ["2023/05/20 (Sat) 02:21", "2023/05/30 (Tue) 23:40"],
    "haystack_sessions": [
        [
            {"role": "user", "content": "My parrot is called Zazu.", "has_answer": True},
            {"role": "assistant", "content": "A fine name."},
        ],
        [{"role": "user", "content": "I bought a canoe."}, {"role": "assistant", "content": "Green?"}],
    ],
    "answer_session_ids": ["answer_1"],
}


def _written(folder, **files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / f"{name}.json").write_text(content if isinstance(content, str) else json.dumps(content))
    return folder


@pytest.fixture
def exam(tmp_path):
    return _written(tmp_path / "exam" / "ann", sessions=SESSIONS, question=EXAM)


@pytest.fixture
def probes(tmp_path):
    return _written(tmp_path / "beam" / "7", chat=CHAT, probing_questions=PROBES)


@pytest.fixture
def measure(monkeypatch, capsys):
    monkeypatch.setattr("app.factory.build_embedder", lambda _settings, **_options: WordEmbedder())

    def run(form, folder, *words):
        command = ["persona", "eval", "retrieval", "--format", form, "--data", str(folder), *words]
        monkeypatch.setattr(sys, "argv", command)
        code = 0
        try:
            main()
        except SystemExit as done:
            code = done.code or 0
        return code, *capsys.readouterr()

    return run


def test_a_person_of_m3exam_is_read_with_what_pictures_show(exam):
    [person] = m3exam.load(exam.parent)
    assert [turn.text for turn in person.turns] == [
        "My parrot Zazu is ill.",
        "Look at this. [an X-ray of a wing]",
        "I bought a canoe. [a lake] [a pier]",
    ]
    assert (person.turns[2].time - person.turns[0].time).total_seconds() == 7_200
    assert [(one.category, one.evidence) for one in person.questions] == [
        ("one session", ("D1:1",)),
        ("which picture", ("D1:2",)),
    ]


def test_a_talk_of_beam_is_read_by_messages_with_their_replies(probes):
    [talk] = beam.load(probes)
    assert [(turn.id, turn.text, turn.reply) for turn in talk.turns] == [
        ("0", "My parrot Zazu is ill.", "Keep it warm.\n\nAnd call a vet."),
        ("3", "I bought a canoe.", "Is it green?"),
        ("5", "The canoe leaks.", ""),
    ]
    assert [turn.time.date().isoformat() for turn in talk.turns] == ["2024-03-15", "2024-03-15", "2024-03-16"]
    assert [one.evidence for one in talk.questions] == [("0",), ("3", "5")]
    assert talk.questions[0].category == "information extraction"


@pytest.mark.parametrize(("form", "questions"), [("m3exam", 2), ("beam", 2)])
def test_every_rule_is_measured(form, questions, exam, probes, measure):
    folder = exam if form == "m3exam" else probes
    code, out, err = measure(form, folder, "--json")
    assert code == 0, err
    report = json.loads(out)
    assert list(report) == ["ours", "hybrid", "dense", "bm25", "reference"]
    assert all(figures["questions"] == questions and figures["recall@4"] == 1.0 for figures in report.values())
    assert all(("session_any@10" in figures) == (form == "m3exam") for figures in report.values())
    code, out, _ = measure(form, folder, "--retriever", "bm25")
    assert code == 0
    assert "bm25" in out
    assert "dense" not in out


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("sessions", "no json"),
        ("sessions", {}),
        ("sessions", [{"date": "some day", "dialogues": []}]),
        ("sessions", [{"date": "2023-03-01", "dialogues": [{"round": "D1:1"}]}]),
        ("question", "[" * 100_000),
        ("question", [{"question": " ", "supporting_facts": "D1:1"}]),
        ("question", [{"question": "\ud800", "supporting_facts": "D1:1"}]),
        ("question", [{"question": "Who?", "supporting_facts": 7}]),
        ("question", []),
    ],
)
def test_a_damaged_person_of_m3exam_is_a_sentence(name, content, exam, measure):
    _written(exam, **{name: content})
    code, out, err = measure("m3exam", exam)
    assert (code, out) == (1, "")
    assert "ann" in err


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("chat", [1]),
        ("chat", [{"turns": [[{"role": "user", "content": "no id"}]]}]),
        ("chat", []),
        ("probing_questions", []),
        ("probing_questions", {"x": [{"question": "Who?", "source_chat_ids": ["a"]}]}),
        ("probing_questions", {"x": [{"question": "Who?", "source_chat_ids": {"first": [True]}}]}),
        ("probing_questions", {"x": [{"question": "Who?", "source_chat_ids": [99]}]}),
    ],
)
def test_a_damaged_talk_of_beam_is_a_sentence(name, content, probes, measure):
    _written(probes, **{name: content})
    code, out, err = measure("beam", probes)
    assert (code, out) == (1, "")
    assert "7" in err


def test_longmemeval_is_measured_by_question_and_what_is_malformed_is_a_sentence(tmp_path, measure):
    abstains = {**HISTORY, "question_id": "q2_abs"}
    _written(
        tmp_path, longmemeval_s=[HISTORY, abstains], broken=[HISTORY, {**HISTORY, "question_id": "q3", "haystack_dates": []}]
    )
    code, out, err = measure("longmemeval", tmp_path / "longmemeval_s.json", "--json")
    assert code == 0, err
    report = json.loads(out)
    assert list(report) == ["ours", "hybrid", "dense", "bm25", "reference"]
    for figures in report.values():
        assert figures["questions"] == figures["session_questions"] == 1
        assert figures["recall@4"] == figures["session_any@10"] == 1.0
        assert list(figures["by_category"]) == ["single-session-user"]
    code, out, err = measure("longmemeval", tmp_path / "broken.json")
    assert (code, out) == (1, "")
    assert "broken.json, question 2 of the list" in " ".join(err.split())


@pytest.mark.parametrize("words", [("--doubled",), ("--corrections", "golds.json")])
def test_options_of_locomo_are_refused_for_other_formats(words, exam, measure):
    code, out, err = measure("m3exam", exam, *words)
    assert (code, out) == (1, "")
    assert "--format locomo" in " ".join(err.split())


@pytest.mark.parametrize("form", ["m3exam", "beam"])
def test_a_folder_without_any_and_one_that_is_missing_are_a_sentence(form, tmp_path, measure):
    for folder in (tmp_path, tmp_path / "nowhere"):
        code, out, err = measure(form, folder)
        assert (code, out) == (1, "")
        assert "--data" in err
