"""Benchmarks: what they compute of their measurements, and what they keep."""

from __future__ import annotations

import json

import pytest

from evals.perf import growth, results, script
from evals.perf.fixed_server import Call, Pace
from evals.perf.turn import busy
from graph.formats import memory_formats, protocol
from memory.core.errors import InvalidInput


def call(began, ended):
    return Call("semantic", began, None, ended, 1)


@pytest.mark.parametrize(
    ("calls", "seconds"),
    [
        ([], 0.0),
        ([(1, 3)], 2.0),
        ([(1, 3), (2, 4)], 3.0),
        ([(1, 5), (2, 3)], 4.0),
        ([(4, 5), (1, 2)], 2.0),
    ],
)
def test_calls_side_by_side_count_once(calls, seconds):
    assert busy([call(*one) for one in calls]) == pytest.approx(seconds)


@pytest.mark.parametrize(("times", "exponent"), [((10, 10, 10), 0.0), ((1, 10, 100), 1.0), ((1, 100, 10_000), 2.0)])
def test_growth_is_an_exponent_of_the_size(times, exponent):
    rows = {size: {"first": {"p50": time}} for size, time in zip(("100", "1000", "10000"), times, strict=True)}
    assert growth.exponent(rows, "first") == exponent


def test_one_size_says_nothing_of_growth():
    assert growth.exponent({"100": {"first": {"p50": 3.0}}}, "first") is None


def test_a_result_is_kept_with_its_machine_and_read_again(tmp_path):
    path = tmp_path / "deep" / "run.json"
    results.save(path, "turn", {"turns": {"100": {"first": {"p50": 20.0}}}, "note": None})
    kept = results.load(path)
    assert kept["numbers"] == {"turns 100 first p50": 20.0}
    assert kept["benchmark"] == "turn"
    assert kept["machine"]["cores"] >= 1


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"found": 3}'])
def test_a_file_that_is_no_result_is_refused_with_what_to_do(tmp_path, text):
    path = tmp_path / "other.json"
    path.write_text(text)
    with pytest.raises(InvalidInput, match="--save"):
        results.load(path)


def test_what_moved_comes_first_what_stayed_is_left_out():
    before = {"a": 10.0, "b": 10.0, "c": 10.0, "gone": 1.0, "zero": 0.0}
    after = {"a": 10.5, "b": 40.0, "c": 5.0, "new": 2.0, "zero": 0.0}
    rows = results.moved(before, after)
    assert [(row["what"], row["times"]) for row in rows] == [("b", 4.0), ("c", 0.5), ("gone", None), ("new", None)]


def test_the_made_up_model_says_what_parses():
    told = [{"content": "## User Input\n[2026-03-01 09:00 (Sunday)]\nWhere did I put the old red kite?"}]
    retrieval = protocol.parse_reasoning(script.says(script.stage_of(protocol.REASONING_GRAMMAR, told), told))
    assert isinstance(retrieval, protocol.Retrieve)
    assert retrieval.keywords == "old, red, kite"
    told = [{"content": "## User Input\n[2026-03-01 09:00 (Sunday)]\nI flew the kite."}]
    assert isinstance(protocol.parse_reasoning(script.says("reason", told)), protocol.Answer)
    said = [{"content": "The person's message, 2026-03-01 09:00 (Sunday):\nI flew the old red kite."}]
    assert memory_formats.parse_semantic(script.says("semantic", said)).decision
    assert memory_formats.parse_personality(script.says("personality", said))
    assert memory_formats.parse_mapping(script.says("core", said))
    session = [
        {"content": "Conversation:\n0 [x] User: a\nAssistant: b\n1 [x] User: c\nAssistant: d\n2 [x] User: e\nAssistant: f"}
    ]
    topics = memory_formats.parse_topics(script.says("episodic", session), 3)
    assert [topic.indices for topic in topics] == [(0,), (1, 2)]
    assert memory_formats.parse_change(script.says("change", [{"content": "New: a\n1: b\n2: c"}]), 2) == ["other", "other"]


def test_an_answer_begins_within_its_call():
    pace = Pace(1.0, 4.0)
    assert 1.0 < pace.answers_s() < pace.whole_s == 5.0


def test_results_in_the_repository_can_be_read():
    from pathlib import Path

    kept = sorted((Path(results.__file__).parent / "runs").glob("*.json"))
    assert kept
    for path in kept:
        assert results.load(path)["numbers"], path
        assert len(json.dumps(results.load(path))) < 100_000
