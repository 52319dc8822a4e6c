"""Two runs of the same questions in one table, for example before and after training (pure)."""

from __future__ import annotations

from collections.abc import Sequence

from evals.datasets.probes import DIRECT
from evals.reports.report import ALL, WITH_ALIGNMENT, figures
from evals.runner import Case


def side_by_side(before: Sequence[Case], after: Sequence[Case], solver: str) -> list[dict[str, float | str | int]]:
    """Compare the answers of one solver in both runs, on the questions asked in both.

    Returns:
        One row for `all`, each aspect and each task: cases, right before and after in percent, and the change. The first row
        says how many of all cases became better and worse.
    """
    # Additional questions of `persona eval graph` are not part of the benchmark.
    of = [
        {(case.question, case.kind): case for case in cases if case.solver == solver and case.aspect != DIRECT}
        for cases in (before, after)
    ]
    both = [key for key in of[0] if key in of[1]]
    if not both:
        return []
    was, now = ([one[key] for key in both] for one in of)
    found = [figures(cases)[solver] for cases in (was, now)]
    rows: list[dict[str, float | str | int]] = [
        {
            "what": name,
            "cases": found[0][name].cases,
            "before": round(100 * found[0][name].score, 1),
            "after": round(100 * found[1][name].score, 1),
            "moved": round(100 * (found[1][name].score - found[0][name].score), 1),
        }
        for name in sorted(found[0], key=lambda name: (name not in {ALL, WITH_ALIGNMENT}, name))
    ]
    turned = [(one.score, other.score) for one, other in zip(was, now, strict=True)]
    rows[0] |= {"better": sum(now > was for was, now in turned), "worse": sum(now < was for was, now in turned)}
    return rows
