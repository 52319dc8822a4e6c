"""The dates of WhatsApp chats, as phones in many languages write them, and which number of them is the day."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from app.importers.conversations import Choices, LeftOut
from app.importers.formats import whatsapp
from app.importers.formats.whatsapp_dates import AmbiguousDates, Order, day_of
from memory.core.errors import InvalidInput
from tests.unit.app.importers.sources import source_of

EVENING = datetime(2026, 5, 26, 20, 5, tzinfo=UTC)


def at(*numbers):
    return datetime(*numbers, tzinfo=UTC)


def times(*lines, day_first=None, name="chat.txt", more=None, notes=None):
    source = source_of({name: "\n".join(lines).encode(), **(more or {})})
    left_out = LeftOut()
    found = whatsapp.read(source, Choices(zone="UTC", day_first=day_first), left_out)
    read = [message.time for conversation in found for message in conversation.messages]
    if notes is not None:
        notes += left_out.places
    return read


@pytest.mark.parametrize(
    "head",
    [
        "26.05.26, 20:05 - ",  # German
        "26.05.2026, 20:05 - ",  # also Polish, Turkish, Russian
        "5/26/26, 8:05 PM - ",  # English, United States
        "5/26/26, 8:05\u202fPM - ",
        "5/26/26, 8:05\u00a0pm - ",
        "26/05/2026, 20:05 - ",  # English, United Kingdom
        "2026-05-26, 8:05 p.m. - ",  # English, Canada
        "2026/05/26, 8:05 pm - ",  # English, South Africa
        "26/05/2026 20:05 - ",  # French; Portuguese, Brazil
        "26/05/2026 à 20:05 - ",
        "26/5/26 20:05 - ",  # Spanish
        "26/5/26, 8:05 p. m. - ",
        "26/5/2026, 8:05 p.\u00a0m. - ",
        "26/05/26, 20:05 - ",  # Italian
        "26-05-2026 20:05 - ",  # Dutch
        "2026-05-26 20:05 - ",  # Swedish
        "26.5.2026 klo 20.05 - ",  # Finnish
        "26.05.2026 20.05 - ",  # Danish
        "26.05.2026 kl. 20.05 - ",
        "26. 5. 2026 20:05 - ",  # Czech
        "26. 05. 2026. 20:05 - ",  # Croatian
        "26.5.26. 20:05 - ",  # Serbian
        "26.05.26 г., 20:05 ч. - ",  # Bulgarian
        "2026. 05. 26. 20:05 - ",  # Hungarian
        "26.5.2026, 8:05 ÖS - ",  # Turkish, 12 hours
        "2026/05/26 20:05 - ",  # Japanese
        "2026/05/26 午後8:05 - ",
        "2026. 5. 26. 오후 8:05 - ",  # Korean
        "26. 5. 26. 오후 8:05 - ",
        "2026/5/26 下午8:05 - ",  # Chinese
        "2026/5/26 晚上8:05 - ",
        "2026年5月26日 20:05 - ",
        "26\u200f/5\u200f/2026، 8:05 م - ",  # Arabic
        "\u200f٢٦\u200f/٥\u200f/٢٠٢٦، ٨:٠٥ م - ",
        "२६/०५/२०२६, ८:०५ अपराह्न - ",  # Hindi
        "26/5/26, 8:05 रात - ",
        "2026/5/26،\u200f 20:05 - ",  # Persian, both calendars
        "۱۴۰۵/۳/۵،\u200f ۲۰:۰۵ - ",
        "1405/3/5, 8:05 ب.ظ. - ",
        "26.5.2026, 20:05 - ",  # Hebrew
        "26.5.2026, 8:05 אחה״צ - ",
        "26/5/2569 20:05 - ",  # Thai, Buddhist years
        "26/5/69 20:05 - ",
        "20:05, 26/05/2026 - ",  # Vietnamese
        "115/5/26 下午8:05 - ",  # Taiwan's years
        "R8/5/26 20:05 - ",  # Japanese eras
        "令和8年5月26日 20:05 - ",
        "2026-05-26 20 h 05 - ",  # French, Canada
    ],
)
def test_android_in_many_languages(head):
    assert times(f"{head}Mona: hello") == [EVENING]


def test_the_first_year_of_an_era():
    (time,) = times("令和元年5月26日 20:05 - Mona: hello")
    assert time == EVENING.replace(year=2019)


@pytest.mark.parametrize(
    "head",
    [
        "[26.05.26, 20:05:09] ",
        "[5/26/26, 8:05:09\u202fPM] ",
        "\ufeff\u200e[26/05/2026, 20:05:09] ",
        "[26.5.2026 klo 20.05.09] ",
        "[26/5/26, 8:05:09 p. m.] ",
        "[2026-05-26 20:05:09] ",
        "[2026/05/26 20:05:09] ",
        "[2026. 5. 26. 오후 8:05:09] ",
        "[2026/5/26 下午8:05:09] ",
        "[26/5/2569 BE 20:05:09] ",
        "[2026-05-26, 20 h 05 min 09 s] ",
        "26.05.26 20:05:09: ",  # before 2018
        "5/26/26, 8:05:09 PM: ",
    ],
)
def test_ios_in_many_languages(head):
    assert times(f"{head}Mona: hello") == [EVENING.replace(second=9)]


@pytest.mark.parametrize(
    ("clock", "hour"),
    [
        ("12:05 AM", 0),
        ("12:05 PM", 12),
        ("11:05 PM", 23),
        ("午前0:05", 0),
        ("午後0:05", 12),
        ("12:05 रात", 0),
        ("3:05 रात", 3),
        ("中午12:05", 12),
        ("凌晨1:05", 1),
        ("13:05 PM", 13),
    ],
)
def test_noon_and_midnight(clock, hour):
    assert times(f"2026/05/26, {clock} - Mona: hello") == [at(2026, 5, 26, hour, 5)]


@pytest.mark.parametrize(
    ("numbers", "day"),
    [
        ((1403, 12, 30), date(2025, 3, 20)),
        ((1404, 1, 1), date(2025, 3, 21)),
        ((1399, 12, 30), date(2021, 3, 20)),
        ((1404, 12, 30), None),
        ((1388, 1, 1), date(2009, 3, 21)),
    ],
)
def test_the_persian_calendar(numbers, day):
    assert day_of(numbers, Order.YEAR_FIRST) == day


@pytest.mark.parametrize("numbers", [(0, 5, 26), (5, 0, 26), (31, 2, 2026), (1, 1, 1), (9999, 9999, 9999), (32, 13, 3000)])
def test_days_that_do_not_exist(numbers):
    assert {day_of(numbers, order) for order in Order} <= {None, date(2026, 5, 1)}


def test_islamic_years_are_refused_with_what_to_do():
    with pytest.raises(InvalidInput, match="Islamic calendar"):
        times("18/11/1447, 20:05 - Mona: hello")


@pytest.mark.parametrize(
    ("lines", "days", "why"),
    [
        # Any number over 12.
        (["5/6/26, 1:00 - M: a", "14/6/26, 1:00 - M: b"], [(6, 5), (6, 14)], "14/6/26 can be read in no other way"),
        (["5/6/26, 1:00 - M: a", "6/14/26, 1:00 - M: b"], [(5, 6), (6, 14)], "6/14/26 can be read in no other way"),
        # The names of pictures.
        (["5/6/26, 1:00 - M: IMG-20260605-WA0001.jpg (file attached)", "5/6/26, 1:00 - M: b"], [(6, 5)], "names of its pictures"),
        (["[5/6/26, 1:00:00] M: x \u200e<attached: 00000001-PHOTO-2026-05-06-01-00-00.jpg>"], [(5, 6)], "names of its pictures"),
        # Dots and dashes.
        (["5.6.26, 1:00 - M: a", "6.5.26, 1:00 - M: b"], [(6, 5), (5, 6)], "dots or dashes"),
        (["05-06-2026 1:00 - M: a"], [(6, 5)], "dots or dashes"),
        # Time does not go back.
        (["5/6/26, 1:00 - M: a", "6/5/26, 1:00 - M: b"], [(5, 6), (6, 5)], "do not go back"),
        (["6/5/26, 1:00 - M: a", "5/6/26, 1:00 - M: b"], [(5, 6), (6, 5)], "do not go back"),
        # It does not jump.
        ([f"{day}/6/26, 1:00 - M: a" for day in range(5, 9)], [(6, 5), (6, 6), (6, 7), (6, 8)], "does not jump"),
        ([f"6/{day}/26, 1:00 - M: a" for day in range(5, 9)], [(6, 5), (6, 6), (6, 7), (6, 8)], "does not jump"),
        # The same in both orders.
        (["5/5/26, 1:00 - M: a"], [(5, 5)], "mostly written so"),
        # Years of two digits in front.
        (["26. 5. 6. 오전 1:00 - M: a", "26. 5. 12. 오전 1:00 - M: b"], [(5, 6), (5, 12)], "no other way"),
        (["26. 5. 12. 오전 1:00 - M: b"], [(5, 12)], "language"),
        ([f"26/5/{day} 1:00 - M: a" for day in range(9, 14)], [(5, day) for day in range(9, 14)], "does not jump"),
        (["12.05.26, 1:00 - M: a"], [(5, 12)], "mostly written so"),
    ],
)  # fmt: skip
def test_what_decides(lines, days, why):
    notes = []
    found = times(*lines, notes=notes)
    assert list(dict.fromkeys((time.month, time.day) for time in found)) == days
    assert why in notes[0]


def test_nothing_decides():
    lines = ["5/6/26, 1:00 - M: a", "6/6/26, 1:00 - M: b"]
    with pytest.raises(
        AmbiguousDates, match=r"5/6/26 is 5 June 2026 or 6 May 2026. Say --day-first for the one, --month-first for the other"
    ):
        times(*lines)
    assert times(*lines, day_first=True) == [at(2026, 6, 5, 1), at(2026, 6, 6, 1)]
    assert times(*lines, day_first=False) == [at(2026, 5, 6, 1), at(2026, 6, 6, 1)]
    assert issubclass(AmbiguousDates, InvalidInput)


def test_what_the_person_said_that_cannot_be_is_refused():
    with pytest.raises(
        InvalidInput, match=r"14/6/26 .* cannot be read month first. Leave out --month-first, or say --day-first"
    ):
        times("14/6/26, 1:00 - M: a", day_first=False)
    # The year in front leaves no choice.
    assert times("2026-05-06 1:00 - M: a", day_first=True) == [at(2026, 5, 6, 1)]


def test_a_pasted_date_does_not_decide_for_all():
    found = times(*[f"6/{day}/26, 1:00 - M: a" for day in range(1, 31)], "30/6/26, 1:00 - Kino: pasted")
    assert len(found) == 30
    assert found[-1] == at(2026, 6, 30, 1)


def test_other_chats_of_the_same_phone_decide():
    more = {"WhatsApp Chat with Kai.txt": b"14/6/26, 1:00 - Kai: a"}
    notes = []
    found = times("5/6/26, 1:00 - M: a", more=more, name="WhatsApp Chat with Mona.txt", notes=notes)
    assert at(2026, 6, 5, 1) in found
    assert "the other chats here have them so" in notes[1]
    with pytest.raises(AmbiguousDates):
        times("5/6/26, 1:00 - M: a", more={"WhatsApp Chat with Kai.txt": b"[14/6/26, 1:00:00] Kai: a"})


def test_no_date_exists():
    with pytest.raises(InvalidInput, match="do not exist"):
        times("45/77/26, 1:00 - M: a")
