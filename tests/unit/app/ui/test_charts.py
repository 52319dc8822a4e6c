"""The charts: what they draw, and that it can be read on both grounds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import altair as alt
import pytest

from app.ui.charts import COLOURS, STEP, Chart, personality_curves, personality_radar
from memory.core.records import TRAITS, BigFive, PersonalityPoint

START = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
LABELS = [trait.capitalize() for trait in TRAITS]


def layers(chart: Chart, kind: str) -> list[Chart]:
    return [layer for layer in chart["layer"] if layer["mark"]["type"] == kind]


def column(rows: list[Chart], name: str, **where: object) -> list[object]:
    return [row[name] for row in rows if all(row[key] == value for key, value in where.items())]


def of_openness(chart: Chart, name: str) -> list[object]:
    return column(chart["data"]["values"], name, trait="Openness")


def test_the_radar_closes_both_rings() -> None:
    now = BigFive(openness=4.5, neuroticism=1.5)
    chart = personality_radar(now, BigFive())
    rings = [layer for layer in layers(chart, "line") if layer["mark"].get("interpolate") == "linear-closed"]
    start, current = (ring["data"]["values"] for ring in rings)
    assert column(start, "score") == [3.0] * 5
    assert column(current, "score") == [4.5, 3.0, 3.0, 3.0, 1.5]
    assert column(current, "trait") == LABELS
    # Openness is at the top, and the next trait to the right of it.
    assert (current[0]["x"], current[0]["y"]) == (0, 3.5)
    assert current[1]["x"] > 0


def test_the_radar_is_round_and_goes_from_1_to_5() -> None:
    chart = personality_radar(BigFive(), BigFive())
    x, y = (chart["encoding"][name]["scale"] for name in "xy")
    (lowest, highest), wide = y["domain"], x["domainMax"]["expr"]
    assert (x["domainMin"]["expr"], wide) == (f"-{wide}", f"{(highest - lowest) / 2} * width / height")
    scale = next(layer["data"]["values"] for layer in layers(chart, "text") if layer["data"]["values"][0]["text"] == "1")
    assert [(tick["text"], tick["y"]) for tick in scale] == [("1", 0), ("2", 1), ("3", 2), ("4", 3), ("5", 4)]


def test_each_point_of_the_radar_says_its_score() -> None:
    (points,) = layers(personality_radar(BigFive(), BigFive()), "point")
    assert [one["field"] for one in points["encoding"]["tooltip"]] == ["set", "trait", "score"]
    assert points["encoding"]["color"]["scale"]["domain"] == ["Start", "Now"]


def test_the_curves_follow_the_points_from_1_to_5() -> None:
    points = [
        PersonalityPoint(turn_id="a", time=START, scores=BigFive(openness=3.5)),
        PersonalityPoint(turn_id=None, time=START + timedelta(days=1), cause="pin", scores=BigFive(openness=5)),
        PersonalityPoint(turn_id=None, time=START + timedelta(days=2), cause="reset"),
    ]
    chart = personality_curves(points)
    line, marks = layers(chart, "line")[0], layers(chart, "point")[0]
    assert line["encoding"]["color"]["scale"] == {"domain": LABELS, "range": list(COLOURS.values())}
    assert line["encoding"]["y"]["scale"]["domain"] == [1, 5]
    assert of_openness(chart, "score") == [3.5, 5.0, 3.0]
    assert of_openness(chart, STEP) == [0, 1, 2]
    assert of_openness(chart, "cause") == ["turn", "pin", "reset"]
    assert marks["encoding"]["shape"]["scale"] == {"domain": ["turn", "pin", "reset"], "range": ["circle", "diamond", "cross"]}
    assert not layers(chart, "text")


def test_a_time_is_shown_as_its_own_clock_showed_it_in_any_browser() -> None:
    there = START.astimezone().replace(tzinfo=UTC) + timedelta(hours=5)
    chart = personality_curves([PersonalityPoint(turn_id="a", time=there)])
    assert layers(chart, "line")[0]["encoding"]["x"]["scale"] == {"type": "utc"}
    assert of_openness(chart, "time") == [f"{there:%Y-%m-%dT%H:%M:%S}Z"]
    assert of_openness(chart, "when") == [f"{there:%Y-%m-%d %H:%M}"]


def test_beside_a_point_stands_the_beginning_of_its_message_as_data() -> None:
    points = [
        PersonalityPoint(turn_id="a", time=START),
        PersonalityPoint(turn_id="b", time=START),
        PersonalityPoint(turn_id="gone", time=START),
        PersonalityPoint(turn_id=None, time=START, cause="reset"),
    ]
    said = {"a": "<b>Bold</b> &amp;\n %{x}", "b": "x" * 200}
    told = of_openness(personality_curves(points, said), "what")
    assert told == ["<b>Bold</b> &amp; %{x}", "x" * 90 + "…", "a message changed it", "reset by you"]


def test_each_of_many_points_can_still_be_pointed_at() -> None:
    def sizes(number: int) -> tuple[int, int]:
        points = [PersonalityPoint(turn_id=str(n), time=START + timedelta(hours=n)) for n in range(number)]
        seen, target = layers(personality_curves(points), "point")
        assert target["mark"]["opacity"] == 0
        assert target["params"] == [{"name": STEP, "select": {"type": "point", "fields": [STEP], "toggle": False}}]
        return seen["mark"]["size"], target["mark"]["size"]

    (few, wide), (many, as_wide) = sizes(3), sizes(100)
    assert many < few < wide == as_wide


def test_a_line_marks_the_chosen_step() -> None:
    points = [PersonalityPoint(turn_id="a", time=START)]
    assert not layers(personality_curves(points), "rule")
    (line,) = layers(personality_curves(points, chosen=START), "rule")
    assert line["data"]["values"] == [{"time": "2026-03-01T09:30:00Z"}]
    assert set(line["encoding"]) == {"x"}


def test_no_points_make_an_honest_empty_chart() -> None:
    chart = personality_curves([])
    assert chart["data"]["values"] == []
    (note,) = layers(chart, "text")
    assert column(note["data"]["values"], "text") == ["No message has been remembered yet."]


@pytest.mark.parametrize(
    "chart",
    [
        personality_radar(BigFive(openness=4.5), BigFive()),
        personality_curves([PersonalityPoint(turn_id="a", time=START)], {"a": "Hello."}, START),
        personality_curves([]),
    ],
)
def test_the_specifications_are_valid_vega_lite(chart: Chart) -> None:
    alt.Chart.from_dict(chart)


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
