"""The day that a relative word means, written behind it."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.prompts.day_words import dated

TUESDAY = datetime(2026, 7, 14, 20, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("I move tomorrow!", "I move tomorrow (2026-07-15)!"),
        ("The concert was last night.", "The concert was last night (2026-07-13)."),
        ("dentist next week, thursday at three", "dentist next week, thursday (2026-07-23) at three"),
        ("on Friday next week", "on Friday next week (2026-07-24)"),
        ("last tuesday", "last tuesday (2026-07-07)"),
        ("on friday", "on friday (2026-07-17)"),
        ("in three days, two weeks ago", "in three days (2026-07-17), two weeks ago (2026-06-30)"),
        ("last month and next year", "last month (2026-06) and next year (2027)"),
        ("this weekend", "this weekend (2026-07-18 to 07-19)"),
        ("next friday, friday, thursdays", "next friday, friday, thursdays"),
        ("TODAY", "TODAY (2026-07-14)"),
    ],
)
def test_a_relative_word_is_followed_by_its_date_and_what_may_be_either_is_not(said, shown):
    assert dated(said, TUESDAY) == shown


def test_a_month_before_january_is_of_the_year_before():
    assert dated("last month", datetime(2026, 1, 5, tzinfo=UTC)) == "last month (2025-12)"


words = st.lists(st.sampled_from(["today", "last", "friday", "next week", "in", "99", "days", "ago", "a", "year", "\n", "è"]))


@given(words.map(" ".join), st.datetimes(timezones=st.just(UTC)))
def test_nothing_but_dates_is_added(text, said):
    assert re.sub(r" \(\d{4}(?:-\d\d){0,2}(?: to \d\d-\d\d)?\)", "", dated(text, said)) == text
