"""What a person is told whose reply runs while the program ends."""

from __future__ import annotations

import queue
import threading

import pytest

from memory.core.errors import ModelBrokeOff, ModelRefused, ModelUnavailable
from memory.core.records import TurnState
from tests.fakes import NOTHING, ScriptedChat

REFUSED = ModelRefused("The server rejected the key.", status=401, reason="no", fault="settings")


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        (ModelBrokeOff("The connection to the model server broke off."), "The program is ending. The message is saved"),
        (ModelUnavailable("No model server answers at http://x/v1."), "The program is ending. The message is saved"),
        (REFUSED, REFUSED.message),
    ],
)
def test_a_connection_that_breaks_off_at_the_end_is_not_blamed_on_the_model_server(serve, failure, told):
    asked, ending = threading.Event(), threading.Event()

    def line(_prompt):
        asked.set()
        assert ending.wait(60)
        raise failure

    service = serve(ScriptedChat({"reasoning": line, "semantic": NOTHING}))
    events, finish = queue.SimpleQueue(), service._lines.close
    service._lines.close = lambda timeout_s: (ending.set(), finish(timeout_s))[1]
    service.start(events.put, "ada", "Hi")
    assert asked.wait(60)
    service.close()
    heard = [events.get(timeout=60) for _ in range(2)]
    assert heard[-1].message.startswith(told)
    [turn] = serve(ScriptedChat()).memory.journal.turns("ada")
    assert (turn.state, turn.error) == (TurnState.FAILED, heard[-1].message)
