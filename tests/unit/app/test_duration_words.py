"""A duration, an end and a rate are said as a person says them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import duration_words

NOW = datetime(2026, 3, 4, 12, 1, 30, tzinfo=UTC)
HOUR = 3_600


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0, "less than a minute"), (49, "less than a minute"), (61, "about 1 minute"), (170, "about 3 minutes"),
        (31 * 60, "about 30 minutes"), (61 * 60, "about an hour"), (80 * 60, "about 80 minutes"), (2.2 * HOUR, "about 2 hours"),
        (40 * HOUR, "about 40 hours"), (70 * HOUR, "about 3 days"), (2_400 * HOUR, "about 100 days"),
    ],
)  # fmt: skip
def test_a_duration(seconds, told):
    assert duration_words.about(seconds) == told


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0, "about 12:01 today"), (600, "about 12:11 today"), (2.5 * HOUR, "about 14:30 today"),
        (13 * HOUR, "about 01:00 tomorrow"), (48 * HOUR, "about 12:00 on Friday"), (240 * HOUR, "about 14 March 2026"),
    ],
)  # fmt: skip
def test_an_end(seconds, told):
    assert duration_words.end(seconds, NOW) == told


def test_a_rate():
    assert [duration_words.rate(one) for one in (0.05, 0.5, 1, 6.94, 12.4)] == [
        "3.0 an hour", "30.0 an hour", "1.0 a minute", "6.9 a minute", "12 a minute",
    ]  # fmt: skip


@given(st.floats(0, 3e8))
def test_every_duration_has_words(seconds):
    assert duration_words.about(seconds).split()[0] in ("about", "less")
    assert duration_words.end(seconds, NOW).startswith("about ")
