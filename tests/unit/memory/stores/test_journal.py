"""What was said, when, and in which order: the journal's own rules."""

from __future__ import annotations

import pytest

from memory.core import clock
from memory.core.clock import parse_time
from memory.core.errors import NotFound, TimeOrderError
from memory.core.records import TurnState


def at(text: str):
    return parse_time(text, "Europe/Berlin")


def test_the_hour_that_comes_twice_is_told_apart(memory):
    memory.receive("ada", "First time", time=parse_time("2026-10-25 02:50+02:00 Europe/Berlin"))
    later = memory.receive("ada", "Second time", time=parse_time("2026-10-25 02:10+01:00 Europe/Berlin"))
    assert later.seq == 2
    with pytest.raises(TimeOrderError):
        memory.receive("ada", "Back again", time=parse_time("2026-10-25 02:55+02:00 Europe/Berlin"))


def test_a_turn_keeps_the_zone_it_was_said_in(memory):
    memory.receive("ada", "Hello", time=at("2026-03-01 09:00"))
    memory.receive("ada", "From afar", time=parse_time("2026-03-01T18:00+09:00"))
    shown = [f"{turn.time:%Y-%m-%d %H:%M %z}" for turn in memory.journal.turns("ada")]
    assert shown == ["2026-03-01 09:00 +0100", "2026-03-01 18:00 +0900"]


def test_the_recent_window_is_less_than_sixty_minutes_of_spoken_turns(memory):
    for minute, text in ((0, "edge"), (1, "inside"), (30, "failed"), (40, "received")):
        turn = memory.receive("ada", text, time=at(f"2026-03-01 09:{minute:02}"))
        if text == "failed":
            memory.journal.fail(turn.id, "no model")
        elif text != "received":
            memory.journal.finish(turn.id, "Ok")
    recent = memory.journal.recent("ada", at("2026-03-01 10:00"))
    assert [turn.text for turn in recent] == ["inside"]


def test_a_finished_turn_is_finished_once(memory):
    turn = memory.receive("ada", "Hi")
    memory.journal.finish(turn.id, "First")
    assert memory.journal.finish(turn.id, "Second").reply == "First"
    memory.journal.fail(turn.id, "late")
    assert memory.journal.turn(turn.id).state == TurnState.ANSWERED
    assert memory.work.count() == 1


def test_only_the_last_message_can_be_answered_again(memory):
    first = memory.receive("ada", "One", time=at("2026-03-01 09:00"))
    memory.receive("ada", "Two", time=at("2026-03-01 09:01"))
    with pytest.raises(NotFound, match="Only the last"):
        memory.journal.replace(first.id)


def test_a_failed_message_sent_again_is_remembered_once(memory):
    turn = memory.receive("ada", "One", time=at("2026-03-01 09:00"))
    memory.journal.fail(turn.id, "no model")
    assert memory.work.count() == 0
    again = memory.journal.replace(turn.id)
    memory.journal.finish(again.id, "Ok")
    assert memory.work.count() == 1
    assert again.time == turn.time


def test_a_turn_in_the_middle_of_which_the_process_died_is_marked_unanswered(memory):
    turn = memory.receive("ada", "Hello?")
    assert memory.journal.fail_interrupted() == 1
    failed = memory.journal.turn(turn.id)
    assert (failed.state, failed.text) == (TurnState.FAILED, "Hello?")
    assert "Send it again" in failed.error


def test_an_ended_session_is_not_continued(memory):
    memory.ingest_turn("ada", at("2026-03-01 09:00"), "From a transcript", "Ok")
    memory.journal.end_session("ada")
    memory.journal.end_session("ada")
    assert memory.receive("ada", "Right after", time=at("2026-03-01 09:05")).session == 2
    assert memory.work.count() == 2


def test_long_conversations_stay_in_order(memory):
    for number in range(60):
        memory.ingest_turn("ada", at(f"2026-03-01 09:{number:02}"), f"Message {number}", "Ok")
    turns = memory.journal.turns("ada", limit=3)
    assert [turn.text for turn in turns] == ["Message 57", "Message 58", "Message 59"]
    assert [turn.seq for turn in turns] == [58, 59, 60]


def test_a_turn_at_the_end_of_time_is_left_where_it_is(memory):
    memory.receive("ada", "Far ahead", time=clock.parse_time("9999-12-31 23:59", "UTC"))
    assert memory.receive("ada", "Now", zone="Asia/Tokyo").time.year < 9999
