"""What waits, is forgotten or replaced counts for nothing: neither in words nor in PEM's scores."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from alembic import command
from sqlalchemy import MetaData, create_engine, insert

from graph.prompts import manner
from memory.core.records import TRAITS, BigFive
from memory.memory import Memory
from memory.personality.pem import evolve
from memory.storage.engine import alembic_config
from tests.fakes import NEUTRAL, ScriptedChat, WordEmbedder, answer

WORRIED = '"openness": 3\n"conscientiousness": 3\n"extraversion": 3\n"agreeableness": 3\n"neuroticism": 5'
CURIOUS = WORRIED.replace('"openness": 3', '"openness": 5').replace('"neuroticism": 5', '"neuroticism": 3')
ILL = "My blood pressure was 165 over 100, I was diagnosed with hypertension."


def judged(prompt: str) -> str:
    message = prompt.rsplit("The person's message", 1)[1]
    if "heron" in message:
        return CURIOUS
    return WORRIED if any(word in message for word in ("sleep", "scared", "rains", "pressure")) else NEUTRAL


@pytest.fixture
def told(serve):
    """Ada worries in some messages, and is curious of herons."""
    chat = ScriptedChat({"personality": judged, "reasoning": answer("I see.")})
    return serve(chat)


def say(service, *texts: str, day: int = 1) -> list[str]:
    ids = []
    for place, message in enumerate(texts):
        events = list(service.stream("ada", message, time=f"2026-03-{day + place:02} 09:00"))
        ids.append(events[-1].turn.id)
        service.wait("ada")
    return ids


def of_all(service) -> list[float]:
    """The scores as they follow from the messages that count, by the published rule, in the order of remembering."""
    scores, found = BigFive(), []
    for m, point in enumerate(service.memory.personality.history("ada")):
        scores = evolve(scores, point.inferred, m)
        found.append(scores)
    return found


def check_follows(service) -> None:
    assert [point.scores for point in service.memory.personality.history("ada")] == of_all(service)
    assert [point.m for point in service.memory.personality.history("ada")] == list(range(len(of_all(service))))


@pytest.mark.usefixtures("asking")
def test_what_waits_counts_for_nothing_until_it_is_approved(told):
    [ill, *_] = say(told, ILL, "I keep a heron.", "The heron sings.")
    assert told.memory.approvals.waiting("ada")[0].turn_id == ill
    assert told.memory.personality.newest("ada").scores.neuroticism == 3.0
    assert [point.turn_id for point in told.memory.personality.history("ada")].count(ill) == 0
    assert ILL not in str(told.memory.personality.evidence("ada"))
    told.memory.approvals.approve("ada", ill)
    first = told.memory.personality.history("ada")[0]
    assert (first.turn_id, first.scores.neuroticism) == (ill, 4.0)
    assert told.memory.personality.newest("ada").scores.neuroticism == 4.0
    check_follows(told)


def test_what_is_forgotten_is_taken_out_and_undo_brings_it_back(told):
    _, second, _ = say(told, "I can't sleep.", "I am scared of storms.", "What if it rains?")
    before = told.memory.personality.history("ada")
    told.memory.forget("ada", second)
    assert [point.turn_id for point in told.memory.personality.history("ada")] == [before[0].turn_id, before[2].turn_id]
    assert told.memory.personality.newest("ada").scores.neuroticism < before[2].scores.neuroticism
    check_follows(told)
    assert "storms" not in str(told.memory.personality.evidence("ada"))
    told.memory.undo("ada", second)
    assert told.memory.personality.history("ada") == before
    told.memory.forget("ada", second, now=True)
    assert len(told.memory.personality.history("ada")) == 2
    check_follows(told)


def test_a_message_that_is_said_otherwise_leaves_nothing_behind(told):
    say(told, "I can't sleep.", "I keep a heron.")
    last = told.memory.journal.turns("ada", limit=1)[0]
    told.memory.threads.change(last.id, "Never mind.", [])
    assert told.memory.personality.newest("ada").scores.openness == 3.0
    check_follows(told)


def test_a_trait_is_told_of_only_when_several_messages_agree(told):
    prompts = told.models._chat.prompts
    say(told, "I can't sleep.", "I am scared of storms.")
    list(told.stream("ada", "Hello", time="2026-03-04 09:00"))
    assert told.memory.journal.turns("ada", limit=1)[0].trace.personality is None
    assert "How to write to them" not in prompts("reasoning")[-1]
    say(told, "What if it rains?", day=5)
    list(told.stream("ada", "And now?", time="2026-03-07 09:00"))
    used = told.memory.journal.turns("ada", limit=1)[0].trace.personality
    assert (used.openness, used.neuroticism > 4) == (3.0, True)
    shown = prompts("reasoning")[-1].split("How to write to them", 1)[1]
    assert "They worry easily" in shown
    assert '"I am scared of storms."' in shown
    assert "Big Five" not in prompts("reasoning")[-1].split("How to write to them", 1)[1]


def test_what_is_marked_as_sensitive_counts_and_is_not_quoted(told):
    say(told, ILL, "I can't sleep.", "What if it rains?")
    assert not told.memory.approvals.waiting("ada")
    [line] = manner.lines(told.memory.personality.evidence("ada"))
    assert "They worry easily" in line
    assert "hypertension" not in line


def test_begun_anew_nothing_is_known_any_more(told):
    say(told, "I can't sleep.", "I am scared of storms.", "What if it rains?")
    memory = told.memory
    assert manner.known(memory.personality.evidence("ada"))
    memory.personality.reset("ada", memory.journal.last_time("ada") + timedelta(hours=1))
    assert manner.known(memory.personality.evidence("ada")) == {}


def test_a_wish_is_heard_from_the_next_message_on_and_not_once_it_is_forgotten(told):
    [wish] = say(told, "Please answer short.")
    list(told.stream("ada", "What is a heron?", time="2026-03-09 09:00"))
    assert 'They asked: "Please answer short."' in told.models._chat.prompts("reasoning")[-1]
    told.memory.forget("ada", wish)
    list(told.stream("ada", "What is a stork?", time="2026-03-10 09:00"))
    assert "They asked" not in told.models._chat.prompts("reasoning")[-1]


def test_a_folder_of_before_is_counted_anew_without_what_waits_or_was_forgotten(tmp_path):
    """As schema 0014 left it: each message had moved the traits, whatever became of it."""
    engine = create_engine(f"sqlite:///{tmp_path / 'journal.db'}")
    neutral = dict.fromkeys(TRAITS, 3)
    with engine.begin() as connection:
        command.upgrade(alembic_config(connection, None)[0], "0014")
        tables = MetaData()
        tables.reflect(connection)
        told = (("a", "health", "answered"), ("b", None, "forgotten"), ("c", None, "answered"))
        for place, (name, held, state) in enumerate(told):
            at = datetime(2026, 3, 1 + place, 9)  # noqa: DTZ001 - as the file has it
            turn = {
                "id": name, "user_id": "ada", "seq": place + 1, "session": place + 1, "at": at, "zone": "UTC", "images": [],
                "text": "What if it rains? Please answer short.", "reply": "I see.", "state": state, "pending": False,
                "real_time": False, "received_at": at, "revision": 1, "indexed_revision": 0, "held": held, "approved": False,
            }  # fmt: skip
            point = {
                "user_id": "ada", "turn_id": name, "at": at, "zone": "UTC", "cause": "turn", "m": place, "pinned": [],
                "inferred": {**neutral, "neuroticism": 5}, "scores": {**neutral, "neuroticism": 4.0 + place / 4},
            }  # fmt: skip
            connection.execute(insert(tables.tables["turns"]), turn)
            connection.execute(insert(tables.tables["personality"]), point)
    engine.dispose()
    with Memory(tmp_path, WordEmbedder()) as memory:
        assert [(point.m, point.scores.neuroticism) for point in memory.personality.history("ada")] == [(0, 4.0)]
        found = memory.personality.evidence("ada")
        assert [one.turn_id for one in found.shown] == [one.turn_id for one in found.wishes] == ["c"]
