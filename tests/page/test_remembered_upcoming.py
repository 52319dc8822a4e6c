"""What is coming up on the pages Memory and You, without a browser."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from streamlit.testing.v1 import AppTest

from app.service import PersonaService
from memory.core import clock
from tests.page.test_page import captions, texts

OpenPage = Callable[..., AppTest]


def page(open_page: OpenPage, view: str, user: str = "ada") -> AppTest:
    return open_page(user).switch_page(f"app/ui/views/{view}.py").run()


def tell(service: PersonaService, days: int, what: str, user: str = "ada") -> str:
    """Say, an hour ago, that something is in so many days; returns the words."""
    now = clock.now()
    words = f"{what} on {now.date() + timedelta(days=days)}."
    service.memory.ingest_turn(user, now - timedelta(hours=1), words, "Noted.")
    return words


def test_the_card_lists_the_nearest_first_and_more_when_asked(open_page: OpenPage, service: PersonaService) -> None:
    exam, flight = tell(service, 20, "I have an exam"), tell(service, 3, "We fly to Lisbon")
    tell(service, 2, "I have a meeting", user="bob")
    memory = page(open_page, "memory")
    assert not memory.exception
    assert "Coming up" in [one.value for one in memory.subheader]
    assert flight in texts(memory)
    assert any(text.endswith("in 3 days") for text in texts(memory))
    assert exam not in texts(memory)
    memory = memory.segmented_control[0].set_value("a month").run()
    assert texts(memory).index(flight) < texts(memory).index(exam)
    assert not any("meeting" in text for text in texts(memory))


def test_what_is_forgotten_there_is_gone(open_page: OpenPage, service: PersonaService) -> None:
    words = tell(service, 3, "We fly to Lisbon")
    memory = page(open_page, "memory")
    next(button for button in memory.button if button.key == "forget-upcoming-0").click().run()
    assert words not in texts(page(open_page, "memory"))
    assert service.memory.dates.upcoming("ada", clock.now()) == []


def test_who_told_of_no_day_sees_no_card(open_page: OpenPage, service: PersonaService) -> None:
    service.memory.ingest_turn("ada", clock.now() - timedelta(hours=1), "I have a cat.", "Noted.")
    assert "Coming up" not in [one.value for one in page(open_page, "memory").subheader]


def test_one_switch_on_the_page_you_turns_reminders_off(open_page: OpenPage, service: PersonaService) -> None:
    tell(service, 1, "I have an exam")
    you = page(open_page, "you")
    switch = next(one for one in you.toggle if one.key == "reminders-ada")
    assert switch.value
    switch.set_value(False).run()
    assert not service.memory.dates.brings_up("ada")
    service.memory.dates.may_bring_up = False
    assert "Reminders are switched off on this machine (PERSONA_BRING_UP)." in captions(page(open_page, "you"))
