"""Off the record: memory is read, and nothing of the turn is written anywhere, logs included."""

from __future__ import annotations

import logging

import pytest

from graph.context import MessageOptions
from memory.forgetting.verify import files_with, rows_of
from tests.fakes import ScriptedChat, answer, fact, retrieve

SAID = "Between us: the vault code is marzipan-4471."
REPLY = "I keep marzipan-4471 to myself."


@pytest.fixture
def service(serve):
    opened = serve(ScriptedChat({"semantic": fact("The user has a vault.", "vault"), "reasoning": answer("I see.")}))
    list(opened.stream("ada", "I own a vault.", time="2026-03-01 09:00"))
    opened.wait()
    return opened


def rows(service, user: str) -> int:
    with service.memory._database.read() as connection:
        return rows_of(connection, user)


@pytest.mark.parametrize("outcome", ["answered", "failed", "stopped"])
def test_nothing_of_it_is_in_the_journal_a_file_or_a_log(service, tmp_path, caplog, outcome):
    caplog.set_level(logging.DEBUG)
    chat = service.models.chat()
    chat.script["reasoning"] = [retrieve("vault"), RuntimeError("broken") if outcome == "failed" else answer(REPLY)]
    before = rows(service, "ada")
    events = service.stream("ada", SAID, time="2026-03-05 09:00", options=MessageOptions(off_the_record=True))
    shown = []
    try:
        for event in events:
            shown.append(event)
            if outcome == "stopped":
                service.stop(shown[0].turn.id)
    except Exception:
        assert outcome == "failed"
    assert "vault" in str(shown), "memory is read"
    service.wait()
    service.memory.search("ada", "vault")
    assert rows(service, "ada") == before
    assert "marzipan" not in caplog.text
    service.close()
    assert files_with(tmp_path, ["marzipan-4471", "Between us"]) == 0


def test_somebody_who_is_not_known_yet_leaves_nothing_at_all(service, tmp_path):
    list(service.stream("eve", SAID, options=MessageOptions(off_the_record=True)))
    assert rows(service, "eve") == 0
    assert service.memory.left_of("eve") == {"journal": 0, "vectors": 0, "words": 0, "pictures": 0}
