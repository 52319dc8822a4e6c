"""Talk is found by what was said in it; what a summary says of it only fills up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from memory.core.query import Query, SearchLimits
from memory.core.records import Episode, make_id
from tests.fakes import ScriptedChat

BEGIN = datetime(2026, 3, 1, 9, tzinfo=UTC)
ASKED = BEGIN + timedelta(days=60)


@pytest.fixture
def talked(serve):
    """Journal sessions of (summary, what was said), a day apart, and return what finds their first words."""
    memory = serve(ScriptedChat()).memory

    def make(*sessions):
        for day, (summary, *said) in enumerate(sessions, start=1):
            start = BEGIN + timedelta(days=day)
            turns = [
                memory.ingest_turn("ada", start + timedelta(minutes=place), text, "I see.") for place, text in enumerate(said)
            ]
            topic = Episode(
                id=make_id("ada", "episodic", day), session=turns[0].session, time=start, summary=summary,
                turn_ids=tuple(turn.id for turn in turns),
            )  # fmt: skip
            memory.memories.commit_consolidation("ada", topic.session, start, episodes=[topic], procedures=None, profile=None)

        def found(message, limit):
            shown = memory.search_by_kind("ada", Query(message, "", ASKED), SearchLimits(episodic=limit)).memories
            return [entry.text for entry in shown if entry.kind == "episodic"]

        return found

    return make


def test_the_topic_whose_turn_answers_comes_before_one_whose_summary_has_the_words(talked):
    found = talked(
        ("The user talked about people.", "My friend Marta is a physiotherapist.", "It rained."),
        ("The user asked who Marta is and who a friend is.", "Good morning.", "The soup was cold."),
    )
    [entry] = found("Who is Marta, my friend?", 1)
    assert "physiotherapist" in entry


def test_summaries_fill_up_what_turns_leave(talked):
    long = [f"The boat got its plank number {number}." for number in range(30)]
    found = talked(("The user builds.", *long), ("The boat was launched.", "It went well, everybody cheered."))
    entries = found("How is the boat?", 2)
    assert any("everybody cheered" in entry for entry in entries)
    assert len(entries) == 2
