"""The order of turns is that of their times: a message that is said now is said now, and history takes its own place."""

from __future__ import annotations

from datetime import UTC, timedelta

import pytest

from memory.core import clock
from memory.core.errors import NotFound, TimeOrderError
from memory.core.records import Line
from tests.fakes import ScriptedChat

NEXT_YEAR = clock.now("UTC").replace(microsecond=0) + timedelta(days=370)
LAST_YEAR = clock.now("UTC").replace(microsecond=0) - timedelta(days=370)
NEAR = timedelta(minutes=2)


def said(memory, text, time=None, reply="Ok"):
    turn = memory.receive("ada", text, time=time)
    return memory.journal.finish(turn.id, reply)


def texts(memory, **how):
    return [turn.text for turn in memory.journal.turns("ada", **how)]


@pytest.mark.parametrize("ahead", [timedelta(seconds=90), timedelta(minutes=30), timedelta(days=1), timedelta(days=370)])
def test_a_message_that_is_said_now_is_said_now(memory, ahead):
    begun = clock.now("UTC")
    said(memory, "Ahead", clock.now("UTC") + ahead)
    first, second = said(memory, "First"), said(memory, "Second")
    assert abs(first.time - begun) < NEAR > abs(second.time - begun)
    assert texts(memory) == ["First", "Second", "Ahead"]
    assert [turn.text for turn in memory.journal.recent("ada", second.time, second.seq)] == ["First"]
    # The real time may be given, to the minute.
    third = said(memory, "Third", clock.now("UTC"))
    assert third.session == first.session == second.session
    assert memory.journal.last_time("ada").timestamp() == third.time.timestamp()


def test_a_message_far_ahead_is_a_conversation_of_its_own_that_ends(serve):
    service = serve(ScriptedChat())
    memory = service.memory
    ahead = said(memory, "Ahead", NEXT_YEAR)
    first = said(memory, "First")
    assert first.session != ahead.session
    service.wait("ada")
    assert memory.journal.is_summed_up("ada", ahead.session)
    assert memory.journal.end_stale_sessions(clock.now() + timedelta(minutes=61)) == 1
    service.wait("ada")
    assert memory.journal.is_summed_up("ada", first.session)
    assert said(memory, "Later").session not in {ahead.session, first.session}


def test_times_ahead_keep_their_own_order(memory):
    said(memory, "Ahead", NEXT_YEAR)
    with pytest.raises(TimeOrderError, match="persona ingest"):
        said(memory, "Before it", NEXT_YEAR - timedelta(days=1))
    said(memory, "Now")
    assert said(memory, "After it", NEXT_YEAR + timedelta(days=1)).time > NEXT_YEAR
    with pytest.raises(TimeOrderError):
        said(memory, "Before now", LAST_YEAR)


def test_after_a_clock_that_was_set_back_an_unstated_time_follows(memory, monkeypatch):
    first = said(memory, "First")
    monkeypatch.setattr(clock, "now", lambda zone=None: first.time.astimezone(UTC) - timedelta(hours=3))
    second = said(memory, "Second")
    third = said(memory, "Third")
    assert first.time.timestamp() == second.time.timestamp() == third.time.timestamp()
    assert texts(memory) == ["First", "Second", "Third"]
    assert first.session == third.session


def test_the_last_message_can_be_answered_again_whatever_lies_ahead_or_came_as_history(memory):
    ahead = said(memory, "Ahead", NEXT_YEAR)
    now = said(memory, "Now")
    memory.ingest("ada", [Line(time=LAST_YEAR, text="Long ago", reply="Ok")])
    again = memory.journal.replace(now.id)
    assert (again.time, again.session) == (now.time, now.session)
    with pytest.raises(NotFound):
        memory.journal.replace(memory.journal.turns("ada")[0].id)
    assert memory.journal.replace(ahead.id).time.timestamp() == NEXT_YEAR.timestamp()


def test_a_session_that_lies_ahead_makes_nothing_of_today_past(memory):
    ahead, first = said(memory, "Ahead", NEXT_YEAR), said(memory, "First")
    memory.journal.end_session("ada")
    memory.memories.commit_consolidation("ada", ahead.session, ahead.time, episodes=(), procedures=None, profile=None)
    assert not memory.journal.has_moved_on("ada", first.session)
    memory.ingest("ada", [Line(time=LAST_YEAR, text="Long ago", reply="Ok")])
    long_ago = memory.journal.turns("ada")[0].session
    assert not memory.journal.has_moved_on("ada", long_ago)
    memory.memories.commit_consolidation("ada", first.session, first.time, episodes=(), procedures=None, profile=None)
    assert memory.journal.has_moved_on("ada", long_ago)
    assert not memory.journal.has_moved_on("ada", first.session)


def test_history_takes_its_own_place(memory):
    said(memory, "In May", clock.parse_time("2026-05-01 09:00", "UTC"))
    said(memory, "In July", clock.parse_time("2026-07-01 09:00", "UTC"))
    said(memory, "In July, later", clock.parse_time("2026-07-01 09:40", "UTC"))
    lines = [
        Line(time=clock.parse_time("2026-07-01 09:20", "UTC"), text="Inside its hour", reply="Ok"),
        Line(time=clock.parse_time("2025-05-01 09:00", "UTC"), text="A year before", reply="Ok"),
        Line(time=clock.parse_time("2026-06-01 09:00", "UTC"), text="Between", reply="Ok"),
        Line(time=clock.parse_time("2026-06-01 09:30", "UTC"), text="Between, later", reply="Ok"),
    ]
    assert memory.ingest("ada", lines) == 4
    in_order = [
        "A year before", "In May", "Between", "Between, later", "In July", "Inside its hour", "In July, later",
    ]  # fmt: skip
    assert texts(memory) == in_order
    assert texts(memory, limit=2) == in_order[-2:]
    assert [talk.first for talk in memory.browse.talks("ada", limit=9)] == [
        "Inside its hour", "In July", "Between", "In May", "A year before",
    ]  # fmt: skip
    assert memory.ingest("ada", lines) == 0
    # The conversation that goes on is the one that was there.
    july = memory.journal.turns("ada")[-1]
    assert said(memory, "And on", clock.parse_time("2026-07-01 10:00", "UTC")).session == july.session
    recent = memory.journal.recent("ada", clock.parse_time("2026-07-01 10:10", "UTC"))
    assert [turn.text for turn in recent] == ["Inside its hour", "In July, later", "And on"]


def test_history_inside_its_hour_makes_nothing_of_a_conversation_past(memory):
    def at(minute):
        return clock.parse_time(f"2026-07-01 09:{minute:02}", "UTC")

    first, _ = said(memory, "First", at(0)), said(memory, "Second", at(50))
    memory.ingest("ada", [Line(time=at(20), text="Inside its hour", reply="Ok")])
    history = memory.journal.turns("ada")[1]
    memory.memories.commit_consolidation("ada", history.session, at(20), episodes=(), procedures=None, profile=None)
    assert not memory.journal.has_moved_on("ada", first.session)


def test_history_adds_to_the_profile_and_takes_no_newer_lines_place(memory):
    def sum_up(session, time, profile):
        past = memory.journal.has_moved_on("ada", session)
        commit = memory.memories.commit_consolidation
        commit("ada", session, time, episodes=(), procedures=None, profile=profile, older=past)
        return memory.memories.profile("ada").values()

    today = said(memory, "I live in Lisbon.")
    memory.journal.end_session("ada")
    assert sum_up(today.session, today.time, {"home": "Lisbon"}) == {"name": "unknown", "home": "Lisbon"}
    lines = [Line(time=LAST_YEAR + timedelta(days=day), text=f"Day {day}", reply="Ok") for day in range(2)]
    memory.ingest("ada", lines)
    first, second = memory.journal.turns("ada")[:2]
    sum_up(first.session, first.time, {"home": "Berlin", "work": "teacher"})
    known = sum_up(second.session, second.time, {"home": "Porto", "work": "nurse", "pet": "a heron"})
    assert known == {"name": "unknown", "home": "Lisbon", "work": "nurse", "pet": "a heron"}
    later = said(memory, "Hello again")
    assert sum_up(later.session, later.time, {"home": "Oslo"}) == {"name": "unknown", "home": "Oslo"}
