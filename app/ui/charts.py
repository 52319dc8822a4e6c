"""Charts as pure functions from records to a Vega-Lite specification, readable on light and dark backgrounds.

Streamlit draws them with its theme's colours for axes and legend; `page.css` gives chart text the colour of the page.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from memory.core.records import TRAITS, BigFive, PersonalityPoint

Chart = dict[str, Any]
"""A Vega-Lite specification, or a part of one."""
COLOURS = {
    "openness": "#3f86c9",
    "conscientiousness": "#c46a1b",
    "extraversion": "#2c9569",
    "agreeableness": "#b9609c",
    "neuroticism": "#8b7a2e",
}
"""One colour per trait; each has a contrast of at least 3 to white and to the background of the dark theme."""
_TIMES = {
    "minutes": "%H:%M",
    "hours": "%H:%M",
    "day": "%d %b",
    "date": "%d %b",
    "week": "%d %b",
    "month": "%b %Y",
    "quarter": "%b %Y",
    "year": "%Y",
}
"""Time formats of the axis, with a 24-hour clock as on the rest of the page."""
STEP = "step"
"""Name of the chart selection that holds the index of the clicked point."""
_CLICKED = {"name": STEP, "select": {"type": "point", "fields": [STEP], "toggle": False}}
_NOW, _START = COLOURS["openness"], "#8a8f98"
_LINE = {"type": "line", "strokeWidth": 2, "aria": False}
_GRID = {**_LINE, "strokeWidth": 1, "color": _START, "opacity": 0.35}
_POINT = {"type": "point", "filled": True, "opacity": 1}
_MIN_SCORE, _MAX_SCORE = 1, 5
_SCORES = list(range(_MIN_SCORE, _MAX_SCORE + 1))
_MARKERS = {"turn": "circle", "pin": "diamond", "reset": "cross"}
_CAUSES = {"turn": "a message changed it", "pin": "pinned by you", "reset": "reset by you"}
_MAX_LARGE_POINTS = 60
"""With more points than this, points are drawn small; each can still be clicked."""
_AREA_PX2, _SMALL_AREA_PX2, _TARGET_AREA_PX2 = 45, 14, 180
"""Area of a point, of a small point, and of the invisible click target above it."""
_MAX_TEXT_CHARACTERS = 90
"""Characters of a message in the tooltip of its point."""
_RADAR_BOTTOM, _RADAR_TOP = -4.0, 5.2
"""Extent of the radar in scores: the rings end at -3.2 and 4, the rest is for the names."""


def personality_radar(now: BigFive, start: BigFive) -> Chart:
    """Return a radar chart of the five traits now and at the start.

    Args:
        now: Scores from 1 to 5.
        start: Scores at the start.
    """
    rings = [{**_place(turn, score), "part": score} for score in _SCORES[1:] for turn in range(len(TRAITS) + 1)]
    spokes = [{**_place(turn, score), "part": -turn} for turn in range(len(TRAITS)) for score in (_MIN_SCORE, _MAX_SCORE)]
    before, after = _scores("Start", start), _scores("Now", now)
    names = [{**_place(turn, _MAX_SCORE + 0.55), "text": _corner(label)} for turn, label in enumerate(_labels())]
    closed = {**_LINE, "interpolate": "linear-closed"}
    around = {"order": {"field": "turn", "type": "quantitative"}}
    layers = [
        _layer([*rings, *spokes], _GRID, {**around, "detail": {"field": "part"}}),
        _layer(before, {**closed, "color": _START, "strokeDash": [2, 3]}, around),
        _layer(after, {**closed, "color": _NOW, "fill": _NOW, "fillOpacity": 0.22}, around),
        *(_words([name for name in names if _side(name) == side], side) for side in ("left", "center", "right")),
        _words([{**_place(0, score), "text": str(score)} for score in _SCORES], "right", dx=-5, size=10),
        _layer(
            [*before, *after],
            _POINT | {"size": _AREA_PX2},
            {
                "color": _coloured("set", {"Start": _START, "Now": _NOW}),
                "tooltip": _shown(set="Time", trait="Trait", score="Score"),
            },
        ),
    ]
    # The chart fills the width and stays round at any width.
    wide = f"{(_RADAR_TOP - _RADAR_BOTTOM) / 2} * width / height"
    across = {"domainMin": {"expr": f"-{wide}"}, "domainMax": {"expr": wide}, "nice": False, "zero": False}
    up = {"domain": [_RADAR_BOTTOM, _RADAR_TOP], "nice": False, "zero": False}
    places = {
        name: {"field": name, "type": "quantitative", "scale": scale, "axis": None}
        for name, scale in (("x", across), ("y", up))
    }
    return {"height": 300, "encoding": places, "layer": layers}


def personality_curves(
    points: Sequence[PersonalityPoint], said: Mapping[str, str] | None = None, chosen: datetime | None = None
) -> Chart:
    """Return a line chart of the five traits over time; without points, empty axes with a note.

    Args:
        points: Oldest first. Pins and resets have their own markers. A click selects a point; `STEP` holds its index.
        said: Texts of the messages by id; the tooltip of a point shows the beginning.
        chosen: Time of the open step, which a line marks.
    """
    rows = [
        {
            STEP: place, "time": _wall(point.time), "when": f"{point.time:%Y-%m-%d %H:%M}", "trait": label,
            "score": getattr(point.scores, trait), "cause": point.cause, "what": _told(point, said or {}),
        }
        for trait, label in zip(TRAITS, _labels(), strict=True)
        for place, point in enumerate(points)
    ]  # fmt: skip
    time = {"field": "time", "type": "temporal", "title": None, "scale": {"type": "utc"}}
    score = {"field": "score", "type": "quantitative", "title": None, "scale": {"domain": [_MIN_SCORE, _MAX_SCORE]}}
    x = {**time, "axis": {"tickCount": 5, "grid": False, "labels": bool(points), "format": _TIMES}}
    y = {**score, "axis": {"values": _SCORES, "format": "d"}}
    at = {"x": x, "y": y, "color": _coloured("trait", {trait.capitalize(): colour for trait, colour in COLOURS.items()})}
    size = _SMALL_AREA_PX2 if len(points) > _MAX_LARGE_POINTS else _AREA_PX2
    causes = {"domain": list(_MARKERS), "range": list(_MARKERS.values())}
    shape = {"field": "cause", "type": "nominal", "legend": None, "scale": causes}
    # Points are small, so an invisible larger one takes the click.
    target = {**_POINT, "size": _TARGET_AREA_PX2, "opacity": 0, "cursor": "pointer"}
    told = _shown(trait="Trait", when="When", score="Score", what="What changed it")
    layers: list[Chart] = [
        {"mark": _LINE, "encoding": {**at, "order": {"field": STEP, "type": "quantitative"}}},
        {"mark": {**_POINT, "size": size, "aria": False}, "encoding": {**at, "shape": shape}},
        {"mark": target, "encoding": {**at, "tooltip": told}, "params": [_CLICKED]},
    ]
    if chosen is not None:
        line = {"type": "rule", "color": _START, "strokeDash": [2, 3], "aria": False}
        layers.insert(0, _layer([{"time": _wall(chosen)}], line, {"x": x}))
    if not points:
        note = {"text": "No message has been remembered yet.", "score": 3}
        layers.append(
            _layer([note], {"type": "text"}, {"text": {"field": "text"}, "y": y, "x": {"value": {"expr": "width / 2"}}})
        )
    return {"height": 360, "data": {"values": rows}, "layer": layers}


def _scores(name: str, of: BigFive) -> list[Chart]:
    """Return the scores of one ring with their positions."""
    return [
        {**_place(turn, score), "set": name, "trait": trait.capitalize(), "score": score}
        for turn, (trait, score) in enumerate(of.items())
    ]


def _place(turn: int, score: float) -> dict[str, float]:
    """Return the position of a score on the radar: clockwise from the top, the lowest score in the middle."""
    angle, out = 2 * math.pi * turn / len(TRAITS), score - _MIN_SCORE
    return {"turn": turn, "x": round(out * math.sin(angle), 4), "y": round(out * math.cos(angle), 4)}


def _side(place: Mapping[str, Any]) -> str:
    """Return the text alignment of a name outside the rings."""
    return "center" if abs(place["x"]) < 1 else "left" if place["x"] > 0 else "right"


def _corner(label: str) -> list[str]:
    """Return the lines of a trait name at its corner; the longest name takes two lines, because space is narrow."""
    return label.replace("scientious", "scien-\ntious").split("\n")


def _layer(rows: Sequence[Mapping[str, Any]], mark: Mapping[str, Any], encoding: Mapping[str, Any]) -> Chart:
    return {"data": {"values": list(rows)}, "mark": dict(mark), "encoding": dict(encoding)}


def _words(rows: Sequence[Mapping[str, Any]], align: str, *, dx: int = 0, size: int = 12) -> Chart:
    mark = {"type": "text", "align": align, "baseline": "middle", "dx": dx, "fontSize": size, "aria": False}
    return _layer(rows, mark, {"text": {"field": "text"}})


def _coloured(field: str, colours: Mapping[str, str]) -> Chart:
    legend = {"orient": "bottom", "title": None, "columns": 2, "symbolType": "circle", "symbolOpacity": 1}
    scale = {"domain": list(colours), "range": list(colours.values())}
    return {"field": field, "type": "nominal", "legend": legend, "scale": scale}


def _shown(**titles: str) -> list[Chart]:
    """Return the fields of a tooltip with their titles."""
    numbers = {"score": {"type": "quantitative", "format": ".2f"}}
    return [{"field": name, "title": title, "type": "nominal", **numbers.get(name, {})} for name, title in titles.items()]


def _told(point: PersonalityPoint, said: Mapping[str, str]) -> str:
    """Return what changed the scores at a point: the beginning of the message, or the cause."""
    text = " ".join(said.get(point.turn_id or "", "").split())
    return (text if len(text) <= _MAX_TEXT_CHARACTERS else f"{text[:_MAX_TEXT_CHARACTERS]}…") or _CAUSES[point.cause]


def _wall(time: datetime) -> str:
    """Return the local time of a point marked as UTC, so that the browser's time zone does not shift it."""
    return f"{time:%Y-%m-%dT%H:%M:%SZ}"


def _labels() -> list[str]:
    return [trait.capitalize() for trait in TRAITS]
