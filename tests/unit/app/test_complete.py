"""A front end's own call is answered before background work, and ends when nobody reads its answer any more."""

from __future__ import annotations

import threading

from langchain_core.messages import HumanMessage

from memory.core.priority import ReplyFirst
from tests.fakes import ScriptedChat

ASKED = [HumanMessage("### Task:\nGenerate a title.")]


def test_background_work_gives_way_to_it(serve):
    service = serve(ScriptedChat())
    service.models.priority = ReplyFirst()
    service.models._chat.gate = gate = threading.Event()
    found = []
    asking = threading.Thread(target=lambda: found.append(service.complete(ASKED, lambda: False)))
    asking.start()
    with service.models.priority._changed:
        service.models.priority._changed.wait_for(lambda: service.models.priority.wanted or not asking.is_alive(), 60)
    assert not service.models.priority.wait(0)
    gate.set()
    asking.join()
    assert service.models.priority.wait(0)
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
