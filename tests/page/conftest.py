"""A page on a scripted service: what it shows is read without a browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from app.service import PersonaService
from tests.fakes import ScriptedChat


@pytest.fixture
def service(
    serve: Callable[..., PersonaService], chat: ScriptedChat, monkeypatch: pytest.MonkeyPatch
) -> Iterator[PersonaService]:
    """The service that the page opens."""
    made = serve(chat)
    monkeypatch.setattr(PersonaService, "from_settings", lambda: made)
    yield made
    st.cache_resource.clear()


@pytest.fixture
def chat() -> ScriptedChat:
    return ScriptedChat()


@pytest.fixture
def open_page(service: PersonaService) -> Callable[..., AppTest]:
    """Open the page as a new tab does."""

    def make(user: str = "ada") -> AppTest:
        page = AppTest.from_file("../../streamlit_app.py", default_timeout=600)
        page.query_params["user"] = user
        return page.run()

    return make
