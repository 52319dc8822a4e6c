"""`persona eval retrieval`, on a made-up conversation in LoCoMo's form."""

from __future__ import annotations

import json
import sys

import pytest

from app.cli import main
from tests.fakes import WordEmbedder

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
    monkeypatch.setattr("app.build.build_embedder", lambda _settings: WordEmbedder())

    def run(content, *words):
        file = tmp_path / "talks.json"
        file.write_text(content if isinstance(content, str) else json.dumps(content))
        monkeypatch.setattr(sys, "argv", ["persona", "eval", "retrieval", "--data", str(file), *words])
        code = 0
        try:
            main()
        except SystemExit as done:
            code = done.code or 0
        return code, *capsys.readouterr()

    return run


def test_both_ways_to_search_are_scored_in_one_run(measure):
    code, out, err = measure([{"sample_id": "one", "conversation": TALK, "qa": ASKED}], "--json")
    assert code == 0, err
    report = json.loads(out)
    assert list(report) == ["hybrid", "reference"]
    for figures in report.values():
        assert figures["questions"] == 2
        assert figures["recall@4"] == figures["recall@20"] == 1.0
        assert set(figures["by_category"]) == {"single-hop", "temporal"}
        assert set(figures["latency_ms"]) == {"p50", "p95"}
    assert report["hybrid"]["mrr"] == 1.0
    assert "one: 4 turns, 2 questions" in err


def test_a_table_for_people_and_the_reference_alone(measure):
    code, out, _ = measure([{"conversation": TALK, "qa": ASKED}], "--retriever", "reference")
    assert code == 0
    assert "single-hop" in out
    assert "hybrid" not in out


@pytest.mark.parametrize(
    "content", ["no json", "{}", "[1]", '[{"conversation": {}}]', '[{"conversation": {"session_1": []}, "qa": []}]']
)
def test_a_file_that_is_none_is_a_sentence(measure, content):
    code, out, err = measure(content)
    assert (code, out) == (1, "")
    assert "LoCoMo" in err
