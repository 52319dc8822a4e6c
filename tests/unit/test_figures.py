"""The charts: what they draw, and that it can be read on both grounds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.figures import COLOURS, personality_curves, personality_radar
from memory.records import TRAITS, BigFive, PersonalityPoint

START = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


def test_the_radar_closes_both_rings() -> None:
    now = BigFive(openness=4.5, neuroticism=1.5)
    start, current = personality_radar(now, BigFive()).data
    assert list(start.r) == [3.0] * 6
    assert list(current.r) == [4.5, 3.0, 3.0, 3.0, 1.5, 4.5]
    assert list(current.text) == [*(trait.capitalize() for trait in TRAITS), "Openness"]


def test_both_charts_go_from_1_to_5() -> None:
    assert list(personality_radar(BigFive(), BigFive()).layout.polar.radialaxis.range) == [1, 5]
    assert list(personality_curves([]).layout.yaxis.range) == [1, 5]


def test_the_curves_follow_the_points() -> None:
    points = [
        PersonalityPoint(turn_id="a", time=START, scores=BigFive(openness=3.5)),
        PersonalityPoint(turn_id=None, time=START + timedelta(days=1), cause="pin", scores=BigFive(openness=5)),
        PersonalityPoint(turn_id=None, time=START + timedelta(days=2), cause="reset"),
    ]
    figure = personality_curves(points)
    assert [trace.name for trace in figure.data] == [trait.capitalize() for trait in TRAITS]
    openness = figure.data[0]
    assert list(openness.y) == [3.5, 5.0, 3.0]
    assert list(openness.x) == [point.time for point in points]
    assert list(openness.marker.symbol) == ["circle", "diamond", "x"]
    assert not figure.layout.annotations


def test_beside_a_point_stands_the_beginning_of_its_message_as_data() -> None:
    points = [
        PersonalityPoint(turn_id="a", time=START),
        PersonalityPoint(turn_id="b", time=START),
        PersonalityPoint(turn_id="gone", time=START),
        PersonalityPoint(turn_id=None, time=START, cause="reset"),
    ]
    said = {"a": "<b>Bold</b> &amp;\n %{x}", "b": "x" * 200}
    told = personality_curves(points, said).data[0].customdata
    assert list(told) == ["&lt;b&gt;Bold&lt;/b&gt; &amp;amp; %{x}", "x" * 90 + "…", "a message moved it", "reset by hand"]


def test_each_of_many_points_can_still_be_pointed_at() -> None:
    points = [PersonalityPoint(turn_id=str(number), time=START + timedelta(hours=number)) for number in range(100)]
    openness = personality_curves(points).data[0]
    assert (openness.mode, openness.marker.size) == ("lines+markers", 3)


def test_a_line_marks_the_chosen_step() -> None:
    points = [PersonalityPoint(turn_id="a", time=START)]
    assert not personality_curves(points).layout.shapes
    (line,) = personality_curves(points, chosen=START).layout.shapes
    assert (line.x0, line.x1, line.yref) == (START, START, "paper")


def test_no_points_make_an_honest_empty_chart() -> None:
    figure = personality_curves([])
    assert all(len(trace.x) == 0 for trace in figure.data)
    assert [note.text for note in figure.layout.annotations] == ["No message has been remembered yet."]


@pytest.mark.parametrize("ground", ["#fdfdfc", "#f1f2f0", "#15181c", "#1f2328"])
def test_the_curves_stand_out_on_every_ground_of_the_theme(ground: str) -> None:
    for trait in TRAITS:
        assert contrast(COLOURS[trait], ground) >= 3, trait


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2."""
    dark, light = sorted(luminance(colour) for colour in (one, other))
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
