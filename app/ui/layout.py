"""Shared parts of all pages: the service of this process, the current user, and navigation between pages."""

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
"""Absolute, because the script that starts the page is in a different place in a checkout and in an installed package."""
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
    """The user of the page, and the replies that serve them."""

    replies: Replies
    user: str

    @property
    def memory(self) -> Memory:
        """Return the memory of the service."""
        return self.replies.service.memory


@dataclass
class Program:
    """The state of this process that outlives its pages.

    Attributes:
        fetching: Downloads a missing chat model in the background; None: nothing is downloaded.
        service: The only service of the process; None until a page is opened, or the API beside it.
        opened: The service, if it was opened before any page.
    """

    fetching: Fetching | None = None
    service: PersonaService | None = None
    opened: PersonaService | None = None


program = Program()


def here() -> Here:
    """Return the current user and replies; the layout sets them up before it draws a page."""
    return Here(open_replies(), st.session_state.user)


@st.cache_resource(show_spinner="Opening memory", on_release=lambda replies: replies.service.close())
def open_replies() -> Replies:
    """Return the replies of this process, shared by every page; a failure is not cached, so it can be tried again."""
    service, program.opened = program.opened or open_service(), None
    return Replies(service)


def open_service() -> PersonaService:
    """Open the service of this process.

    Raises:
        PersonaError: As `PersonaService.from_settings`.
    """
    from app.service import PersonaService

    fetching = program.fetching
    service = PersonaService.from_settings(fetching=fetching) if fetching else PersonaService.from_settings()
    program.service = service
    return service


def pages() -> list[st.Page]:
    """Return the pages, for `st.navigation`."""
    return [
        st.Page(VIEWS / f"{name}.py", title=title, icon=_ICONS[name], url_path=name, default=name == "chat")
        for name, title in TITLES.items()
    ]


def go_to_turn(session: int, turn_id: str) -> NoReturn:
    """Open the Chat page at a message of a past conversation."""
    st.session_state.session, st.session_state.marked = session, turn_id
    st.switch_page(VIEWS / "chat.py", query_params={"user": st.session_state.user})


def tell(message: str) -> None:
    """Show a success message on the next run of the page."""
    st.session_state.told = message


def refuse(message: str) -> None:
    """Show an error message on the next run of the page."""
    st.session_state.refused = message
