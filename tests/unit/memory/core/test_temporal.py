"""The time that a question names, against when it was asked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memory.core.temporal import named_window
from memory.core.time_window import TimeWindow

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
        ("What is planned for next Friday?", "2026-03-13", "2026-03-14"),
        ("What is planned for June?", "2026-06-01", "2026-07-01"),
        ("What is planned for March?", "2026-03-01", "2026-04-01"),
        ("What did we plan for June?", "2026-06-01", "2026-07-01"),
        ("What did I cook for Friday?", "2026-03-06", "2026-03-07"),
        ("What do I have to do by Friday?", "2026-03-13", "2026-03-14"),
        ("Did I book a table for 3 May 2025?", "2025-05-03", "2025-05-04"),
        ("What have I got for tomorrow?", "2026-03-13", "2026-03-14"),
        ("What is on for the 20th?", "2026-03-20", "2026-03-21"),
        ("Who phoned for 20 minutes on Friday?", "2026-03-06", "2026-03-07"),
        ("Where was I for a week in May?", "2025-05-01", "2025-06-01"),
        ("What is planned for the next two weeks?", "2026-03-12", "2026-03-27"),
        ("Who came to Tuesday's call?", "2026-03-10", "2026-03-11"),
        ("What is there at Easter?", "2026-04-03", "2026-04-07"),
        ("What happens at Christmas?", "2026-12-24", "2026-12-27"),
        ("Who is coming over for Thanksgiving?", "2026-11-26", "2026-11-30"),
        ("What should I pack for Saturday?", "2026-03-14", "2026-03-15"),
        ("What do I need for Monday?", "2026-03-16", "2026-03-17"),
        ("What do we need for the first of December?", "2026-12-01", "2026-12-02"),
        ("Anything for June?", "2026-06-01", "2026-07-01"),
        ("What did I do the weekend before last?", "2026-02-28", "2026-03-02"),
        ("What did I do last weekend?", "2026-03-07", "2026-03-09"),
        ("Plans for the weekend?", "2026-03-14", "2026-03-16"),
        ("What did we do at the weekend?", "2026-03-07", "2026-03-09"),
        ("And next weekend?", "2026-03-21", "2026-03-23"),
        ("Where was I two weekends ago?", "2026-02-28", "2026-03-02"),
        ("What did we eat at Christmas?", "2025-12-24", "2025-12-27"),
        ("What did I get for Christmas 2024?", "2024-12-24", "2024-12-27"),
        ("Where will I be at Christmas?", "2026-12-24", "2026-12-27"),
        ("Who was there on New Year’s Eve?", "2025-12-31", "2026-01-01"),
        ("What did we do over Easter?", "2025-04-18", "2025-04-22"),
        ("What will I do for Easter?", "2026-04-03", "2026-04-07"),
        ("Where did I go last summer?", "2025-06-01", "2025-09-01"),
        ("What did I start in the autumn of 2024?", "2024-09-01", "2024-12-01"),
        ("A long story. " * 60 + "What did I eat yesterday?", "2026-03-11", "2026-03-12"),
    ],
)
def test_it_is_resolved_against_the_time_of_the_question_and_never_the_clock(text, first, last):
    midnight = [datetime.fromisoformat(day).replace(tzinfo=ASKED.tzinfo).timestamp() for day in (first, last)]
    assert named_window(text, ASKED) == TimeWindow(*midnight)


@pytest.mark.parametrize(
    "text",
    [
        "What is my dog's name?", "What do I ride now?", "May I ask you something?", "I march a lot", "I have 3 dogs and 10 cats",
        "", "Wer bin ich?", "What does June like?", "What does Jan want for his birthday?", "What does April eat?",
        "I run 10 km a day", "I swim every Tuesday", "I was in room 2024", "My daughter is 5 years old", "I lived there for two years",
        "We planned the 10 day trip", "Who came on the 5th?", "I got a 2 year old car",
        "I was away for two weeks", "I waited for years", "It lasts for an hour", "I have lived here for 10 years",
        "What did I buy for June?", "A present for Jan", "I fall often", "A spring roll, please", "My Christmas cake recipe",
        "My weekend was fine", "What do I want for my birthday?", "Suncream for sun",
    ],
)  # fmt: skip
def test_where_no_time_is_named_there_is_none(text):
    assert named_window(text, ASKED) is None


def test_summer_begins_in_december_in_the_south():
    period = named_window("Where did I go last summer?", ASKED.replace(tzinfo=ZoneInfo("Australia/Sydney")))
    assert datetime.fromtimestamp(period.start, ZoneInfo("Australia/Sydney")).date().isoformat() == "2025-12-01"


def test_a_note_means_the_nearest_feast():
    january = ASKED.replace(month=1)
    periods = [named_window(f"The user was ill {when}.", january, "current_period") for when in ("at Christmas", "for Easter")]
    days = [datetime.fromtimestamp(period.start, ASKED.tzinfo).date().isoformat() for period in periods]
    assert days == ["2025-12-24", "2026-04-03"]


def test_a_day_that_the_clocks_are_changed_on_is_23_hours_long():
    period = named_window("What did I do on 29 March 2026?", ASKED.replace(month=4))
    assert period.end - period.start == 23 * 3600


def test_nearness_falls_off_on_both_sides():
    period = named_window("yesterday", ASKED)
    assert period.contains(period.start)
    assert not period.contains(period.end)
    assert period.nearness(period.start + 10, 7) == 1
    assert 0.36 < period.nearness(period.end + 7 * 86_400, 7) < 0.37
    assert period.nearness(period.start - 7 * 86_400, 7) == pytest.approx(period.nearness(period.end + 7 * 86_400, 7))


NAMED = ["last weekend", "the weekend", "next weekend", "at Christmas", "last Easter", "this summer", "over Thanksgiving"]


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(NAMED), st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)))  # noqa: DTZ001 - a zone follows
def test_what_is_last_is_over_and_what_is_next_has_not_begun(named, asked):
    asked = asked.replace(tzinfo=UTC)
    period = named_window(f"What about {named}?", asked)
    if period is not None and "last" in named:
        assert period.end <= asked.timestamp()
    if period is not None and "next" in named:
        assert period.start > asked.timestamp()


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60), st.datetimes())
def test_no_text_and_no_time_breaks_it(text, asked):
    period = named_window(text, asked.replace(tzinfo=UTC))
    assert period is None or period.start < period.end <= period.start + timedelta(days=366).total_seconds()
