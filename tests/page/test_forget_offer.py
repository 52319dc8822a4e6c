"""A request to forget on the page: what it names, the one button, and the way back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from streamlit.testing.v1 import AppTest

from app.service import PersonaService
from tests.fakes import ScriptedChat, answer
from tests.page.test_page import replies, say, texts

OpenPage = Callable[..., AppTest]
ASK = "Please forget what I told you about Jonas."


@pytest.fixture
def page(open_page: OpenPage, service: PersonaService, chat: ScriptedChat) -> AppTest:
    """The page after a request was made."""
    service.memory.ingest_turn("ada", datetime.now(UTC) - timedelta(days=2), "Jonas is vegan.", "Noted.")
    chat.script["reasoning"] = answer("I have forgotten it.")
    return say(open_page(), ASK)


def press(page: AppTest, label: str) -> AppTest:
    return page.button(key=next(button.key for button in page.main.button if button.label == label)).click().run()


def test_one_button_forgets_what_is_named_and_undo_brings_it_back(page: AppTest, service: PersonaService) -> None:
    assert not page.exception
    assert replies(page)[-1].startswith("Nothing is forgotten yet.")
    assert "Jonas is vegan." in replies(page)[-1]
    assert service.memory.search("ada", "Jonas", kind="turn") or service.memory.journal.turns("ada")[0].text
    press(page, "Forget all of this")
    assert not page.exception
    assert not any("Jonas" in text for text in [*texts(page), *replies(page)])
    assert not service.memory.search("ada", "Jonas")
    page.sidebar.button(key=next(button.key for button in page.sidebar.button if button.label == "Undo")).click().run()
    assert "Jonas is vegan." in texts(page)


def test_keeping_it_takes_the_buttons_away(page: AppTest) -> None:
    press(page, "Keep it")
    assert not page.exception
    assert not any(button.label == "Forget all of this" for button in page.main.button)
    assert "Jonas is vegan." in texts(page)


def test_a_yes_as_the_next_message_does_it_too_and_undo_is_offered(page: AppTest) -> None:
    say(page, "yes")
    assert replies(page)[-1].startswith("Forgotten (")
    assert not any("Jonas" in text for text in [*texts(page), *replies(page)])
    press(page, "Undo")
    assert "Jonas is vegan." in texts(page)


def test_a_guess_has_buttons_of_its_own(open_page: OpenPage, service: PersonaService, monkeypatch: pytest.MonkeyPatch) -> None:
    earns = service.memory.ingest_turn("ada", datetime.now(UTC) - timedelta(days=2), "I earn 2,340 crowns.", "Noted.")
    assert earns is not None
    monkeypatch.setattr(service.memory.retriever, "turn_cosines", lambda _user, _texts: {earns.id: 0.5})
    page = say(open_page(), "Please forget my salary.")
    assert "a guess" in replies(page)[-1]
    assert any(button.label == "Yes, forget this" for button in page.main.button)
    press(page, "No, keep it")
    assert not page.exception
    assert "I earn 2,340 crowns." in texts(page)


def test_off_the_record_it_asks_too(open_page: OpenPage, service: PersonaService) -> None:
    service.memory.ingest_turn("ada", datetime.now(UTC) - timedelta(days=2), "Jonas is vegan.", "Noted.")
    page = open_page()
    page.toggle(key="off").set_value(True).run()
    say(page, ASK)
    assert len(service.memory.journal.turns("ada")) == 1
    press(page, "Forget all of this")
    assert not page.exception
    assert not any("Jonas" in text for text in [*texts(page), *replies(page)])
