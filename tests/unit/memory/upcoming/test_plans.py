"""What a message or a fact tells of days ahead: which day, and whether it is a plan at all."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.upcoming.dates_ahead import days_named, in_year, next_time
from memory.upcoming.plans import plans_of
from memory.upcoming.question import asked_days

MONDAY = datetime(2026, 11, 30, 12, tzinfo=UTC)


def told(text, said=MONDAY):
    ahead = [plan for plan in plans_of(text, said) if plan.kind in ("plan", "moved")]
    return [f"{plan.first} {plan.hour or ''}".strip() for plan in ahead]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("My half marathon is on Sunday", "2026-12-06"),
        ("dentist on 14 March at 9", "2027-03-14 09:00"),
        ("The user has a dentist appointment on 14 March at 9 am.", "2027-03-14 09:00"),
        ("In two weeks I fly to Lisbon", "2026-12-14"),
        ("I'm moving to Leeds on 3 January", "2027-01-03"),
        ("I booked a flight to Rome for 5 December", "2026-12-05"),
        ("I was nervous because my exam is on Friday.", "2026-12-04"),
        ("Can you remind me that the report is due on Thursday?", "2026-12-03"),
        ("My exam is not on Friday but on Thursday", "2026-12-03"),
        ("The dentist appointment was moved to 20 March", "2027-03-20"),
        ("Dinner with Anna tonight at 7", "2026-11-30 19:00"),
        ("Interview with Kestrel Labs, Wed 2 Dec, 14:00", "2026-12-02 14:00"),
        ("My passport expires on 2027-01-15", "2027-01-15"),
        ("Am 14.3. habe ich einen Zahnarzttermin um 9 Uhr", "2027-03-14 09:00"),
        ("Morgen habe ich eine Prüfung", "2026-12-01"),
        ("In zwei Wochen ziehe ich um", "2026-12-14"),
        ("El viernes tengo una entrevista de trabajo", "2026-12-04"),
        ("Mañana tengo examen de química", "2026-12-01"),
        ("Dentro de dos semanas viajo a Lisboa", "2026-12-14"),
        ("明天下午3点我要去看牙医", "2026-12-01 15:00"),
        ("下周五我有考试", "2026-12-11"),
        ("两周后我飞上海", "2026-12-14"),
    ],
)
def test_a_plan_is_known_with_its_day(text, day):
    assert told(text) == [day]


@pytest.mark.parametrize(
    "text",
    [
        "On Sunday I ran a half marathon",
        "The user went to Berlin last Friday.",
        "On Sunday I finished the book",
        "See you tomorrow!",
        "What should I wear on Sunday?",
        "What's the weather like tomorrow?",
        "I run every Sunday",
        "On Sundays I usually bake bread",
        "If it rains on Saturday we might stay home",
        "Maybe I'll go to Leeds on Friday",
        "I am so tired today",
        "I cancelled my dentist appointment on Friday",
        "Christmas is on 25 December",
        "The Second World War ended on 2 September 1945",
        "Guten Morgen, wie geht es dir?",
        "heute Morgen war ich joggen",
        "Jeden Freitag gehe ich schwimmen",
        "Am Samstag habe ich einen Kuchen gebacken",
        "Los lunes voy al gimnasio",
        "El viernes fui al cine",
        "Por la mañana corro",
        "昨天我去看了牙医",
        "每周五我去游泳",
        "今天我很累",
    ],
)
def test_what_was_is_usual_or_supposed_or_called_off_is_no_plan(text):
    assert told(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "my sister's birthday is on 3 May", "Her birthday was on 3 May", "Meine Schwester hat am 3. Mai Geburtstag",
        "El cumpleaños de mi hermana es el 3 de mayo", "我妹妹的生日是5月3日", "The user's sister was born on 3 May 1990.",
    ],
)  # fmt: skip
def test_a_birthday_comes_every_year(text):
    (plan,) = plans_of(text, MONDAY)
    assert plan.yearly
    assert (plan.first.month, plan.first.day) == (5, 3)


def test_a_party_of_a_birthday_is_on_one_day():
    (plan,) = plans_of("My birthday party is on 3 May", MONDAY)
    assert not plan.yearly


def test_the_words_of_others_are_no_plan_of_the_person():
    assert told("> My exam is on Friday\nHow do I answer that?") == []
    assert plans_of("Read this. My exam is on Friday.", MONDAY, own="Read this. [pasted text]") == []


@pytest.mark.parametrize(
    ("text", "said", "day"),
    [
        ("My flight is tomorrow", "2026-12-31", "2027-01-01"),
        ("My exam is on 3 January", "2026-12-30", "2027-01-03"),
        ("My exam is on 29 February", "2027-01-10", "2028-02-29"),
        ("My exam is in a month", "2027-01-31", "2027-02-28"),
        ("My exam is on Monday", "2026-11-30", "2026-12-07"),
        ("The exam is on the 31st", "2026-11-05", "2026-12-31"),
    ],
)
def test_the_turn_of_the_year_and_days_that_not_every_month_has(text, said, day):
    assert told(text, datetime.fromisoformat(said).replace(tzinfo=UTC)) == [day]


DAYS = st.dates(date(1990, 1, 1), date(2090, 12, 1))


@given(DAYS, st.sampled_from(["Monday", "Friday", "Sunday"]))
def test_a_weekday_is_the_next_of_its_name(said, name):
    (named,) = days_named(f"My exam is on {name}", said)
    assert said < named.first <= said + timedelta(days=7)
    assert f"{named.first:%A}" == name


@given(DAYS, st.dates(date(2000, 1, 1), date(2099, 12, 31)))
def test_a_written_date_is_that_day(said, day):
    for text in (f"{day.day} {day:%B} {day.year}", f"{day:%B} {day.day}, {day.year}", day.isoformat(), f"{day:%d.%m.%Y}"):
        assert [named.first for named in days_named(f"It is on {text}.", said)] == [day], text


@given(DAYS, DAYS)
def test_a_day_of_the_year_comes_next_within_a_year_and_never_in_the_past(born, today):
    again = next_time(born, today)
    assert today <= again <= today + timedelta(days=366)
    assert again == in_year(born, again.year)


def test_a_timetable_is_read_up_to_a_bound():
    assert len(plans_of("I have an exam on Friday. " * 100, MONDAY)) == 20


@given(st.text(max_size=200), DAYS)
def test_any_text_is_read(text, said):
    for plan in plans_of(text, datetime(said.year, said.month, said.day, tzinfo=ZoneInfo("Europe/Berlin"))):
        assert plan.first <= plan.last
        assert 0 <= plan.start < plan.end <= len(text)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("what is coming up?", 7), ("What's coming up this week?", 7), ("Was steht an?", 7), ("¿Qué tengo pendiente?", 7),
        ("接下来有什么安排？", 7), ("What's coming up in the next 30 days?", 30), ("What do I have planned for next week?", 14),
        ("What's up?", None), ("What is the next step?", None), ("my upcoming exam worries me", None),
        ("What comes up when I press this button?", None),
    ],
)  # fmt: skip
def test_the_question_for_it_is_known_with_how_far(text, days):
    assert asked_days(text) == days
