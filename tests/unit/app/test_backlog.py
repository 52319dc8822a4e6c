"""What of a person's words is not in memory yet: counted in the work queue, and said in one sentence."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import backlog
from app.backlog import AT_THE_NEXT_START, BY_A_COMMAND, SOON, farewell, sentence
from graph.context import MessageOptions
from memory.core.errors import ModelUnavailable
from memory.storage.work_queue import Backlog
from tests.fakes import ScriptedChat, fact
from tests.unit.memory.stores.test_journal import at


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (Backlog(), ""),
        (Backlog(1), "Your last message is not in memory yet; it will be remembered at the next start."),
        (Backlog(2), "Your last two messages are not in memory yet; they will be remembered at the next start."),
        (Backlog(12), "Your last twelve messages are not in memory yet; they will be remembered at the next start."),
        (Backlog(1300), "Your last 1,300 messages are not in memory yet; they will be remembered at the next start."),
        (Backlog(1, newest=False), "One of your messages is not in memory yet; it will be remembered at the next start."),
        (Backlog(3, newest=False), "Three of your messages are not in memory yet; they will be remembered at the next start."),
        (Backlog(0, sessions=1), "One session is not summarised yet; it will be summarised at the next start."),
        (Backlog(0, sessions=2), "Two sessions are not summarised yet; they will be summarised at the next start."),
        (
            Backlog(1, sessions=1),
            "Your last message is not in memory yet, and one session is not summarised yet; this will be done at the next start.",
        ),
        (
            Backlog(2, sessions=3),
            "Your last two messages are not in memory yet, and three sessions are not summarised yet; this will be done at the next start.",
        ),
    ],
)
def test_the_sentence(left, said):
    assert sentence(left, AT_THE_NEXT_START) == said


def test_what_brings_it_is_said():
    assert sentence(Backlog(1), BY_A_COMMAND).endswith(
        "; it will be remembered at the next start of the page or of `persona chat`, or by `persona work`."
    )


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.booleans())
def test_it_agrees_in_number_and_names_no_code(messages, sessions, newest):
    said = sentence(Backlog(messages, newest, sessions), SOON)
    assert bool(said) is (messages + sessions > 0)
    assert "_" not in said
    assert ("; it will" in said) is (messages + sessions == 1)
    assert "last one message" not in said
    assert said == "" or said[0].isupper() or said[0].isdigit()


def test_of_several_people_nobody_is_named_and_no_number():
    assert farewell([Backlog(2)]) == "Your last two messages are not in memory yet; they will be remembered at the next start."
    assert farewell([Backlog(), Backlog()]) == farewell([]) == ""
    assert (
        farewell([Backlog(2), Backlog()])
        == "Some of the last messages are not in memory yet; they will be remembered at the next start."
    )


def test_each_user_has_their_own(memory):
    for user, count in (("ada", 2), ("bob", 5)):
        for minute in range(count):
            memory.ingest_turn(user, at("2026-03-01 09:00") + timedelta(minutes=minute), "Hello", "I see.")
    assert memory.work.backlog("ada") == Backlog(2)
    assert memory.work.backlog("bob") == Backlog(5)
    assert memory.work.backlog("nobody") == Backlog()


def test_what_is_older_than_what_is_remembered_is_not_called_the_last(serve):
    service = serve(ScriptedChat())
    list(service.stream("ada", "I have a dog", time="2026-03-05 09:00"))
    service.wait()
    service.memory.ingest_turn("ada", at("2026-03-01 09:00"), "I had a cat", "I see.")
    left = service.backlog("ada")
    assert (left.messages, left.newest) == (1, False)
    list(service.stream("ada", "And a fish", time="2026-03-05 09:10"))
    assert service.backlog("ada").newest is False


def test_what_failed_is_known_as_such(serve):
    service = serve(ScriptedChat({"semantic": ModelUnavailable("It is down.")}))
    list(service.stream("ada", "I have a dog", time="2026-03-05 09:00"))
    assert service.backlog("ada") == Backlog(1)
    with pytest.raises(ModelUnavailable):
        service.wait()
    assert service.backlog("ada") == Backlog(1, failed=True)


def test_a_quick_model_is_waited_for_when_the_program_is_left(serve, caplog):
    service = serve(ScriptedChat({"semantic": fact("The user has a dog.", "dog")}), work=True)
    for number in range(5):
        list(service.stream("ada", f"I have dog number {number}", time=f"2026-03-05 09:0{number}"))
    service.close()
    assert service.backlog("ada") == Backlog()
    assert caplog.text == ""


def test_a_program_that_is_left_says_what_waits_and_names_no_code(serve, caplog):
    service = serve(ScriptedChat({"semantic": ModelUnavailable("It is down.")}), work=True)
    for number in range(2):
        list(service.stream("ada", "I have a dog", time=f"2026-03-05 09:0{number}"))
    service.close()
    said = [record.message for record in caplog.records if record.name == "app.leaving"]
    assert said == ["Your last two messages are not in memory yet; they will be remembered at the next start."]
    assert "model_unavailable" not in caplog.text


def test_what_was_said_off_the_record_is_nobodys_backlog(serve, caplog):
    service = serve(ScriptedChat())
    list(service.stream("ada", "I have a dog", options=MessageOptions(off_the_record=True)))
    service.close()
    assert caplog.text == ""
    assert backlog.sentence(Backlog(), SOON) == ""
