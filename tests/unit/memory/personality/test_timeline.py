"""Scores go by when it was said: history that is read late takes its place before what was read already."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memory.browse.personality import TimelineSteps
from memory.core.records import TRAITS, BigFive, PersonalityPoint
from memory.memory import Memory
from memory.personality.pem import evolve
from tests.fakes import WordEmbedder

DAY = datetime(2026, 3, 1, 9, tzinfo=UTC)
CURIOUS, WORRIED = BigFive(openness=5), BigFive(neuroticism=5)


def read(memory: Memory, day: int, inferred: BigFive) -> str:
    """Read a message of a day, as the remember graph does."""
    time = DAY + timedelta(days=day)
    turn = memory.ingest_turn("ada", time, f"I was here on day {day}.", "I see.")
    last = memory.personality.before("ada", time) or PersonalityPoint(turn_id=None, time=time)
    m = last.m + 1 if last.turn_id else last.m
    scores = evolve(last.scores, inferred, m, last.pinned)
    point = PersonalityPoint(turn_id=turn.id, time=time, inferred=inferred, scores=scores, m=m, pinned=last.pinned)
    memory.memories.commit_remember("ada", turn.id, point, None, before=last.scores)
    return turn.id


def shown(memory: Memory) -> list[tuple]:
    return [(one.time, one.scores, one.m, one.pinned) for one in memory.personality.history("ada")]


@settings(max_examples=25)
@given(order=st.permutations(range(5)), evidence=st.lists(st.integers(1, 5), min_size=5, max_size=5))
def test_any_order_of_reading_gives_the_scores_of_the_order_of_time(tmp_path_factory, order, evidence):
    def scored(days) -> list[tuple]:
        with Memory(tmp_path_factory.mktemp("data"), WordEmbedder()) as memory:
            for day in days:
                read(memory, day, BigFive(**dict.fromkeys(TRAITS, evidence[day])))
            return shown(memory)

    assert scored(order) == scored(range(5))


def test_the_newest_scores_are_those_of_the_last_message_not_of_the_last_that_was_read(memory):
    read(memory, 10, CURIOUS)
    read(memory, 0, WORRIED)
    newest = memory.personality.newest("ada")
    assert newest.time == DAY + timedelta(days=10)
    # The worry of the first day came first, with the greatest weight.
    assert newest.scores.neuroticism == 4.0
    assert newest.m == 1
    assert [point.time for point in memory.browse.last_points("ada", 2)] == [DAY + timedelta(days=10), DAY]


def test_a_message_shows_the_scores_before_and_after_it_in_time(memory):
    later = read(memory, 10, CURIOUS)
    earlier = read(memory, 0, WORRIED)
    before, point = TimelineSteps(memory.browse).of_turn("ada", later)
    assert before.neuroticism == 4.0
    assert point.scores.openness > 3.0
    assert TimelineSteps(memory.browse).of_turn("ada", earlier)[0] == BigFive()


@pytest.mark.parametrize("late", [0, 5])
def test_a_reset_holds_against_history_that_is_read_after_it(memory, late):
    read(memory, 10, CURIOUS)
    memory.personality.reset("ada", DAY + timedelta(days=11))
    read(memory, late, WORRIED)
    assert memory.personality.newest("ada").scores == BigFive()
    assert memory.personality.evidence("ada").shown == ()


def test_a_pin_of_a_clock_that_is_behind_is_the_last_point(memory):
    read(memory, 10, CURIOUS)
    memory.personality.pin("ada", "openness", 2.0, DAY)
    assert memory.personality.newest("ada").scores.openness == 2.0
    assert memory.personality.newest("ada").pinned == ("openness",)


def test_the_points_keep_their_order_in_an_archive(memory, tmp_path):
    for day in (10, 0, 5):
        read(memory, day, CURIOUS)
    memory.personality.pin("ada", "openness", 2.0, DAY)
    memory.export_user("ada", tmp_path / "ada.zip")
    with Memory(tmp_path / "other", WordEmbedder()) as other:
        other.import_user(tmp_path / "ada.zip")
        assert shown(other) == shown(memory)
