"""Time in a search: windows really filter, by when it was said or when it happened; a time that a message names counts."""

from __future__ import annotations

import pytest

from memory.core import clock
from memory.core.query import Query
from memory.core.records import Episode, PersonalityPoint, SemanticMemory, make_id
from memory.core.time_window import TimeWindow
from tests.fakes import ScriptedChat

ZONE = "Europe/Berlin"
SAID = {
    "winter": ("2026-01-10 10:00", "The user went skiing in the Alps."),
    "night": ("2026-03-29 03:30", "The user could not sleep and went for a walk."),
    "spring": ("2026-04-02 10:00", "The user planted tomatoes."),
    "plan": ("2026-04-03 10:00", "The user flies to Quito on 2026-08-14."),
    "past": ("2026-04-04 10:00", "The user broke a leg in February 2019."),
}


def at(text):
    return clock.parse_time(text, ZONE)


@pytest.fixture
def life(serve):
    memory = serve(ScriptedChat()).memory
    for time, text in SAID.values():
        turn = memory.ingest_turn("ada", at(time), text, "I see.")
        record = SemanticMemory(id=make_id("ada", "semantic", turn.id), turn_id=turn.id, time=turn.time, content=text)
        memory.memories.commit_remember("ada", turn.id, PersonalityPoint(turn_id=turn.id, time=turn.time), record)
    return memory


def found(life, since=None, until=None, message="Tell me about it", now="2026-06-01 09:00"):
    query = Query(message, "", at(now), TimeWindow.between(since and at(since), until and at(until)))
    result = life.search_by_kind("ada", query)
    names = {text: name for name, (_, text) in SAID.items()}
    facts = {names[entry.text] for entry in result.memories if entry.kind == "semantic"}
    talk = {
        name for name, (_, text) in SAID.items() for entry in result.memories if entry.kind == "episodic" and text in entry.text
    }
    return facts, talk, result.widened


def test_a_window_filters_facts_and_talk_alike(life):
    assert found(life, "2026-04-01 00:00", "2026-04-02 23:59") == ({"spring"}, {"spring"}, False)


def test_a_half_open_window_filters_on_its_side(life):
    assert found(life, until="2026-02-01 00:00")[:2] == ({"winter", "past"}, {"winter"})
    assert found(life, since="2026-04-03 00:00")[0] == {"plan", "past"}


def test_a_fact_is_in_a_window_by_when_it_happened_too(life):
    assert found(life, "2026-08-01 00:00", "2026-08-31 23:59") == ({"plan"}, set(), False)
    assert found(life, "2019-02-01 00:00", "2019-02-28 23:59") == ({"past"}, set(), False)


def test_a_window_that_holds_nothing_is_left_out_and_that_is_said(life):
    facts, _, widened = found(life, "2031-01-01 00:00", "2031-02-01 00:00")
    assert facts
    assert widened


def test_the_day_that_the_clocks_change_has_23_hours_and_holds_all_of_them(life):
    assert found(life, "2026-03-29 00:00", "2026-03-29 23:59") == ({"night"}, {"night"}, False)
    assert found(life, "2026-03-29 03:00", "2026-03-29 03:45")[0] == {"night"}
    # An hour earlier by the clock is half an hour earlier in truth: 02:00 to 03:00 did not exist.
    assert found(life, "2026-03-29 01:00", "2026-03-29 01:59")[2] is True


@pytest.mark.parametrize(
    ("message", "now", "name"),
    [
        ("What did I do on 10 January?", "2026-06-01 09:00", "winter"),
        ("What happens on 14 August 2026?", "2026-06-01 09:00", "plan"),
        ("What did I do last Thursday?", "2026-04-07 09:00", "spring"),
    ],
)
def test_a_time_that_the_message_names_counts_where_there_is_no_window(life, message, now, name):
    life.index("ada")
    ranked = life.retriever.search_by_kind("ada", Query(message, "", at(now)))
    best = max((entry for entry in ranked.memories if entry.kind == "semantic"), key=lambda entry: entry.score)
    assert best.text == SAID[name][1]


def test_a_time_is_that_of_the_message_and_never_the_clocks(life):
    then, later = (found(life, message="yesterday", now=now)[1] for now in ("2026-04-03 12:00", "2026-01-11 12:00"))
    assert "spring" in then
    assert later == {"winter"}


def test_what_the_prompt_shows_of_the_last_hour_is_not_found_whenever_it_happened(life):
    [shown] = [turn.id for turn in life.journal.turns("ada") if turn.text == SAID["past"][1]]
    year = TimeWindow.between(at("2019-01-01 00:00"), at("2019-12-31 00:00"))
    for talk, expected in ((frozenset(), True), (frozenset({shown}), False)):
        query = Query("Tell me about it", "", at("2026-04-04 10:30"), year, prompt_turns=talk)
        assert any(SAID["past"][1] in entry.text for entry in life.search_by_kind("ada", query).memories) is expected


def test_a_window_in_the_last_hour_is_kept(life):
    assert found(life, "2026-04-04 09:45", "2026-04-04 10:15", now="2026-04-04 10:30")[1:] == ({"past"}, False)


def test_nothing_from_after_the_message_is_found(life):
    assert found(life, now="2026-04-02 10:30")[1] <= {"winter", "night", "spring"}


def test_of_a_topic_that_reaches_out_of_a_window_only_what_was_said_inside_is_shown(serve):
    memory = serve(ScriptedChat()).memory
    turns = [memory.ingest_turn("ada", at(f"2026-03-01 1{hour}:00"), f"Said at {hour}", "I see.") for hour in range(5)]
    topic = Episode(
        id=make_id("ada", "episodic", 1), session=1, time=turns[0].time, summary="Things were said.",
        turn_ids=tuple(turn.id for turn in turns),
    )  # fmt: skip
    memory.memories.commit_consolidation("ada", 1, turns[-1].time, episodes=[topic], procedures=None, profile=None)
    query = Query(
        "What was said?", "", at("2026-06-01 09:00"), TimeWindow.between(at("2026-03-01 12:30"), at("2026-03-01 13:30"))
    )
    [entry] = [entry for entry in memory.search_by_kind("ada", query).memories if entry.kind == "episodic"]
    assert entry.turn_ids == (turns[3].id,)
