"""Two runs side by side."""

from __future__ import annotations

from evals.datasets.probes import DIRECT
from evals.reports.compare import side_by_side
from tests.unit.evals.reports.test_report import case


def test_questions_of_both_runs_are_compared():
    before = [case(1, 0.0), case(2, 1.0), case(3, 0.0), case(9, 1.0), case(1, 1.0, kind="chosen")]
    after = [case(1, 1.0), case(2, 0.0), case(3, 1.0), case(8, 0.0), case(1, 1.0, kind="chosen")]
    rows = {row["what"]: row for row in side_by_side(before, after, "ours")}
    assert (rows["all"]["cases"], rows["all"]["before"], rows["all"]["after"]) == (3, 33.3, 66.7)
    assert rows["all"]["moved"] == 33.3
    assert (rows["all"]["better"], rows["all"]["worse"]) == (2, 1)
    assert rows["Alignment"]["moved"] == 0.0
    assert rows["Memory Recall / Visual Detail Recall"]["cases"] == 3


def test_other_solvers_and_probes_are_left_out():
    assert side_by_side([case(1, 1.0, solver="rag")], [case(1, 1.0, solver="rag")], "ours") == []
    assert side_by_side([case(1, 1.0, aspect=DIRECT)], [case(1, 1.0, aspect=DIRECT)], "ours") == []
