"""`persona eval retrieval|weights` on made-up conversations in LoCoMo's form, and `persona bench retrieval`."""

from __future__ import annotations

import json
import sys
from dataclasses import fields

import pytest

from app.cli import main
from evals.components.weights import PARTS
from memory.search.turn_scoring import Weights
from tests.fakes import WordEmbedder

pytestmark = pytest.mark.evals

TALK = {
    "session_1_date_time": "1:56 pm on 8 May, 2023",
    "session_1": [
        {"speaker": "Ada", "dia_id": "D1:1", "text": "My parrot Zazu sings in the morning."},
        {"speaker": "Ben", "dia_id": "D1:2", "text": "How sweet!"},
        {"speaker": "Ada", "dia_id": "D1:3", "text": "How sweet!", "blip_caption": "a parrot on a bicycle"},
    ],
    "session_2_date_time": "12:09 am on 13 September, 2023",
    "session_2": [{"speaker": "Ben", "dia_id": "D2:1", "text": "I bought a canoe last week. It is green."}],
}
ASKED = [
    {"question": "When does Ada's parrot sing?", "answer": "In the morning", "evidence": ["D1:1"], "category": 4},
    {"question": "When did Ben buy a canoe?", "answer": "September", "evidence": ["D2:1; D1:1"], "category": 2},
    {"question": "Nothing to find", "answer": "", "evidence": [], "category": 4},
    {"question": "A trap", "adversarial_answer": "", "evidence": ["D1:1"], "category": 5},
]


@pytest.fixture
def measure(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("app.factory.build_embedder", lambda _settings, **_options: WordEmbedder())

    def run(content, *words, what="retrieval"):
        file = tmp_path / "talks.json"
        file.write_text(content if isinstance(content, str) else json.dumps(content))
        command = ["bench", "retrieval"] if what == "bench" else ["eval", what, "--data", str(file)]
        monkeypatch.setattr(sys, "argv", ["persona", *command, *words])
        code = 0
        try:
            main()
        except SystemExit as done:
            code = done.code or 0
        return code, *capsys.readouterr()

    return run


def test_all_ways_to_search_are_scored_in_one_run(measure):
    code, out, err = measure([{"sample_id": "one", "conversation": TALK, "qa": ASKED}], "--json")
    assert code == 0, err
    report = json.loads(out)
    assert list(report) == ["ours", "hybrid", "dense", "bm25", "reference"]
    for figures in report.values():
        assert figures["questions"] == 2
        assert figures["recall@4"] == figures["recall@20"] == figures["any@4"] == figures["session_any@10"] == 1.0
        assert set(figures["by_category"]) == {"single-hop", "temporal"}
        assert set(figures["latency_ms"]) == {"p50", "p95"}
    assert report["ours"]["mrr"] == 1.0
    assert "one: 4 turns, 2 questions" in err


def test_doubled_questions_count_once_and_corrections_are_applied(measure, tmp_path):
    talk = [{"sample_id": "one", "conversation": TALK, "qa": [*ASKED, ASKED[0]]}]
    golds = tmp_path / "golds.json"
    golds.write_text(json.dumps([{"question": ASKED[1]["question"], "evidence": []}]))
    for words, questions in (((), 2), (("--doubled",), 3), (("--corrections", str(golds)), 1)):
        code, out, err = measure(talk, "--retriever", "bm25", "--json", *words)
        assert code == 0, err
        assert json.loads(out)["bm25"]["questions"] == questions
    golds.write_text(json.dumps([{"question": "Who?", "evidence": []}]))
    code, out, err = measure(talk, "--corrections", str(golds))
    assert (code, out) == (1, "")
    assert "golds.json, line 1" in " ".join(err.split())


def test_a_table_for_people_and_the_reference_alone(measure):
    code, out, _ = measure([{"conversation": TALK, "qa": ASKED}], "--retriever", "reference")
    assert code == 0
    assert "single-hop" in out
    assert "session_any@10" in out
    assert "ours" not in out


@pytest.mark.parametrize(
    "content", ["no json", "{}", "[1]", '[{"conversation": {}}]', '[{"conversation": {"session_1": []}, "qa": []}]']
)
def test_a_file_that_is_none_is_a_sentence(measure, content):
    code, out, err = measure(content)
    assert (code, out) == (1, "")
    assert "LoCoMo" in err


@pytest.mark.parametrize("what", ["retrieval", "weights"])
@pytest.mark.parametrize(
    "asked",
    [
        [],
        [{**ASKED[0], "category": 5}],
        [{**ASKED[0], "evidence": ["D9:9"]}],
        [{**ASKED[0], "question": None}],
        [{**ASKED[0], "question": "\ud800"}],
    ],
)
def test_questions_that_cannot_be_asked_are_a_sentence(measure, asked, what):
    talks = [{"sample_id": name, "conversation": TALK, "qa": asked} for name in ("one", "two")]
    code, out, err = measure(talks, what=what)
    assert (code, out) == (1, "")
    assert "LoCoMo" in err


def test_a_file_without_end_and_a_year_beyond_all_calendars_are_a_sentence(measure):
    late = {**TALK, "session_1_date_time": "1:56 pm on 8 May, 9999"}
    for content in ("[" * 200_000, [{"conversation": late, "qa": ASKED}]):
        code, out, err = measure(content)
        assert (code, out) == (1, "")
        assert "LoCoMo" in err


def test_weights_are_fitted_on_some_talks_and_measured_on_the_one_left_out(measure):
    talks = [{"sample_id": name, "conversation": TALK, "qa": ASKED} for name in ("one", "two")]
    code, out, err = measure(talks, "--json", what="weights")
    assert code == 0, err
    report = json.loads(out)
    assert report["left_out"]["questions"] == 4
    assert report["brought"] == 1.0
    assert set(report["weights"]) == {field.name for field in fields(Weights)}
    assert {name for names in PARTS.values() for name in names} == set(report["weights"])
    code, out, _ = measure(talks, what="weights")
    assert "without: named speaker" in out
    assert measure(talks[:1], what="weights")[0] == 1


def test_the_benchmark_says_how_a_search_grows(measure, monkeypatch):
    monkeypatch.setattr("evals.perf.retrieval._QUESTIONS", 14)
    monkeypatch.setattr("evals.perf.retrieval._ADDED", 3)
    code, out, err = measure("", "--sizes", "24,48", "--json", what="bench")
    assert code == 0, err
    rows = json.loads(out)
    assert [row["turns"] for row in rows] == [24, 48]
    assert all(row[what]["p50"] <= row[what]["p95"] for row in rows for what in ("search", "recall", "add"))
    assert "×" in measure("", "--sizes", "24,48", what="bench")[1]


@pytest.mark.parametrize("sizes", ["", "none", "10,5", "0", "5,5"])
def test_sizes_that_are_none_are_a_sentence(measure, sizes):
    code, out, err = measure("", "--sizes", sizes, what="bench")
    assert (code, out) == (1, "")
    assert "smallest first" in err
