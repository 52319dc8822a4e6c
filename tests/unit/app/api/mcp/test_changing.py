"""The tools that change the memory: what is journaled, what the person is asked, and what can be undone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.api.mcp.changing import REPLY
from memory.core import clock
from memory.core.records import TurnState
from tests.fakes import NOTHING, ScriptedChat, fact
from tests.unit.app.api.mcp.conftest import Failed, both

pytestmark = pytest.mark.api

ILL, KEY = "I have been diagnosed with diabetes.", "My password is hunter2-9xQz!"


@pytest.fixture
def service(serve):
    return serve(ScriptedChat({"semantic": NOTHING}))


def turns(service, user="ada"):
    return service.memory.journal.turns(user)


@both
def test_a_text_is_the_persons_own_message_of_now_and_found_at_once(service, call):
    text, value = call(service, "remember", text="I play the cello.")
    [turn] = turns(service)
    assert (turn.id, turn.text, turn.reply, turn.state) == (value["id"], "I play the cello.", REPLY, TurnState.ANSWERED)
    assert turn.real_time
    assert turn.pending
    assert abs(turn.time - clock.now()) < timedelta(minutes=1)
    assert text == value["said"] == f"Remembered, as said on {turn.time:%Y-%m-%d %H:%M}."
    assert value["state"] == "remembered"
    assert call(service, "recall", query="cello")[1]["memories"][0]["id"] == turn.id
    # No model was asked for a reply.
    assert service.models.chat().calls == []


def test_background_work_is_woken(serve, call, monkeypatch):
    service = serve(ScriptedChat({"semantic": fact("The user plays the cello.", "cello")}))
    told = []
    monkeypatch.setattr(service._worker, "notify", lambda user=None: told.append(user))
    call(service, "remember", text="I play the cello.")
    assert told == ["ada"]
    service.wait()
    assert [one.content for one in service.memory.memories.entries("ada", kind="semantic")] == ["The user plays the cello."]


def test_the_zone_is_the_one_in_which_the_person_wrote_last(service, call):
    service.memory.ingest_turn("ada", clock.parse_time("2026-03-01 10:00", "Asia/Tokyo"), "Hello.", "Hi.")
    call(service, "remember", text="I moved.")
    call(service, "remember", text="I was ill.", time="2026-02-01 09:00")
    assert {clock.zone_name(turn.time) for turn in turns(service)} == {"Asia/Tokyo"}
    assert f"{turns(service)[0].time:%H:%M}" == "09:00"


def test_an_earlier_time_takes_its_own_place_and_is_stored_once(service, call):
    call(service, "remember", text="I play the cello.")
    text, value = call(service, "remember", text="I got a dog.", time="2026-02-01 09:00")
    assert text == "Remembered, as said on 2026-02-01 09:00."
    assert [turn.text for turn in turns(service)] == ["I got a dog.", "I play the cello."]
    again = call(service, "remember", text="I got a dog.", time="2026-02-01 09:00")[1]
    assert (again["state"], again["id"]) == ("known_before", None)
    assert len(turns(service)) == 2
    # The conversation of today goes on, and that of February is summarised when the next message comes.
    sessions = {turn.text: turn.session for turn in turns(service)}
    call(service, "remember", text="It is old.")
    assert turns(service)[-1].session == sessions["I play the cello."]
    service.wait("ada")
    assert [one.turn_ids for one in service.memory.memories.entries("ada", kind="episodic")] == [(value["id"],)]


def test_a_time_of_just_now_is_now(service, call):
    call(service, "remember", text="I got a dog.", time=f"{clock.now():%Y-%m-%d %H:%M}")
    [turn] = turns(service)
    assert turn.real_time


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"text": ""}, "The message is empty."),
        ({"text": "x" * 20_001}, "at most 20,000 fit"),
        ({"text": "I have a dentist.", "time": "2999-01-01 10:00"}, "has not come yet"),
        ({"text": "I got a dog.", "time": "yesterday"}, "'yesterday' is not a time"),
    ],
)
def test_a_wrong_text_or_time_is_refused_and_nothing_is_stored(service, call, arguments, sentence):
    with pytest.raises(Failed) as refused:
        call(service, "remember", **arguments)
    assert sentence in str(refused.value)
    assert turns(service) == []


@both
def test_a_sensitive_text_is_marked_and_nobody_is_asked_unless_they_chose_so(service, call):
    text, _ = call(service, "remember", text=ILL, answers=False)
    assert text.endswith("It is marked as sensitive: about health.")
    assert call.asked == []
    assert turns(service)[0].sensitive == "health"


@both
@pytest.mark.parametrize(
    ("answers", "state", "left"),
    [
        (True, "remembered", 1),
        (False, "not_saved", 0),
        ("decline", "not_saved", 0),
        ("cancel", "pending_approval", 1),
        (None, "pending_approval", 1),
    ],
)
def test_the_form_asks_before_something_sensitive_is_remembered(service, call, answers, state, left):
    service.memory.consent.choose("ada", "each")
    text, value = call(service, "remember", text=ILL, answers=answers)
    assert value["state"] == state
    assert call.asked == ([f"This is about health: “{ILL}” Shall it be remembered?"] if answers is not None else [])
    assert len(turns(service)) == left
    pending = service.memory.approvals.waiting("ada")
    found = call(service, "recall", query="diabetes")[1]["memories"]
    assert bool(pending) == (state == "pending_approval")
    assert bool(found) == (state == "remembered")
    if pending:
        assert f"persona memory approve {value['id']} --user ada" in text
        service.memory.approvals.approve("ada", value["id"])
        assert call(service, "recall", query="diabetes")[1]["memories"]


@both
def test_a_password_is_asked_about_in_every_mode(service, call):
    assert call(service, "remember", text=KEY)[1]["state"] == "pending_approval"
    assert call(service, "remember", text=KEY, answers=True)[1]["state"] == "remembered"
    assert "a password" in call.asked[0]


@both
def test_what_is_not_sensitive_is_never_asked_about(service, call):
    service.memory.consent.choose("ada", "each")
    assert call(service, "remember", text="I play the cello.", answers=False)[1]["state"] == "remembered"
    assert call.asked == []


@both
def test_a_person_who_keeps_nothing_sensitive_is_told_that_it_was_not_saved(service, call):
    service.memory.consent.choose("ada", "never-keep")
    for answers in (None, True):
        with pytest.raises(Failed) as refused:
            call(service, "remember", text=ILL, answers=answers)
        assert "That was about health. It was not saved" in str(refused.value)
    assert call.asked == []
    assert turns(service) == []


@both
def test_what_is_pending_approval_is_shown_by_no_tool(service, call, use):
    service.memory.consent.choose("ada", "each")
    name = call(service, "remember", text=ILL)[1]["id"]
    shown = [call(service, tool, **more) for tool, more in (("timeline", {}), ("profile", {}), ("recall", {"query": ILL}))]
    assert "diabetes" not in str(shown)

    async def read(client):
        with pytest.raises(Exception, match="There is no memory"):
            await client.read_resource(f"persona://memory/{name}")

    use(service, read)
    # It can be forgotten by its id, and its text is not repeated.
    assert "diabetes" not in str(call(service, "forget", id=name))
    assert service.memory.approvals.waiting("ada") == []


@both
def test_forget_says_what_is_forgotten_and_undo_restores_it(serve, call):
    service = serve(ScriptedChat({"semantic": fact("The user plays the cello.", "cello")}))
    name = call(service, "remember", text="I play the cello.")[1]["id"]
    service.wait("ada")
    [memory] = call(service, "timeline")[1]["memories"]
    text, value = call(service, "forget", id=memory["id"])
    assert text.startswith(f"{memory['id']} is forgotten (1 memory, 1 message). `undo` restores it within 10 minutes.")
    assert value["text"] == "The user plays the cello."
    assert value["counts"]["messages"] == 1
    until = clock.parse_time(value["undo_until"])
    assert timedelta(minutes=8) < until - clock.now() <= timedelta(minutes=10)
    assert call(service, "recall", query="cello")[1]["memories"] == []
    text, value = call(service, "undo", id=memory["id"])
    assert text.startswith(f"{memory['id']} is restored.")
    assert value["memory"]["text"] == "The user plays the cello."
    assert call(service, "recall", query="cello")[1]["memories"][0]["id"] == name
    # A client may repeat a call whose answer it lost.
    text, value = call(service, "undo", id=memory["id"])
    assert "it is not forgotten" in text
    assert value["memory"]["text"] == "The user plays the cello."


@both
def test_what_is_forgotten_or_restored_twice_is_told_so_and_is_no_error(service, call):
    name = call(service, "remember", text="I play the cello.")[1]["id"]
    first, again = (call(service, "forget", id=name)[1] for _ in range(2))
    assert again["said"].startswith(f"{name} is forgotten already (1 message). `undo` restores it until ")
    assert (again["counts"], again["undo_until"]) == (first["counts"], first["undo_until"])
    assert again["text"] == ""
    assert call(service, "undo", id=name)[1]["said"] == f"{name} is restored."
    text, value = call(service, "undo", id=name)
    assert f"Nothing that was done to {name!r} can be undone: it is not forgotten" in text
    assert value["memory"]["id"] == name
    assert [turn.id for turn in turns(service)] == [name]
    service.memory.forget("ada", name, now=True)
    for tool in ("forget", "undo"):
        with pytest.raises(Failed):
            call(service, tool, id=name)


def test_an_argument_that_is_not_there_is_named_and_nothing_is_done(service, call):
    with pytest.raises(Failed, match="remember has no argument off_the_record"):
        call(service, "remember", text="I keep a heron.", off_the_record=True)
    assert service.memory.journal.turns("ada") == []
