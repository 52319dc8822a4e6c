"""Looking through what is remembered, page by page; and saying that something was true until now."""

from __future__ import annotations

from datetime import timedelta

import pytest

from memory.core import clock
from memory.core.errors import InvalidInput, NotFound
from memory.core.records import BigFive, Episode, PersonalityPoint, SemanticMemory, make_id
from memory.core.time_window import TimeWindow

BEGIN = clock.parse_time("2026-03-01 09:00", "UTC")


def tell(memory, number, user="ada", score=3.0):
    """One message a day, with a fact and a point of the curve."""
    at = BEGIN + timedelta(days=number)
    turn = memory.ingest_turn(user, at, f"Message {number}.", "Noted.")
    name = make_id(user, "semantic", turn.id)
    point = PersonalityPoint(turn_id=turn.id, time=at, scores=BigFive(openness=score), m=number)
    fact = SemanticMemory(id=name, turn_id=turn.id, time=at, content=f"Fact {number}.", keywords=("fact",))
    memory.memories.commit_remember(user, turn.id, point, fact)
    return turn, name


@pytest.fixture
def told(memory):
    for number in range(25):
        tell(memory, number)
    tell(memory, 0, "bob")
    return memory


def test_memories_come_newest_first_a_page_at_a_time(told):
    found, total = told.browse.memories("ada", ["semantic"], limit=10, offset=10)
    assert total == 25
    assert [one.content for one in found] == [f"Fact {number}." for number in range(14, 4, -1)]
    since, until = BEGIN + timedelta(days=3), BEGIN + timedelta(days=6)
    found, total = told.browse.memories("ada", ["semantic", "core"], TimeWindow.half_open(since, until), limit=10)
    assert ([one.content for one in found], total) == (["Fact 5.", "Fact 4.", "Fact 3."], 3)
    assert told.browse.counts("ada") == {"semantic": 25, "turn": 25}
    assert told.browse.counts("nobody") == {"turn": 0}
    first, last = told.browse.days("ada")
    assert (first, last > BEGIN + timedelta(days=24)) == (BEGIN, True)
    assert told.browse.days("nobody") is None


def test_conversations_come_newest_first_with_what_they_were_about(told):
    topic = Episode(id=make_id("ada", "episodic", 25, 0), session=25, time=BEGIN, summary="About facts.", turn_ids=())
    told.memories.commit_consolidation("ada", 25, BEGIN, episodes=[topic], procedures=None, profile=None)
    newest, second = told.browse.talks("ada", limit=2)
    assert (newest.session, newest.topic, newest.first, newest.turns) == (25, "About facts.", "Message 24.", 1)
    assert second.topic is None
    assert [one.session for one in told.browse.talks("ada", limit=30, before=3)] == [2, 1]


def test_a_forgotten_message_is_in_no_page(told):
    turn = told.journal.turns("ada", limit=1)[0]
    assert told.browse.session_of("ada", turn.id) == 25
    assert told.browse.session_of("bob", turn.id) is None
    assert told.browse.turns_by_id("bob", [turn.id]) == {}
    told.forget("ada", turn.id)
    assert told.browse.turns_by_id("ada", [turn.id]) == {}
    assert told.browse.talks("ada", limit=1)[0].session == 24
    [waiting] = told.browse.undoable("ada")
    assert (waiting.subject, waiting.kind, waiting.counts["memories"]) == (turn.id, "turn", 1)
    told.undo("ada", turn.id)
    assert told.browse.undoable("ada") == []
    told.forget("ada", turn.id, now=True)
    assert told.browse.undoable("ada") == []


def test_a_line_leads_to_the_conversation_that_it_was_written_after(told):
    told.memories.commit_consolidation("ada", 2, BEGIN, episodes=[], procedures={"run": "Runs."}, profile={"home": "Oslo"})
    said = told.set_profile("ada", "name", "Ada", BEGIN)
    told.memories.commit_consolidation("bob", 1, BEGIN, episodes=[], procedures=None, profile={"home": "Bonn"})
    habit, home, foreign = (
        make_id(*parts) for parts in (("ada", "procedural", "run"), ("ada", "core", "home"), ("bob", "core", "home"))
    )
    fact = told.memories.entries("ada", kind="semantic")[0].id
    assert told.browse.written_in("ada", [habit, home, foreign, said.id, fact]) == {habit: 2, home: 2}
    assert told.browse.written_in("ada", []) == {}
    first, second = told.journal.turns("ada", limit=2)
    assert told.browse.first_turn("ada", first.session) == first.id
    assert told.browse.first_turn("ada", 99) is None
    told.forget("ada", second.id)
    assert told.browse.first_turn("ada", second.session) is None


@pytest.mark.parametrize("most", [1, 7, 25, 100])
def test_a_curve_is_thinned_and_keeps_its_end_and_what_was_done_by_hand(told, most):
    told.personality.pin("ada", "openness", 4.0, BEGIN + timedelta(days=25))
    tell(told, 26, score=4.5)
    points, total = told.browse.points("ada", most)
    assert total == 27
    assert len(points) <= min(most, 27) + 2
    assert points[-1].scores.openness == 4.5
    assert [point.cause for point in points].count("pin") == 1
    assert [point.time for point in points] == sorted(point.time for point in points)
    assert [one.m for one in told.browse.last_points("ada", 2, 2)] == [24, 23]


class TestOutdated:
    def test_a_fact_is_kept_as_what_was_and_undo_lets_it_stand_again(self, told):
        _, name = tell(told, 30)
        record = told.outdate("ada", name, BEGIN + timedelta(days=40))
        assert record.told == "Fact 30. (True until 2026-04-10, no longer.)"
        assert not told.memories.get("ada", name).is_valid
        found = [one.id for one in told.search("ada", "Fact 30", kind="semantic", limit=50)]
        assert name in found
        assert told.undo("ada", name).is_valid

    def test_forgetting_it_and_bringing_it_back_keeps_that(self, told):
        _, name = tell(told, 30)
        told.outdate("ada", name, BEGIN + timedelta(days=40))
        told.forget("ada", name)
        told.undo("ada", name)
        assert told.memories.get("ada", name).valid_until == BEGIN + timedelta(days=40)

    def test_what_it_had_made_untrue_is_not_touched_by_it(self, told):
        _, name = tell(told, 30)
        told.outdate("ada", name, BEGIN + timedelta(days=40))
        assert all(one.is_valid for one in told.memories.entries("ada", kind="semantic") if one.id != name)

    def test_a_line_is_dropped_and_may_come_back(self, told):
        told.memories.commit_consolidation("ada", 1, BEGIN, episodes=[], procedures={"run": "Runs."}, profile={"home": "Oslo"})
        [line] = told.memories.entries("ada", kind="core")
        assert told.outdate("ada", line.id, BEGIN) is None
        assert told.memories.entries("ada", kind="core") == []
        told.undo("ada", line.id)
        [line] = told.memories.entries("ada", kind="core")
        told.outdate("ada", line.id, BEGIN)
        told.memories.commit_consolidation("ada", 2, BEGIN, episodes=[], procedures=None, profile={"home": "Oslo"})
        assert [one.value for one in told.memories.entries("ada", kind="core")] == ["Oslo"]

    def test_an_outdated_fact_leaves_the_profile_line_that_said_it(self, told):
        at = BEGIN + timedelta(days=50)
        turn = told.ingest_turn("ada", at, "I live in Oslo.", "Cold.")
        fact = SemanticMemory(
            id=make_id("ada", "semantic", turn.id), turn_id=turn.id, time=at, content="The user's home is Oslo."
        )
        told.memories.commit_remember("ada", turn.id, PersonalityPoint(turn_id=turn.id, time=at), fact)
        told.memories.commit_consolidation("ada", 1, at, episodes=[], procedures=None, profile={"home": "Oslo"})
        told.outdate("ada", fact.id, at + timedelta(days=1))
        assert told.memories.profile("ada").values() == {"name": "unknown"}

    def test_a_topic_stays_true_of_its_time_and_nobody_speaks_for_another(self, told):
        topic = Episode(id=make_id("ada", "episodic", 25, 0), session=25, time=BEGIN, summary="About facts.", turn_ids=())
        told.memories.commit_consolidation("ada", 25, BEGIN, episodes=[topic], procedures=None, profile=None)
        with pytest.raises(InvalidInput, match="Edit"):
            told.outdate("ada", topic.id, BEGIN)
        _, name = tell(told, 30)
        with pytest.raises(NotFound):
            told.outdate("bob", name, BEGIN)
