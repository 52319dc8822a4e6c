"""The page: chat with the assistant, and see what it knows. Start it with `streamlit run streamlit_app.py`."""

from __future__ import annotations

import atexit
from pathlib import Path

import streamlit as st

from app.page import chat, panel, words
from app.page.live import Replies
from memory.errors import PersonaError

_PARTS = Path(__file__).parent / "app" / "page"


@st.cache_resource(show_spinner="Opening the memory", on_release=lambda replies: replies.service.close())
def open_replies() -> Replies:
    """Open the one service of this process, for every page; a failure is not kept, so that it can be tried again."""
    from app.service import PersonaService

    service = PersonaService.from_settings()
    # Ctrl-C ends the server: what was shown of a running reply is kept.
    atexit.register(service.close)
    return Replies(service)


def main() -> None:
    """Draw the page."""
    # The icon is ours: Streamlit would fetch one of its own names from a font server.
    st.set_page_config(page_title="PersonaVLM", page_icon=_PARTS / "icon.svg", initial_sidebar_state=380)
    st.logo(_PARTS / "icon.svg", size="large")
    st.html(_PARTS / "page.css")
    try:
        replies = open_replies()
        _draw(replies)
    except PersonaError as error:
        st.error(words.markdown(error.message))
        st.button("Try again")


def _draw(replies: Replies) -> None:
    memory = replies.service.memory
    with st.sidebar:
        user = panel.choose_user(memory)
        panel.choose_switches()
        panel.show_known(memory, user)
        panel.show_model(replies)
    writing = chat.show(replies, user)
    chat.ask(replies, writing)
    for one in writing:
        one.watch()
    if writing:
        st.rerun()


if __name__ == "__main__":
    main()
