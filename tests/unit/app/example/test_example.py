"""The example person: loaded whole by the real rules, and gone without a trace."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app import example
from app.example import drawings, month
from memory.consent.sensitive import topic_of
from memory.core.errors import InvalidInput
from memory.core.records import PhotoMemory, SemanticMemory, TurnState
from memory.memory import Memory
from memory.photos.image_file import read_picture
from tests.fakes import WordEmbedder

NOW = datetime(2026, 8, 5, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Memory:
    with Memory(tmp_path_factory.mktemp("example"), WordEmbedder()) as memory:
        example.load(memory, now=NOW)
        yield memory


def facts(memory: Memory) -> dict[str, SemanticMemory]:
    found = memory.memories.entries(example.USER, kind="semantic", include_pending=True)
    return {one.content: one for one in found if isinstance(one, SemanticMemory)}


def test_a_month_is_there_and_all_of_it_is_remembered(loaded: Memory) -> None:
    turns = loaded.journal.turns(example.USER)
    assert len(turns) == 45
    assert {turn.state for turn in turns} == {TurnState.ANSWERED}
    assert not any(turn.pending or turn.real_time for turn in turns)
    assert loaded.work.count() == 0
    assert loaded.journal.end_stale_sessions(NOW) == 0
    assert {turn.session for turn in turns} == set(range(1, 16))
    assert timedelta(days=28) < turns[-1].time - turns[0].time < timedelta(days=31)


def test_it_ends_in_the_week_before_and_keeps_the_days_of_the_week(loaded: Memory) -> None:
    turns = loaded.journal.turns(example.USER)
    assert turns[0].time.weekday() == 0
    assert timedelta(0) < NOW - turns[-1].time < timedelta(days=8)
    wedding = next(turn for turn in turns if turn.text.startswith("The wedding!"))
    assert wedding.time.weekday() == 6


def test_facts_are_found_and_what_changed_is_marked(loaded: Memory) -> None:
    found = loaded.search(example.USER, "walnut cake orange sugar", kind="semantic")
    assert "170 degrees" in found[0].text
    known = facts(loaded)
    tea = next(one for text, one in known.items() if "peppermint" in text)
    coffee = next(one for text, one in known.items() if "loves black coffee" in text)
    assert (coffee.superseded_by, coffee.valid_until) == (tea.id, tea.time)
    again = next(one for one in known.values() if one.same_as)
    assert next(one for one in known.values() if one.id == again.same_as).strength == 2


def test_profile_and_habits_are_those_of_the_end(loaded: Memory) -> None:
    profile = loaded.memories.profile(example.USER).values()
    assert "example" in profile["name"]
    assert profile["home"].startswith("Bristol")
    habits = loaded.memories.entries(example.USER, kind="procedural")
    assert any("peppermint" in one.text for one in habits)


def test_the_personality_evolved_by_the_real_rule(loaded: Memory) -> None:
    curve = loaded.personality.history(example.USER)
    # Of 45 messages, one is pending approval, and moves nothing.
    assert [point.m for point in curve] == list(range(44))
    assert curve[0].scores.openness == 3.5
    assert curve[-1].scores.extraversion > 4
    assert curve[-1].scores.neuroticism < 2.5


def test_pictures_are_there_with_what_is_seen_in_them(loaded: Memory) -> None:
    seen = [one for one in loaded.memories.entries(example.USER, kind="photo") if isinstance(one, PhotoMemory)]
    assert len(seen) == len(loaded.photos.list(example.USER)) == 5
    mug = next(one for one in seen if one.category == "mug")
    assert mug.box is not None
    assert loaded.photos.original(example.USER, mug.photo_id)
    assert loaded.search(example.USER, "red mug", kind="photo")[0].id == mug.id


def test_one_thing_is_held_until_there_is_a_yes(loaded: Memory) -> None:
    (waiting,) = loaded.approvals.waiting(example.USER)
    assert waiting.topic == "health"
    assert waiting.facts == ("The user was diagnosed with mild asthma and has an inhaler.",)
    assert not any("asthma" in one.text for one in loaded.search(example.USER, "asthma inhaler"))


def test_replies_say_what_they_used(loaded: Memory) -> None:
    last = loaded.journal.turns(example.USER, limit=1)[0]
    assert last.trace is not None
    assert [step.action for step in last.trace.steps] == ["retrieve", "answer"]
    used = {one.id for one in last.trace.memories}
    assert used
    assert {one.id for one in loaded.memories.entries(example.USER, ids=used)} == used
    assert last.trace.personality == loaded.personality.history(example.USER)[-2].scores


def test_a_second_load_is_refused(loaded: Memory) -> None:
    with pytest.raises(InvalidInput, match="already exists"):
        example.load(loaded)


def test_progress_goes_on_to_the_end_and_deleting_leaves_nothing(tmp_path: Path) -> None:
    told: list[float] = []
    with Memory(tmp_path, WordEmbedder()) as memory:
        counts = example.load(memory, lambda share, _doing: told.append(share))
        assert told == sorted(told)
        assert told[-1] == 1.0
        assert counts["photos"] == 5
        memory.delete_user(example.USER)
        assert not any(memory.left_of(example.USER).values())


def test_one_who_leaves_while_it_loads_finds_nothing_of_it(tmp_path: Path) -> None:
    class GoneError(Exception):
        pass

    def leave(share: float, _doing: str) -> None:
        if share > 0.3:
            raise GoneError

    with Memory(tmp_path, WordEmbedder()) as memory:
        with pytest.raises(GoneError):
            example.load(memory, leave)
        assert not memory.journal.knows(example.USER)
        assert not any(memory.left_of(example.USER).values())


def test_what_is_written_in_the_month_fits_together() -> None:
    told = month.read()
    known: set[str] = set()
    for talk in told.sessions:
        # What is held is summed up by nobody.
        held = {place for place, said in enumerate(talk.turns) if topic_of(said.said)}
        for topic in talk.topics:
            assert set(topic.turns) <= set(range(len(talk.turns))) - held
        for said in talk.turns:
            assert set(said.used) <= known
            assert all(1 <= score <= 5 for score in said.traits)
            if said.fact:
                assert {*said.fact.replaces, *filter(None, [said.fact.same_as])} <= known
                assert said.fact.content.startswith("The user")
                known.add(said.fact.id)
            if said.picture:
                assert said.picture.name in told.pictures
                known.add(f"photo:{said.picture.name}")


@pytest.mark.parametrize("name", sorted(month.read().pictures))
def test_drawings_are_pictures_and_always_the_same(name: str) -> None:
    shapes = month.read().pictures[name]
    data = drawings.draw(shapes)
    assert read_picture(data).photo.media_type == "image/png"
    assert drawings.draw(shapes) == data
