"""What all pages stand in: the one service of this process, who is talking, and the way from page to page."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import streamlit as st

from app.ui.live_replies import Replies
from memory.memory import Memory

if TYPE_CHECKING:
    from app.models.background_fetch import Fetching
    from app.service import PersonaService

VIEWS = Path(__file__).parent / "views"
"""Named by their whole paths: the script that starts the page lies elsewhere in a checkout than in an installed package."""
TITLES = {"chat": "Chat", "memory": "Memory", "personality": "Personality", "photos": "Photos", "you": "You"}
_ICONS = {
    "chat": ":material/forum:",
    "memory": ":material/menu_book:",
    "personality": ":material/person_heart:",
    "photos": ":material/photo_library:",
    "you": ":material/account_circle:",
}


@dataclass(frozen=True)
class Here:
    """Who is on the page, and what serves them."""

    replies: Replies
    user: str

    @property
    def memory(self) -> Memory:
        """What is known."""
        return self.replies.service.memory


@dataclass
class Program:
    """What of this process outlives every page of it.

    Attributes:
        fetching: Brings a chat model that is not here; None: it is missing then.
        service: The one service, once a page was opened.
    """

    fetching: Fetching | None = None
    service: PersonaService | None = None


program = Program()


def here() -> Here:
    """Return it, as the frame has set it up before it draws a page."""
    return Here(open_replies(), st.session_state.user)


@st.cache_resource(show_spinner="Opening the memory", on_release=lambda replies: replies.service.close())
def open_replies() -> Replies:
    """Open the one service of this process, for every page; a failure is not kept, so that it can be tried again."""
    from app.service import PersonaService

    fetching = program.fetching
    service = PersonaService.from_settings(fetching=fetching) if fetching else PersonaService.from_settings()
    program.service = service
    return Replies(service)


def pages() -> list[st.Page]:
    """Return the pages, for `st.navigation`."""
    return [
        st.Page(VIEWS / f"{name}.py", title=title, icon=_ICONS[name], url_path=name, default=name == "chat")
        for name, title in TITLES.items()
    ]


def go_to_turn(session: int, turn_id: str) -> NoReturn:
    """Show a message in its conversation."""
    st.session_state.session, st.session_state.marked = session, turn_id
    st.switch_page(VIEWS / "chat.py", query_params={"user": st.session_state.user})


def tell(message: str) -> None:
    """Have the next drawing say what was done."""
    st.session_state.told = message


def refuse(message: str) -> None:
    """Have the next drawing say why something could not be done."""
    st.session_state.refused = message
