"""A file that is here already with the times of another zone is refused, and nothing else is."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from memory.core import clock
from memory.core.errors import InvalidInput
from memory.imports.lines import ImportedLine, Source

BEGIN = clock.parse_time("2025-03-01 09:00", "UTC")
SOURCE = Source("whatsapp", "chat.txt", messages=lambda: 1)
WORDS = ("I bought a viola.", "It is from Mirecourt.", "We play on Thursdays.", "The bow is new.", "I like the sound.", "Yes.")


def taken(memory, lines, user="ada"):
    begun = memory.imports.begin(user, SOURCE, lines, "none")
    return memory.imports.write(user, begun.id)


def lines(texts=WORDS, hours=0.0, every=timedelta(minutes=7)):
    return [ImportedLine(BEGIN + number * every + timedelta(hours=hours), text, "", "a") for number, text in enumerate(texts)]


def refused(memory, given, user="ada"):
    with pytest.raises(InvalidInput) as raised:
        memory.imports.begin(user, SOURCE, given, "none")
    assert list((memory.folder / "imports").iterdir()) == []
    return raised.value.message


@pytest.mark.parametrize(
    ("hours", "told"),
    [(1, "1 hour earlier"), (-8, "8 hours later"), (5.5, "5 hours 30 minutes earlier"), (-0.25, "15 minutes later")],
)
def test_a_file_in_another_zone_is_refused_with_the_shift(memory, hours, told):
    taken(memory, lines())
    message = refused(memory, lines(hours=hours))
    assert f"with other times, {told}: " in message
    assert "Import it with the time zone of the first time, or undo the first import." in message
    assert len(memory.journal.turns("ada")) == len(WORDS)
    with pytest.raises(InvalidInput, match="with other times"):
        memory.imports.foresee("ada", lines(hours=hours))


@pytest.mark.parametrize(("zone", "told"), [("Asia/Tokyo", "7 hours to 8 hours later"), ("Africa/Lagos", "1 hour earlier")])
def test_summer_time_in_one_of_the_zones_is_seen_through(memory, zone, told):
    def year(name):
        begin = clock.parse_time("2025-01-05 09:00", name)
        times = [(begin + timedelta(days=9 * number)).replace(tzinfo=ZoneInfo(name)) for number in range(40)]
        return [ImportedLine(time, f"Message {number}", "", "a") for number, time in enumerate(times)]

    taken(memory, year("Europe/Berlin"))
    assert told in refused(memory, year(zone))


def test_a_short_file_is_refused_too_if_nothing_in_it_is_new(memory):
    taken(memory, lines(WORDS[:3]))
    assert "1 hour earlier" in refused(memory, lines(WORDS[:3], hours=1))
    assert taken(memory, lines(("Hello.", *WORDS[:3]), hours=1)).added == 4


def test_a_newer_and_longer_export_is_recognised(memory):
    taken(memory, lines())
    newer = [ImportedLine(BEGIN + timedelta(days=9 + number), f"New {number}", "", "a") for number in range(4)]
    assert "2 hours earlier" in refused(memory, [*lines(hours=2), *newer])


@pytest.mark.parametrize(
    "given",
    [
        lines(WORDS[:2], hours=2),
        lines(hours=2.1),
        lines(hours=27),
        lines(hours=24),
        lines(["Yes."] * 9, hours=2),
        [*lines(hours=2), *lines([f"New {number}" for number in range(8)], hours=2)],
    ],
    ids=["few", "no quarter of an hour", "further than zones are apart", "every day the same", "one text", "mostly new"],
)
def test_what_only_looks_similar_is_imported(memory, given):
    taken(memory, lines())
    assert taken(memory, given).added == len(given)


def test_what_is_said_every_hour_is_no_shifted_file_once_it_is_known(memory):
    hourly = [one for hours in range(5) for one in lines(hours=hours)]
    taken(memory, hourly[: 4 * len(WORDS)])
    assert taken(memory, hourly).added == len(WORDS)


def test_another_persons_history_does_not_count(memory):
    taken(memory, lines(), user="bea")
    assert taken(memory, lines(hours=2)).added == len(WORDS)
