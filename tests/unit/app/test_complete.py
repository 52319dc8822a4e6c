"""A front end's own call is answered before background work, and ends when nobody reads its answer any more."""

from __future__ import annotations

import threading

from langchain_core.messages import HumanMessage

from memory.core.priority import ReplyFirst
from tests.fakes import ScriptedChat

ASKED = [HumanMessage("### Task:\nGenerate a title.")]


class Gate:
    """Holds the model back until it is let go, and says that it was asked."""

    def __init__(self):
        self.asked, self.go = threading.Event(), threading.Event()

    def wait(self, *given):
        self.asked.set()
        return self.go.wait(*given)


def test_background_work_gives_way_to_it(serve):
    service = serve(ScriptedChat())
    service.models.priority = ReplyFirst()
    service.models._chat.gate = gate = Gate()
    found = []
    asking = threading.Thread(target=lambda: found.append(service.complete(ASKED, lambda: False)))
    asking.start()
    assert gate.asked.wait(60)
    assert service.models.priority.wanted
    gate.go.set()
    asking.join()
    assert not service.models.priority.wanted
    assert found[0][0]


def test_it_ends_when_its_reader_is_gone(serve):
    service = serve(ScriptedChat(piece=1))
    whole, _ = service.complete(ASKED, lambda: False)
    looked = []

    def gone():
        looked.append(1)
        return len(looked) > 3

    part, _ = service.complete(ASKED, gone)
    assert len(part) < len(whole)
