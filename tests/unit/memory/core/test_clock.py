"""Times as people, transcripts and models write them; sessions; the recent window."""

from __future__ import annotations

import re
import zoneinfo
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import tzlocal
from hypothesis import example, given, settings
from hypothesis import strategies as st

from memory.core import clock
from memory.core.clock import SESSION_GAP, now, parse_time, recent_since, show, starts_session, zone_name, zone_of
from memory.core.errors import InvalidInput

often = settings(deadline=None, max_examples=200)
BERLIN = ZoneInfo("Europe/Berlin")
TOKYO = ZoneInfo("Asia/Tokyo")
MICROSECOND = timedelta(microseconds=1)

regions = st.sampled_from(
    ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia", "America/St_Johns"]
)
offsets = st.integers(-86_399, 86_399).map(lambda seconds: timezone(timedelta(seconds=seconds)))
zones = st.one_of(regions.map(ZoneInfo), offsets)
FIRST, LAST = datetime.fromisoformat("0002-01-02"), datetime.fromisoformat("9998-12-30")
instants = st.datetimes(FIRST, LAST, timezones=st.just(UTC))


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-03-01 09:30", "2026-03-01T08:30:00+00:00"),
        ("2026-03-01T09:30", "2026-03-01T08:30:00+00:00"),
        ("  2026-03-01 09:30\n", "2026-03-01T08:30:00+00:00"),
        ("2026-03-01 09:30:15", "2026-03-01T08:30:15+00:00"),
        ("2026-03-01 09:30:15.000001", "2026-03-01T08:30:15.000001+00:00"),
        ("2026-03-01 09:30+02:00", "2026-03-01T07:30:00+00:00"),
        ("2026-03-01 09:30-0330", "2026-03-01T13:00:00+00:00"),
        ("2026-03-01T09:30Z", "2026-03-01T09:30:00+00:00"),
        ("2026-03-01 09:30 (Sunday)", "2026-03-01T08:30:00+00:00"),
        ("2026-03-01 09:30 (sun)", "2026-03-01T08:30:00+00:00"),
        ("2026-03-01 09:30 Asia/Tokyo", "2026-03-01T00:30:00+00:00"),
        ("2026-03-01 09:30+02:00 (Sunday) Asia/Tokyo", "2026-03-01T07:30:00+00:00"),
    ],
)
def test_a_time_is_read_as_it_is_written(text, instant):
    assert parse_time(text, "Europe/Berlin").astimezone(UTC).isoformat() == instant


def test_an_offset_says_when_and_a_zone_says_how_it_is_shown():
    stamp = parse_time("2026-03-01 23:30+00:00 Asia/Tokyo")
    assert show(stamp) == "2026-03-02 08:30 (Monday)"
    assert zone_name(stamp) == "Asia/Tokyo"


def test_the_weekday_is_the_one_of_the_zone_that_is_shown():
    assert parse_time("2026-03-01 23:30Z (Monday) Asia/Tokyo") == datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
    with pytest.raises(InvalidInput, match="2026-03-02 is a Monday, not a Sunday"):
        parse_time("2026-03-01 23:30Z (Sunday) Asia/Tokyo")


def test_a_text_without_a_zone_is_meant_in_the_machines_own():
    assert parse_time("2026-03-01 09:30") == datetime(2026, 3, 1, 9, 30, tzinfo=zone_of(None))
    assert abs(now() - datetime.now(UTC)) < timedelta(minutes=1)
    assert now().utcoffset() is not None


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "yesterday", "2026-03-01", "09:30", "2026-3-1 09:30", "2026-02-29 09:30", "2026-13-01 09:30",
        "2026-00-10 09:30", "2026-03-01 24:00", "2026-03-01 09:60", "2026-03-01 09:30:60", "2026-03-01 9:30",
        "2026-03-01 09:30 (Funday)",
        "2026-03-01 09:30 (Monday)", "2026-03-01 09:30 ()", "2026-03-01 09:30+24:00", "2026-03-01 09:30+2", "10000-01-01 00:00",
        "0000-01-01 00:00", "2026-03-01 09:30 Mars/Olympus", "2026-03-01 09:30 ../../etc/passwd", "2026-03-01 09:30 Europe",
        "２０２６-03-01 09:30", "2026-03-01 09:30\x00", "2026-03-01 09:30 and more", "null", "\ud800",
    ],
)  # fmt: skip
def test_what_is_no_time_is_refused_with_a_sentence(text):
    with pytest.raises(InvalidInput) as refused:
        parse_time(text, "Europe/Berlin")
    assert refused.value.code == "invalid_input"
    assert refused.value.message.endswith(".")


numbers = st.from_regex(
    r"\A\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:\d{2})?( \([A-Z][a-z]+\))?( [A-Z][a-z/_]+)?\Z"
)


@often
@given(st.one_of(st.text(), st.text("0123456789-: T+Z().()/ \n"), numbers), st.one_of(st.none(), st.text(), regions))
@example("2026-03-01 09:30", "\x00")
@example("2026-03-01 09:30", "a" * 5_000)
@example("2026-03-01 09:30", "\ud800")
@example("2026-03-01 09:30", "")
def test_no_text_and_no_zone_raises_anything_else(text, zone):
    try:
        stamp = parse_time(text, zone)
    except InvalidInput:
        return
    assert stamp.utcoffset() is not None


@often
@given(instants, zones)
def test_what_is_shown_is_read_back(instant, zone):
    stamp = instant.astimezone(zone)
    again = parse_time(show(stamp), zone_name(stamp))
    assert show(again) == show(stamp)
    # A clock time that happens twice is the first of the two; nothing else is lost but the seconds.
    if stamp.fold == 0:
        assert again.astimezone(UTC) == stamp.replace(second=0, microsecond=0).astimezone(UTC)


@often
@given(st.datetimes(FIRST, LAST), regions)
def test_reading_is_stable_and_a_time_that_no_clock_showed_is_moved_on(naive, zone):
    text = naive.isoformat(sep=" ", timespec="microseconds")
    stamp = parse_time(text, zone)
    shown = stamp.replace(tzinfo=None)
    assert naive <= shown <= naive + timedelta(days=1)
    assert parse_time(shown.isoformat(sep=" ", timespec="microseconds"), zone).isoformat() == stamp.isoformat()
    assert stamp.fold == 0


@often
@given(zones)
def test_a_zones_name_finds_it_again(zone):
    stamp = datetime(2026, 7, 1, 12, tzinfo=zone)
    found = zone_of(zone_name(stamp))
    assert stamp.astimezone(found) == stamp
    assert stamp.astimezone(found).utcoffset() == stamp.utcoffset()
    if isinstance(zone, ZoneInfo):
        assert found == zone


@pytest.mark.parametrize(
    ("zone", "name"),
    [
        (UTC, "+00:00"),
        (timezone(timedelta(hours=-3, minutes=-30)), "-03:30"),
        (timezone(timedelta(hours=23, minutes=59)), "+23:59"),
        (timezone(timedelta(seconds=-1)), "-00:00:01"),
        (timezone(timedelta(hours=2), "CEST"), "+02:00"),
        (BERLIN, "Europe/Berlin"),
    ],
)
def test_zone_names(zone, name):
    assert zone_name(datetime(2026, 7, 1, tzinfo=zone)) == name


def test_zones_are_known_on_machines_that_have_no_zone_files():
    """Such as Windows, and small containers."""
    zoneinfo.reset_tzpath(to=())
    try:
        # No other test names this zone, so it is not in the cache.
        assert parse_time("2026-07-01 12:00", "Africa/Kigali").utcoffset() == timedelta(hours=2)
    finally:
        zoneinfo.reset_tzpath()


def test_a_zone_without_a_name_is_called_by_its_offset():
    from importlib.resources import files

    with (files("tzdata") / "zoneinfo/Europe/Berlin").open("rb") as data:
        nameless = ZoneInfo.from_file(data)
    assert zone_name(datetime(2026, 7, 1, tzinfo=nameless)) == "+02:00"


def test_a_time_without_a_zone_has_no_zone_name():
    with pytest.raises(InvalidInput, match="needs a zone"):
        zone_name(datetime(2026, 7, 1))  # noqa: DTZ001 - it is what is refused


@pytest.mark.parametrize(
    "name", ["", "Mars/Olympus", "../../etc/passwd", "/etc/passwd", "Europe", "a" * 5_000, "\x00", "+24:00", "+2"]
)
def test_there_is_no_such_zone(name):
    with pytest.raises(InvalidInput, match="no time zone called"):
        zone_of(name)


def test_a_clock_time_that_spring_skips_is_moved_on_by_the_change():
    stamp = parse_time("2026-03-29 02:30", "Europe/Berlin")
    assert show(stamp) == "2026-03-29 03:30 (Sunday)"
    assert stamp == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def test_a_clock_time_that_autumn_shows_twice_is_the_first_of_the_two():
    assert parse_time("2026-10-25 02:30", "Europe/Berlin").astimezone(UTC) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_an_offset_tells_the_two_apart():
    second = parse_time("2026-10-25 02:30+01:00 Europe/Berlin")
    assert second.astimezone(UTC) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert show(second) == "2026-10-25 02:30 (Sunday)"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("0001-01-01 00:00Z", "0001-01-01 00:00 (Monday)"),
        ("0001-01-01 00:00-02:00", "0001-01-01 00:00 (Monday)"),
        ("9999-12-31 23:59Z", "9999-12-31 23:59 (Friday)"),
        ("9999-12-31 23:59+02:00", "9999-12-31 23:59 (Friday)"),
    ],
)
def test_the_first_and_the_last_year_are_years(text, shown):
    stamp = parse_time(text)
    assert show(stamp) == shown
    assert parse_time(show(stamp), zone_name(stamp)) == stamp


@pytest.mark.parametrize(
    "text",
    ["0001-01-01 00:00+02:00", "9999-12-31 23:59-02:00", "0001-01-01 00:00 Asia/Tokyo", "9999-12-31 23:59 America/New_York"],
)
def test_an_instant_outside_the_calendar_is_refused(text):
    with pytest.raises(InvalidInput, match="not a time that exists"):
        parse_time(text)


def test_nothing_recent_lies_before_the_first_hour_of_the_calendar():
    first = parse_time("0001-01-01 00:59Z")
    assert recent_since(first) == datetime.min.replace(tzinfo=UTC)
    assert recent_since(parse_time("0001-01-01 01:00Z")) == datetime.min.replace(tzinfo=UTC)


def test_the_first_turn_opens_a_session():
    assert starts_session(None, datetime(2026, 3, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("gap", "new"),
    [
        (timedelta(0), False),
        (timedelta(minutes=59), False),
        (timedelta(minutes=60) - MICROSECOND, False),
        (timedelta(minutes=60), True),
        (timedelta(minutes=60) + MICROSECOND, True),
        (timedelta(days=400), True),
    ],
)
@pytest.mark.parametrize("zone", [UTC, BERLIN, TOKYO])
def test_sixty_minutes_end_a_session(gap, new, zone):
    before = datetime(2026, 3, 1, 9, tzinfo=UTC)
    assert starts_session(before.astimezone(BERLIN), (before + gap).astimezone(zone)) is new


def test_a_session_does_not_end_because_clocks_are_put_forward():
    before, after = parse_time("2026-03-29 01:30", "Europe/Berlin"), parse_time("2026-03-29 03:15", "Europe/Berlin")
    assert not starts_session(before, after)


def test_a_session_ends_although_clocks_are_put_back():
    before = parse_time("2026-10-25 02:30", "Europe/Berlin")
    after = parse_time("2026-10-25 02:30+01:00 Europe/Berlin")
    assert starts_session(before, after)


@often
@given(instants, st.integers(0, 3 * 3_600 * 10**6), zones, zones)
def test_a_session_and_the_recent_window_are_about_instants_and_agree(instant, microseconds, there, here):
    """A turn is in the recent window of a message exactly when the message does not open a new session after it."""
    later = instant + timedelta(microseconds=microseconds)
    previous, current = instant.astimezone(there), later.astimezone(here)
    new = microseconds >= SESSION_GAP / MICROSECOND
    assert starts_session(previous, current) is new
    assert (recent_since(current) < instant) is not new


def test_a_machine_whose_zone_does_not_exist_is_told_so(monkeypatch):
    monkeypatch.setenv("TZ", "Mars/Olympus")
    # What was read before is kept by the library, for a whole process.
    monkeypatch.setattr(clock.tzlocal, "get_localzone", tzlocal.reload_localzone)
    with pytest.raises(InvalidInput, match="Set TZ"):
        clock.now()


def test_later_counts_real_minutes_across_a_time_change_and_ends_with_the_year_9999():
    before = clock.parse_time("2026-03-29 01:30", "Europe/Berlin")
    assert clock.show(clock.later(before, timedelta(hours=1))) == "2026-03-29 03:30 (Sunday)"
    with pytest.raises(InvalidInput, match="Begin earlier"):
        clock.later(clock.parse_time("9999-12-31 23:59", "UTC"), timedelta(minutes=1))


def test_a_day_stands_for_its_beginning_and_is_named_as_it_was_typed():
    assert clock.parse_start(" 2025-03-01 ", "UTC") == clock.parse_start("2025-03-01 00:00", "UTC")
    with pytest.raises(InvalidInput, match=r"^'2025-13-45' is not a time that exists "):
        clock.parse_start("2025-13-45")
    with pytest.raises(InvalidInput, match=r"^'soon' is not a time\. "):
        clock.parse_start("soon")
    with pytest.raises(
        InvalidInput, match=r"^'0001-01-01' is not a time that exists\. Name a time between the years 2 and 9998\.$"
    ):
        clock.parse_start("0001-01-01", "Europe/Berlin")


class TestSeveralClocks:
    """A host goes by the clock of the server that all hosts ask, where its own is wrong."""

    NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)

    @pytest.fixture(autouse=True)
    def machine(self, monkeypatch):
        monkeypatch.setattr(clock, "machine_time", lambda: self.NOON)
        yield
        clock.go_by_machine()

    def asked(self, server: timedelta, waited: timedelta = timedelta(0)) -> timedelta:
        return clock.agree_with(self.NOON + server, self.NOON, self.NOON + waited)

    def test_half_of_the_way_is_subtracted(self):
        assert self.asked(timedelta(minutes=5, seconds=1), timedelta(seconds=2)) == timedelta(minutes=5)
        assert clock.instant() == self.NOON + timedelta(minutes=5)
        assert clock.now("Europe/Berlin").isoformat() == "2026-03-01T13:05:00+01:00"

    def test_noise_changes_nothing(self):
        assert self.asked(timedelta(milliseconds=900)) == timedelta(0)
        self.asked(timedelta(minutes=-5))
        assert self.asked(timedelta(minutes=-5, milliseconds=700)) == timedelta(minutes=-5)

    def test_a_slow_answer_says_little(self):
        assert self.asked(timedelta(seconds=8), timedelta(seconds=10)) == timedelta(0)

    def test_a_clock_that_was_put_right_is_believed_again(self):
        self.asked(timedelta(minutes=5))
        assert self.asked(timedelta(milliseconds=10)) == timedelta(0)


def test_what_is_stored_goes_by_the_clock_of_all_hosts():
    """Only the card of a folder's owner, which is read on this machine alone, shows its own time."""
    root = Path(__file__).parents[4]
    own = {root / "memory/core/clock.py", root / "memory/storage/folder_lock.py"}
    for path in {*(root / "memory").rglob("*.py"), *(root / "graph").rglob("*.py")} - own:
        assert not re.search(r"datetime\.now\(|time\.time\(|utcnow", path.read_text()), path
