"""A memory that grew has the story in it, what was added beside it, and is asked the same."""

from __future__ import annotations

from datetime import timedelta

import pytest

from evals.cli.story import DATA
from evals.datasets.story import load
from evals.grown import grow, grown, moved
from evals.perf import corpus
from evals.perf.corpus import Life
from evals.solvers import Ours, user_of
from graph.prompts.briefing import Style
from memory.core.errors import InvalidInput
from memory.core.records import SemanticMemory
from memory.memory import Memory
from tests.fakes import ScriptedChat, WordEmbedder


@pytest.fixture
def life(monkeypatch):
    monkeypatch.setattr(corpus, "english", lambda: tuple(f"word{number}" for number in range(200)))
    monkeypatch.setattr("evals.perf.corpus.english", corpus.english)
    return Life


def test_turns_are_added_over_the_same_months_and_never_within_a_conversation(life):
    [person], questions = load(DATA)
    more = grown(person, life(), 100)
    assert len(more.turns) == len(person.turns) + 100
    assert [said.time for said in more.turns] == sorted(said.time for said in more.turns)
    theirs = {(said.time, said.user) for said in person.turns}
    for before, said in zip(more.turns, more.turns[1:], strict=False):
        if (before.time, before.user) in theirs and (said.time, said.user) not in theirs:
            assert said.time - before.time >= timedelta(hours=1)
    for question in questions:
        places = moved(question, person, more).evidence
        assert [more.turns[place].user for place in places] == [person.turns[place].user for place in question.evidence]


def test_the_memory_of_a_run_is_copied_and_grown_without_a_model(life, tmp_path):
    [person], _ = load(DATA)
    chat = ScriptedChat()
    with Memory(tmp_path / "run" / "memory", WordEmbedder(), asks=False) as memory:
        Ours(chat, memory, Style(), remembers=False).replay(person, len(person.turns))
    more = grown(person, life(), 60)
    for _ in range(2):
        grow(tmp_path / "run", tmp_path / "grown", more, life(), WordEmbedder(), 10)
    assert chat.calls == []
    with Memory(tmp_path / "grown" / "memory", WordEmbedder(), asks=False) as memory:
        assert len(memory.journal.turns(user_of(person))) == len(more.turns)
        facts = [one for one in memory.memories.entries(user_of(person)) if isinstance(one, SemanticMemory)]
        assert len(facts) == 10
        # Nothing new for a run that goes on with it.
        Ours(chat, memory, Style(), remembers=False).replay(more, len(more.turns))
        assert len(memory.journal.turns(user_of(person))) == len(more.turns)
    with Memory(tmp_path / "run" / "memory", WordEmbedder(), asks=False) as memory:
        assert len(memory.journal.turns(user_of(person))) == len(person.turns)


def test_a_run_without_a_memory_cannot_grow(life, tmp_path):
    [person], _ = load(DATA)
    with pytest.raises(InvalidInput, match="contains no memory to grow"):
        grow(tmp_path, tmp_path / "grown", person, life(), WordEmbedder(), 10)
