"""The time that a question names, against when it was asked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memory.named_time import Period, named_period

ASKED = datetime(2026, 3, 12, 9, 30, tzinfo=ZoneInfo("Europe/Lisbon"))  # a Thursday


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("What did I eat yesterday?", "2026-03-11", "2026-03-12"),
        ("What did I do last Tuesday?", "2026-03-10", "2026-03-11"),
        ("Where was I on 7 May 2023?", "2023-05-07", "2023-05-08"),
        ("Where was I on May 7, 2023?", "2023-05-07", "2023-05-08"),
        ("What did I paint in December 2025?", "2025-12-01", "2026-01-01"),
        ("What did I plant in October?", "2025-10-01", "2025-11-01"),
        ("What did I plant in May?", "2025-05-01", "2025-06-01"),
        ("How often did I swim in 2024?", "2024-01-01", "2025-01-01"),
        ("What did I say two weeks ago?", "2026-02-23", "2026-03-02"),
        ("What did I read in the last two weeks?", "2026-02-26", "2026-03-13"),
        ("What did I read in the last 7 days?", "2026-03-05", "2026-03-13"),
        ("And over the past three months?", "2025-12-12", "2026-03-13"),
        ("What happened on 05.03.2026?", "2026-03-05", "2026-03-06"),
        ("What did I do last June?", "2025-06-01", "2025-07-01"),
        ("Where have I been since 2024?", "2024-01-01", "2025-01-01"),
        ("A long story. " * 60 + "What did I eat yesterday?", "2026-03-11", "2026-03-12"),
    ],
)
def test_it_is_resolved_against_the_time_of_the_question_and_never_the_clock(text, first, last):
    midnight = [datetime.fromisoformat(day).replace(tzinfo=ASKED.tzinfo).timestamp() for day in (first, last)]
    assert named_period(text, ASKED) == Period(*midnight)


@pytest.mark.parametrize(
    "text",
    [
        "What is my dog's name?", "What do I ride now?", "May I ask you something?", "I march a lot", "I have 3 dogs and 10 cats",
        "", "Wer bin ich?", "What does June like?", "What does Jan want for his birthday?", "What does April eat?",
        "I run 10 km a day", "I swim every Tuesday", "I was in room 2024", "My daughter is 5 years old", "I lived there for two years",
        "We planned the 10 day trip", "Who came on the 5th?", "I got a 2 year old car",
    ],
)  # fmt: skip
def test_where_no_time_is_named_there_is_none(text):
    assert named_period(text, ASKED) is None


def test_a_day_that_the_clocks_are_changed_on_is_23_hours_long():
    period = named_period("What did I do on 29 March 2026?", ASKED.replace(month=4))
    assert period.last - period.first == 23 * 3600


def test_nearness_falls_off_on_both_sides():
    period = named_period("yesterday", ASKED)
    assert period.holds(period.first)
    assert not period.holds(period.last)
    assert period.nearness(period.first + 10, 7) == 1
    assert 0.36 < period.nearness(period.last + 7 * 86_400, 7) < 0.37
    assert period.nearness(period.first - 7 * 86_400, 7) == pytest.approx(period.nearness(period.last + 7 * 86_400, 7))


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60), st.datetimes())
def test_no_text_and_no_time_breaks_it(text, asked):
    period = named_period(text, asked.replace(tzinfo=UTC))
    assert period is None or period.first < period.last <= period.first + timedelta(days=366).total_seconds()
