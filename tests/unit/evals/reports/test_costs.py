"""What answers took is told in medians and 95th percentiles, and what remembering took a turn."""

from __future__ import annotations

import pytest

from evals import work
from evals.reports.costs import as_json, costs, table
from evals.usage import Usage
from memory.core.errors import InvalidInput
from tests.unit.evals.reports.test_report import case


def test_a_question_s_costs_are_medians_and_percentiles_of_those_that_were_answered():
    cases = [
        case(n, 1.0, prompt_tokens=100 * n, completion_tokens=n, calls_to_first=1, first_seconds=n / 10) for n in range(1, 22)
    ]
    cases.append(case(30, 0.0, error="too long"))
    found = costs(cases)["ours"]
    assert (found.prompt_tokens, found.prompt_tokens_p95, found.completion_tokens) == (1_100, 2_000, 11)
    assert (found.calls_to_first, found.first_seconds, found.first_seconds_p95) == pytest.approx((1.0, 1.1, 2.0))
    assert as_json(costs(cases))["ours"]["seconds"] == 2.0


def test_what_was_not_counted_is_a_dash():
    columns, [row] = table(costs([case(1, 1.0)]))
    assert len(columns) == len(row)
    assert row == ("ours", "–", "–", "–", "–", "–", "–", "–", "2.0", "2.0")


def one(kind, seconds):
    usage = Usage()
    usage.on_chat_model_start()
    return work.Work.of("ada", kind, usage, seconds)


def test_what_remembering_took_is_shared_by_the_turns(tmp_path):
    for done in (one("remember", 2.0), one("remember", 4.0), one("consolidate", 6.0)):
        work.keep(tmp_path, done)
    with (tmp_path / work.FILE).open("a") as file:
        file.write('{"person": "a')
    found = work.figures(work.read(tmp_path))
    assert (found["turns"], found["calls"], found["processor_seconds"]) == (2, 1.5, 6.0)


def test_nothing_was_remembered():
    assert work.figures([]) == {}


def test_a_file_of_something_else_is_refused(tmp_path):
    (tmp_path / work.FILE).write_text("buy milk\n")
    with pytest.raises(InvalidInput, match="not a record of a run's background work"):
        work.read(tmp_path)
