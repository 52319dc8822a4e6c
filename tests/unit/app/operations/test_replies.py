"""What is told about replies: their outcome, and the time to the first word with and without the model's."""

from __future__ import annotations

import pytest

from app.events import AnswerDelta, Answered
from app.operations.model_calls import ModelCalls, timed
from app.operations.replies import ReplyWatch
from memory.core.errors import ModelBrokeOff, ModelRefused, ModelUnavailable
from tests.fakes import ScriptedChat, answer


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


class Told:
    def __init__(self):
        self.all = []

    def first_word(self, seconds, own_seconds):
        self.all.append(("first", round(seconds, 3), round(own_seconds, 3)))

    def ended(self, outcome, seconds):
        self.all.append((outcome, round(seconds, 3)))


def after(clock, seconds, chunks):
    for chunk in chunks:
        clock.now += seconds
        yield chunk


def test_the_models_time_and_the_wait_for_earlier_replies_are_not_our_own():
    clock, told = Clock(), Told()
    watch, calls = ReplyWatch(clock), ModelCalls(clock)
    watch.observers.append(told)
    delivered = []
    reply = watch.reply(delivered.append)

    def write():
        clock.now += 0.02
        for chunk in calls.watched(after(clock, 1.5, ["Hel", "lo"]), "m", background=False):
            reply(AnswerDelta(chunk))

    clock.now += 7.0  # an earlier reply of the same person
    reply.around(write)()
    assert told.all == [("first", 8.52, 0.02)]
    assert [event.text for event in delivered] == ["Hel", "lo"]
    assert watch.in_progress == 1


def test_every_outcome_is_told_once(serve):
    told = Told()
    chat = ScriptedChat({"reasoning": answer("Hello!")})
    service = serve(chat)
    service.watch.observers.append(told)
    list(service.stream("ada", "Hi"))
    chat.script["reasoning"] = ModelUnavailable("No model server answers.")
    with pytest.raises(ModelUnavailable):
        list(service.stream("ada", "Hi again"))
    assert [one[0] for one in told.all] == ["first", "answered", "failed"]
    assert service.watch.in_progress == 0


def test_a_stopped_reply_is_told_as_stopped(serve):
    told = Told()
    service = serve(ScriptedChat({"reasoning": answer("Hello! This is long.")}))
    service.watch.observers.append(told)
    events = []
    reply = service.watch.reply(events.append)
    turn = service.memory.receive("ada", "Hi")
    reply(Answered(service.memory.journal.finish(turn.id, "Hel", stopped=True)))
    assert [one[0] for one in told.all] == ["stopped"]


def failing(error):
    yield "Hel"
    raise error


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ModelUnavailable("down"), "unavailable"),
        (ModelBrokeOff("cut"), "broke_off"),
        (ModelRefused("no", status=401, reason="no", fault="settings"), "refused"),
    ],
)
def test_errors_of_the_model_are_counted_by_kind(error, kind):
    calls = ModelCalls()
    with pytest.raises(type(error)):
        list(calls.watched(failing(error), "m", background=True))
    assert (calls.number, calls.errors) == (1, {kind: 1})


def test_a_call_that_its_reader_leaves_is_closed_and_is_no_error():
    closed = []

    def chunks():
        try:
            yield "Hel"
            yield "lo"
        finally:
            closed.append(True)

    calls = ModelCalls()
    with timed():
        watched = calls.watched(chunks(), "m", background=False)
        assert next(watched) == "Hel"
        watched.close()
    assert (closed, calls.errors) == ([True], {})
