"""A question about a stretch of time is about all of it, and not about the day at one of its ends."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.core.temporal import named_window
from memory.core.time_ranges import asked_window

ASKED = datetime(2026, 11, 30, 12, tzinfo=UTC)
NOW = ASKED.timestamp()


def day(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("text", "first", "end"),
    [
        ("What did I do between March and May?", "2026-03-01", "2026-06-01"),
        ("Between 2023-03-03 and 2023-03-08, how often did I call?", "2023-03-03", "2023-03-09"),
        ("Where was I from Monday to Wednesday?", "2026-11-23", "2026-11-26"),
        ("How was it from 3 May to 7 May 2025?", "2025-05-03", "2025-05-08"),
    ],
)
def test_a_stretch_with_two_ends_contains_both(text, first, end):
    window = asked_window(text, ASKED)
    assert (window.start, window.end) == (day(first), day(end))


def test_a_stretch_with_one_end_goes_on_until_the_question_or_begins_long_ago():
    after = asked_window("What did I say after June 4?", ASKED)
    assert (after.start, after.end) == (day("2026-06-05"), NOW)
    since = asked_window("What have I eaten since last Friday?", ASKED)
    assert (since.start, since.end) == (day("2026-11-27"), NOW)
    before = asked_window("What did I do before Christmas?", ASKED)
    assert (before.start, before.end) == (-math.inf, day("2025-12-24"))
    assert asked_window("Do I have anything after 24 December 2026?", ASKED).end == math.inf


@pytest.mark.parametrize(
    "text",
    [
        "What did I do the day before yesterday?",
        "What did I do after work on Friday?",
        "What was the week before Christmas like?",
        "Which flights go from Oslo to Rome on May 3?",
        "What did we say about the film before?",
    ],
)
def test_other_words_are_read_as_before(text):
    assert asked_window(text, ASKED) == named_window(text, ASKED)


@given(st.dates(ASKED.date() - timedelta(days=900), ASKED.date()), st.integers(0, 400))
def test_any_two_days_in_order_are_a_stretch_of_all_days_between(first, length):
    last = first + timedelta(days=length)
    window = asked_window(f"What happened between {first} and {last}?", ASKED)
    assert (window.start, window.end) == (day(str(first)), day(str(last + timedelta(days=1))))
    backwards = asked_window(f"What happened between {last} and {first}?", ASKED)
    assert length == 0 or backwards is None or backwards.start != window.start or backwards.end != window.end
