"""A transcript is taken whole or not at all: each line is a turn, in the place that its time gives it."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from app.importers.ingest import ingest_file
from memory.core import clock
from memory.core.errors import InvalidInput
from memory.core.records import Line, TurnState

BEGIN = clock.parse_time("2025-03-01 09:00", "UTC")


def line(minute, text="Yes.", reply="Ok"):
    return {"time": (BEGIN + timedelta(minutes=minute)).isoformat(), "user": text, "assistant": reply}


@pytest.fixture
def ingested(memory, tmp_path):
    """Takes a file in, which is made of lines or of bytes; returns how many lines were added and skipped."""

    def _ingest(*lines, data=None):
        file = tmp_path / "talk.jsonl"
        written = "\n".join(one if isinstance(one, str) else json.dumps(one) for one in lines)
        file.write_bytes(written.encode() if data is None else data)
        report = ingest_file(memory, file, "ada")
        return report["added"], report["skipped"]

    return _ingest


def spoken(memory):
    return [turn for turn in memory.journal.turns("ada") if turn.state == TurnState.ANSWERED]


def test_after_a_message_of_today_last_years_transcript_is_taken(memory, ingested):
    memory.journal.finish(memory.receive("ada", "Today").id, "Ok")
    assert ingested(line(0, "Then"), line(90, "Later then")) == (2, 0)
    assert [turn.text for turn in memory.journal.turns("ada")] == ["Then", "Later then", "Today"]
    assert len({turn.session for turn in memory.journal.turns("ada")}) == 3
    # Only what is over waits to be summed up.
    assert memory.work.count("ada") == 5


def test_lines_in_any_order_are_taken_in_the_order_of_their_times(memory, ingested):
    assert ingested(line(5, "c"), line(0, "a"), line(200, "d"), line(2, "b")) == (4, 0)
    assert [turn.text for turn in memory.journal.turns("ada")] == ["a", "b", "c", "d"]
    assert [turn.session for turn in memory.journal.turns("ada")] == [1, 1, 1, 2]


def test_two_equal_lines_of_one_minute_are_two_turns(memory, ingested):
    assert ingested(line(0), line(0), line(1, "No.")) == (3, 0)
    assert ingested(line(0), line(0), line(1, "No.")) == (0, 3)
    assert ingested(line(0), line(0), line(0)) == (1, 2)
    assert [turn.text for turn in spoken(memory)] == ["Yes."] * 3 + ["No."]


def test_equal_lines_that_are_forgotten_stay_so(memory, ingested):
    assert ingested(line(0), line(0), line(0)) == (3, 0)
    first, second, _ = memory.journal.turns("ada")
    memory.forget("ada", first.id, now=True)
    memory.forget("ada", second.id)
    assert ingested(line(0), line(0), line(0)) == (0, 3)
    assert ingested(*[line(0)] * 4) == (1, 3)
    memory.undo("ada", second.id)
    assert ingested(*[line(0)] * 4) == (0, 4)
    assert len(spoken(memory)) == 3


def test_what_was_answered_again_was_said_once(memory, ingested):
    assert ingested(line(0)) == (1, 0)
    memory.journal.replace(memory.journal.turns("ada")[0].id)
    assert ingested(line(0)) == (0, 1)
    assert ingested(line(0), line(0)) == (1, 1)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_byte_order_mark_is_taken(memory, ingested, encoding):
    mark = "\ufeff" if encoding.endswith(("le", "be")) else ""
    text = mark + "\r\n".join(map(json.dumps, [line(0, "Grüße"), line(1)])) + "\r\n\r\n"
    assert ingested(data=text.encode(encoding)) == (2, 0)
    assert memory.journal.turns("ada")[0].text == "Grüße"


def test_every_bad_line_is_named_and_nothing_is_written(memory, ingested):
    with pytest.raises(InvalidInput) as refused:
        ingested(line(0), "no", line(1), {"time": "soon", "user": "Hi", "assistant": ""}, {**line(2), "images": ["x.png"]})
    assert "line 2 is not JSON" in refused.value.message
    assert "Line 4: 'soon' is not a time" in refused.value.message
    assert "Line 5: there is no picture 'x.png'" in refused.value.message
    assert "Nothing was written." in refused.value.message
    assert memory.journal.users() == []


def test_a_failure_in_the_middle_leaves_nothing(memory, ingested, monkeypatch, tmp_path):
    Image.new("RGB", (8, 8), "teal").save(tmp_path / "teal.png", "PNG")
    monkeypatch.setattr("memory.stores.transcript.RANKS", {"remember": 0})
    with pytest.raises(KeyError):
        ingested({**line(0), "images": ["teal.png"]}, line(300))
    assert memory.journal.users() == []
    assert memory.photos.files_of("ada") == 0


_NUMBERS = itertools.count()
TIMES = st.integers(min_value=0, max_value=300)
LINES = st.lists(st.tuples(TIMES, st.sampled_from(["Yes.", "No.", "Perhaps."])), max_size=12)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=LINES, second=LINES, minute=TIMES)
def test_the_nth_equal_line_is_the_nth_equal_turn(memory, first, second, minute):
    name = f"user {next(_NUMBERS)}"

    def lines(given):
        return [Line(time=BEGIN + timedelta(minutes=at), text=text, reply="") for at, text in given]

    live = memory.receive(name, "Said live", time=BEGIN + timedelta(minutes=minute))
    assert memory.ingest(name, lines(first)) == len(first)
    assert memory.ingest(name, lines(first)) == 0
    assert memory.ingest(name, lines(second)) == sum((Counter(second) - Counter(first)).values())
    turns = [turn for turn in memory.journal.turns(name) if turn.id != live.id]
    assert Counter(turn.text for turn in turns) == Counter(text for _, text in (Counter(first) | Counter(second)).elements())
    times = [turn.time for turn in memory.journal.turns(name)]
    assert times == sorted(times)
    for session in {turn.session for turn in turns}:
        own = [turn.time for turn in turns if turn.session == session]
        assert all(later - earlier < clock.SESSION_GAP for earlier, later in itertools.pairwise(own))
