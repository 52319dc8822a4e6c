"""What a turn costs does not grow with the history: calls are counted, prompts have budgets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from memory.core.records import Episode, PersonalityPoint, SemanticMemory, make_id
from tests.fakes import ScriptedChat, answer, retrieve

_AT = datetime(2026, 3, 1, 9, tzinfo=UTC)


def say(service, text, time, user="ada"):
    return list(service.stream(user, text, time=time))[-1].turn


def live(memory, turns, user="ada"):
    """Fill a memory as talk does, in sessions of ten turns with long words."""
    session = []
    for number in range(turns):
        at = _AT + timedelta(hours=5 * (number // 10), minutes=2 * (number % 10))
        said = memory.ingest_turn(user, at, f"Number {number}: a kite of the garden " + "word " * 60, "So be it. " * 30)
        fact = SemanticMemory(
            id=make_id(user, "semantic", said.id), turn_id=said.id, time=at, content=f"The user has kite {number}. " + "x " * 60,
            keywords=("kite",),
        )  # fmt: skip
        memory.memories.commit_remember(user, said.id, PersonalityPoint(turn_id=said.id, time=at), fact)
        session.append(said)
        if len(session) == 10:
            topic = Episode(
                id=make_id(user, "episodic", said.session, 0), session=said.session, time=session[0].time, summary="Of kites.",
                turn_ids=tuple(one.id for one in session),
            )  # fmt: skip
            profile = {f"line {place}": f"{number} " + "word " * 20 for place in range(20)}
            habits = {f"habit {place}": "The user flies a kite. " * 6 for place in range(5)}
            memory.memories.commit_consolidation(user, said.session, at, episodes=[topic], procedures=habits, profile=profile)
            session = []
    return at


@pytest.mark.parametrize("looks", [0, 1, 2, 3])
def test_a_reply_waits_for_one_call_and_one_more_for_each_look(serve, looks):
    chat = ScriptedChat({"reasoning": [*(retrieve(f"kite {number}") for number in range(looks)), answer("There.")]})
    service = serve(chat)
    at = live(service.memory, 60)
    chat.calls.clear()
    say(service, "Which kites do I have?", at + timedelta(days=1))
    assert chat.steps() == ["reasoning"] * (1 + looks)


def test_prompts_are_as_long_after_years_as_after_a_month(serve):
    longest = []
    for turns in (100, 600):
        chat = ScriptedChat({"reasoning": [retrieve("kite"), retrieve("garden"), answer("There.")]})
        service = serve(chat)
        user = f"user of {turns}"
        at = live(service.memory, turns, user)
        chat.calls.clear()
        say(service, "Which kites do I have?", at + timedelta(days=1), user)
        service.wait()
        longest.append({step: max(len(prompt) for asked, prompt in chat.calls if asked == step) for step in chat.steps()})
    for step, short in longest[0].items():
        assert longest[1][step] <= 1.1 * short, step


def test_a_new_fact_is_compared_with_one_of_the_same_hour(serve):
    from tests.fakes import fact

    chat = ScriptedChat({"semantic": [fact("The user has a red kite.", "kite"), fact("The user has a red kite now.", "kite")]})
    service = serve(chat)
    say(service, "I have a red kite.", _AT)
    service.wait()
    say(service, "I have a red kite now.", _AT + timedelta(minutes=2))
    service.wait()
    assert chat.steps().count("change") == 1


def test_what_was_said_an_hour_ago_is_found_and_what_was_just_said_a_person_finds_at_once(serve):
    chat = ScriptedChat({"reasoning": [answer("Ah."), retrieve("zeppelin"), answer("There.")]})
    service = serve(chat)
    first = say(service, "I saw a zeppelin.", _AT)
    service.wait()
    assert service.memory.search("ada", "zeppelin")[0].turn_ids == (first.id,)
    turn = say(service, "What did I see?", _AT + timedelta(minutes=61))
    assert first.id in {name for entry in turn.trace.memories for name in entry.turn_ids}
