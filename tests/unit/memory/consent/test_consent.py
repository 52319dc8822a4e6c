"""Who agrees to training is written down with its date, and who does not has nothing kept for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from memory.core.errors import NotFound
from memory.memory import Memory
from tests.unit.memory.stores.test_journal import at


def session(memory: Memory, number: int, profile: dict[str, str], habits: dict[str, str]) -> None:
    memory.memories.commit_consolidation("ada", number, at("2026-03-01 09:00"), episodes=[], procedures=habits, profile=profile)


@pytest.fixture
def ada(memory: Memory) -> Memory:
    memory.ingest_turn("ada", at("2026-03-01 09:00"), "Hello", "Hi")
    return memory


def test_nobody_has_agreed_to_anything_before_they_are_asked(ada):
    assert ada.consent.of("ada") is None
    session(ada, 1, {"name": "Ada"}, {})
    assert ada.consent.rewrites("ada") == []


def test_a_yes_is_written_down_with_its_date(ada):
    before = datetime.now(UTC) - timedelta(seconds=1)
    ada.consent.say("ada", training=True)
    said = ada.consent.of("ada")
    assert said is not None
    assert said.training
    assert before < said.since <= datetime.now(UTC)


def test_what_sessions_made_of_the_profile_is_kept_from_then_on(ada):
    session(ada, 1, {"name": "Ada"}, {"run": "She runs."})
    ada.consent.say("ada", training=True)
    session(ada, 2, {"name": "Ada", "home": "Quito"}, {"swim": "She swims."})
    core, habits = ada.consent.rewrites("ada")
    assert (core.session, core.kind, core.before, core.after) == (2, "core", {"name": "Ada"}, {"name": "Ada", "home": "Quito"})
    assert (habits.before, habits.after) == ({"run": "She runs."}, {"swim": "She swims."})
    # Redone after a crash: once.
    session(ada, 2, {"name": "Ada", "home": "Quito"}, {"swim": "She swims."})
    assert len(ada.consent.rewrites("ada")) == 2


def test_a_no_throws_it_away(ada):
    ada.consent.say("ada", training=True)
    session(ada, 1, {"name": "Ada"}, {})
    ada.consent.say("ada", training=False)
    assert ada.consent.rewrites("ada") == []
    assert ada.consent.of("ada").training is False


def test_forgetting_throws_it_away(ada):
    ada.consent.say("ada", training=True)
    session(ada, 1, {"name": "Ada", "home": "Quito"}, {})
    home = next(entry for entry in ada.memories.entries("ada", kind="core") if entry.key == "home")
    ada.forget("ada", home.id)
    assert ada.consent.rewrites("ada") == []


def test_deleting_a_user_deletes_it(ada):
    ada.consent.say("ada", training=True)
    session(ada, 1, {"name": "Ada"}, {})
    ada.delete_user("ada")
    with pytest.raises(NotFound):
        ada.consent.of("ada")
    ada.ingest_turn("ada", at("2026-03-01 09:00"), "Hello", "Hi")
    assert ada.consent.of("ada") is None
    assert ada.consent.rewrites("ada") == []


def test_who_is_not_there_cannot_agree(memory):
    with pytest.raises(NotFound, match="user list"):
        memory.consent.say("nobody", training=True)
