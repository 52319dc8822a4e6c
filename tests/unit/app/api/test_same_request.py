"""The same request again while the first one is answered, as clients send it after a timeout: the second reply is whole."""

from __future__ import annotations

import threading

import pytest

from app.events import Answered
from memory.core.records import TurnState
from memory.stores.threads import origin_of
from tests.unit.app.api.test_chat import said, scripted

pytestmark = pytest.mark.api
LONG = "The cello, every Thursday at seven, with your quartet in the old town hall."


def start(service, place):
    """Send a message; return its turn, its events, and what is set at its end."""
    events, ended = [], threading.Event()

    def deliver(event):
        events.append(event)
        if isinstance(event, (Answered, Exception)):
            ended.set()

    return service.start(deliver, "me", "What do I play?", origin=place), events, ended


def test_the_end_of_the_first_connection_does_not_stop_the_second_reply(serve):
    service = serve(scripted(LONG), work=False)
    service.models._chat.gate = gate = threading.Event()
    place = origin_of("me", "chat", "")
    first, _, first_ended = start(service, place)
    second, events, second_ended = start(service, place)
    assert first.id != second.id
    service.stop(first.id)
    gate.set()
    assert first_ended.wait(60)
    assert second_ended.wait(60)
    assert events[-1].turn.reply == LONG
    assert events[-1].turn.state is TurnState.ANSWERED
    assert said(service) == [("What do I play?", LONG)]


def test_many_at_once_are_one_message_with_one_whole_reply(serve):
    service = serve(scripted(LONG), work=False)
    place = origin_of("me", "chat", "")
    begun = []
    threads = [threading.Thread(target=lambda: begun.append(start(service, place))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(ended.wait(60) for _, _, ended in begun)
    assert len({turn.id for turn, _, _ in begun}) == 8
    assert said(service) == [("What do I play?", LONG)]
    answered = [events[-1] for _, events, _ in begun if isinstance(events[-1], Answered)]
    assert [one.turn.reply for one in answered if one.turn.state is TurnState.ANSWERED][-1] == LONG
