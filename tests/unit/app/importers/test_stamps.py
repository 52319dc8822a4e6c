"""Times of exports, whatever their unit and zone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given

from app.importers.stamps import moment
from tests.unit.app.importers.damage import JUNK

ROME = ZoneInfo("Europe/Rome")
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
SECONDS = int(NOON.timestamp())


@pytest.mark.parametrize(
    "value",
    [
        SECONDS, float(SECONDS), SECONDS * 1000, SECONDS * 10**6, SECONDS * 10**9, str(SECONDS), f"{SECONDS}.0", str(SECONDS * 1000),
        "2026-05-01T12:00:00Z", "2026-05-01T12:00:00.000000+00:00", " 2026-05-01 12:00:00Z ", "2026-05-01T14:00:00", "2026-05-01 14:00",
    ],
)  # fmt: skip
def test_all_these_are_noon(value: Any) -> None:
    found = moment(value, ROME)
    assert found == NOON
    assert found.tzinfo is ROME


def test_a_text_with_an_offset_of_its_own_keeps_it() -> None:
    found = moment("2026-05-01T05:00:00-07:00", ROME)
    assert found is not None
    assert found.isoformat() == "2026-05-01T05:00:00-07:00"


def test_a_wall_clock_time_that_was_skipped_is_moved_forward() -> None:
    assert str(moment("2026-03-29T02:30:00", ROME)) == "2026-03-29 03:30:00+02:00"


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        0,
        -5,
        12,
        10**30,
        float("nan"),
        float("inf"),
        "",
        "noon",
        "2026",
        [],
        {},
        "0001-01-01",
        "9999-12-31T23:59:59",
    ],
)
def test_none_of_these_is_a_time(value: Any) -> None:
    assert moment(value, ROME) is None


@given(JUNK)
def test_anything_is_a_time_or_none(value: Any) -> None:
    found = moment(value, ROME)
    assert found is None or 1990 <= found.year < 2200
