"""The receipt below a reply, without a browser."""

from __future__ import annotations

from app.service import PersonaService
from memory.core.records import Trace
from tests.page.test_page import LONG_AGO, OpenPage, captions, say


def test_a_receipt_says_what_the_reply_took_and_an_older_one_says_nothing(open_page: OpenPage, service: PersonaService) -> None:
    service.memory.ingest_turn("ada", LONG_AGO, "I have a cat.", "Noted.")
    old = service.memory.receive("ada", "Hello.")
    service.memory.journal.finish(old.id, "Hello.", trace=Trace())
    page = say(open_page(), "And now?")
    for turn in service.memory.journal.turns("ada")[1:]:
        page.session_state[f"receipt-{turn.id}"] = True
    page.run()
    assert not page.exception
    assert captions(page).count("in one call. ") == 1
    assert captions(page).count("The first word came after") == 1
