"""A report page of one run: figures next to the published ones, a plot, and every wrong case with its trace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go
from jinja2 import Environment, PackageLoader
from markupsafe import Markup

from evals.reports import costs
from evals.reports.published import COLUMNS, Row
from evals.reports.report import ALL, RESAMPLES, WITH_ALIGNMENT, Figure, behaviour, figures
from evals.runner import Case

_RIGHT = 1.0
_SUMS = (ALL, WITH_ALIGNMENT)


def render(
    title: str,
    cases: Sequence[Case],
    published: Sequence[Row] = (),
    columns: Sequence[str] = COLUMNS,
    note: str = "",
    work: Mapping[str, float] | None = None,
) -> str:
    """Return the page; it loads nothing from elsewhere, and the text of a case stays text.

    Args:
        title: The title of the run.
        cases: All cases.
        published: Published rows for comparison.
        columns: Groups that the first table shows; those of `evals.reports.report.figures`.
        note: A note on the comparison.
        work: The cost of remembering per turn, as `evals.work.figures` returns it.
    """
    found, (cost_columns, took) = figures(cases), costs.table(costs.costs(cases))
    there = {name for of in found.values() for name in of}
    shown = [name for name in columns if name in there and name not in _SUMS]
    shown += [name for name in sorted(there) if "/" not in name and name not in {*columns, *_SUMS}]
    shown += [name for name in _SUMS if name in there]
    page = Environment(loader=PackageLoader("evals"), autoescape=True, trim_blocks=True).get_template("report.html")
    return page.render(
        title=title,
        count=len(cases),
        resamples=f"{RESAMPLES:,}",
        columns=shown,
        figures=found,
        published=[row for row in published if row.tokens is not None or there & set(row.right)],
        note=note,
        behaviour=behaviour(cases),
        cost_columns=cost_columns,
        costs=took,
        work=work,
        plot=_plot(found, shown),
        tasks=sorted(name for name in there if "/" in name),
        wrong=[case for case in cases if case.score < _RIGHT],
    )


def _plot(found: dict[str, dict[str, Figure]], shown: Sequence[str]) -> Markup:
    chart = go.Figure()
    for solver, of in found.items():
        known = [(name, of[name]) for name in shown if name in of]
        chart.add_bar(
            name=solver,
            x=[name for name, _ in known],
            y=[100 * one.score for _, one in known],
            error_y={
                "type": "data",
                "symmetric": False,
                "array": [100 * (one.high - one.score) for _, one in known],
                "arrayminus": [100 * (one.score - one.low) for _, one in known],
            },
        )
    chart.update_layout(
        barmode="group", yaxis={"range": [0, 100], "title": "right, %"}, template="plotly_white", margin={"t": 20}
    )
    # The plotting library is embedded in the page: it draws without a network, and years later.
    return Markup(chart.to_html(full_html=False, include_plotlyjs=True, config={"displayModeBar": False}))  # noqa: S704 - made of numbers, and of names that plotly escapes
