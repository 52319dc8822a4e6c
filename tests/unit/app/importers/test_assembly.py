"""What readers yield of their messages: times that are missing, titles and places."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from app.importers.assembly import Draft, conversation_parts, place_of, title_of
from app.importers.conversations import LeftOut, Role

BERLIN = ZoneInfo("Europe/Berlin")
# An hour before clocks went back.
AUTUMN = datetime(2026, 10, 25, 2, 0, tzinfo=BERLIN)


def seconds(*times: datetime | None, began: datetime | None = None) -> list[float]:
    """Return the seconds from each message to the first one with a time of its own, or to the conversation's."""
    drafts = [Draft(Role.ME, "x", time) for time in times]
    start = next((time for time in times if time), began)
    assert start is not None
    parts = conversation_parts("c", "", drafts, began=began, place="conversation 1", left_out=LeftOut())
    return [message.time.timestamp() - start.timestamp() for part in parts for message in part.messages]


def test_a_missing_time_is_a_second_after_the_message_before() -> None:
    assert seconds(AUTUMN, None, None, AUTUMN + timedelta(minutes=5)) == [0, 1, 2, 300]


def test_the_first_ones_have_the_conversations_own_time() -> None:
    assert seconds(None, AUTUMN, began=AUTUMN - timedelta(minutes=1)) == [-60, 0]
    assert seconds(None, None, began=AUTUMN) == [0, 1]


def test_a_conversations_time_that_is_too_late_does_not_turn_the_order() -> None:
    assert seconds(None, None, AUTUMN, began=AUTUMN + timedelta(days=1)) == [-2, -1, 0]
    assert seconds(None, AUTUMN) == [-1, 0]


def test_titles_are_one_line() -> None:
    assert title_of(" a\n b\x00 ") == "a b"
    assert len(title_of("x" * 999)) == 200
    assert title_of(5) == ""
    assert place_of(3, "Trip") == 'conversation 3 "Trip"'
    assert place_of(3, "") == "conversation 3"
