"""Charts as pure functions: records in, a plotly figure out, readable on light and on dark ground."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from datetime import datetime

import plotly.graph_objects as go

from memory.records import TRAITS, BigFive, PersonalityPoint

COLOURS = {
    "openness": "#3f86c9",
    "conscientiousness": "#c46a1b",
    "extraversion": "#2c9569",
    "agreeableness": "#b9609c",
    "neuroticism": "#8b7a2e",
}
"""One a trait; each has a contrast of at least 3 to white and to the dark theme's ground."""
_NOW, _START = COLOURS["openness"], "#8a8f98"
_GRID = "rgba(138, 143, 152, 0.35)"
_RANGE = [1, 5]
_MARKERS = {"turn": "circle", "pin": "diamond", "reset": "x"}
_CAUSES = {"turn": "a message moved it", "pin": "pinned by hand", "reset": "reset by hand"}
_MANY = 60
"""Points from which on they are small: each can still be pointed at."""
_PIECE = 90
"""Characters of a message beside its point."""


def personality_radar(now: BigFive, start: BigFive) -> go.Figure:
    """Draw the five traits as they are, over those at the start.

    Args:
        now: Scores from 1 to 5.
        start: The scores that they moved from.
    """
    figure = go.Figure()
    # A side panel is narrow: the longest name takes two lines.
    corners = [label.replace("scientious", "scien-<br>tious") for label in _labels()]
    for name, scores, colour, dash, fill in (
        ("Start", start, _START, "dot", "none"),
        ("Now", now, _NOW, "solid", "toself"),
    ):
        values = [score for _, score in scores.items()]
        figure.add_trace(
            go.Scatterpolar(
                r=[*values, values[0]],
                theta=[*corners, corners[0]],
                text=[*_labels(), _labels()[0]],
                name=name,
                mode="lines+markers",
                line={"color": colour, "dash": dash, "width": 2},
                marker={"size": 5},
                fill=fill,
                fillcolor="rgba(63, 134, 201, 0.22)",
                hovertemplate="%{text}: %{r:.2f}<extra>" + name + "</extra>",
            )
        )
    axis = {"range": _RANGE, "tickvals": [1, 2, 3, 4, 5], "gridcolor": _GRID, "linecolor": _GRID, "tickfont": {"size": 10}}
    ring = {"gridcolor": _GRID, "linecolor": _GRID, "direction": "clockwise", "rotation": 90}
    figure.update_layout(polar={"radialaxis": axis, "angularaxis": ring, "bgcolor": "rgba(0,0,0,0)"})
    return _plain(figure, height=300, sides=60)


def personality_curves(
    points: Sequence[PersonalityPoint], said: Mapping[str, str] | None = None, chosen: datetime | None = None
) -> go.Figure:
    """Draw the five traits over time; without points, empty axes that say so.

    Args:
        points: Oldest first. Pins and resets have markers of their own.
        said: What the messages said that moved them, by id: the beginning of it stands beside their points.
        chosen: When the step was that is looked at; a line marks it.
    """
    figure = go.Figure()
    times = [point.time for point in points]
    told = [_told(point, said or {}) for point in points]
    for trait, label in zip(TRAITS, _labels(), strict=True):
        figure.add_trace(
            go.Scatter(
                x=times,
                y=[getattr(point.scores, trait) for point in points],
                name=label,
                mode="lines+markers",
                line={"color": COLOURS[trait], "width": 2},
                marker={"size": 3 if len(points) > _MANY else 6, "symbol": [_MARKERS[point.cause] for point in points]},
                # What is chosen has a line of its own: a point that is clicked does not make the others pale.
                unselected={"marker": {"opacity": 1}},
                customdata=told,
                hovertemplate="%{x|%Y-%m-%d %H:%M}: %{y:.2f}<br>%{customdata}<extra>" + label + "</extra>",
            )
        )
    figure.update_xaxes(gridcolor=_GRID, zeroline=False, nticks=5)
    figure.update_yaxes(range=_RANGE, tickvals=[1, 2, 3, 4, 5], gridcolor=_GRID, zeroline=False)
    if chosen is not None:
        figure.add_shape(type="line", x0=chosen, x1=chosen, y0=0, y1=1, yref="paper", line={"color": _START, "dash": "dot"})
    if not points:
        figure.update_xaxes(showticklabels=False)
        figure.add_annotation(
            text="No message has been remembered yet.", showarrow=False, x=0.5, y=0.625, xref="paper", yref="paper"
        )
    return _plain(figure, height=360, sides=24)


def _told(point: PersonalityPoint, said: Mapping[str, str]) -> str:
    """Say what moved a point: the beginning of the message as data, for plotly reads some tags."""
    text = " ".join(said.get(point.turn_id or "", "").split())
    return html.escape(text if len(text) <= _PIECE else f"{text[:_PIECE]}…", quote=False) or _CAUSES[point.cause]


def _labels() -> list[str]:
    return [trait.capitalize() for trait in TRAITS]


def _plain(figure: go.Figure, *, height: int, sides: int) -> go.Figure:
    return figure.update_layout(
        height=height,
        margin={"l": sides, "r": sides, "t": 28, "b": 24},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        legend={"orientation": "h", "yanchor": "top", "y": -0.16, "x": 0, "entrywidth": 0.5, "entrywidthmode": "fraction"},
        dragmode=False,
    )
