"""The list of past conversations in the side panel of the Chat page."""

from __future__ import annotations

import streamlit as st

from app.ui import wording
from app.ui.layout import Here

_CONVERSATIONS_PER_PAGE = 12
_MAX_TITLE_CHARACTERS = 42


def draw(here: Here) -> None:
    """Draw the conversations, newest first; the open one is highlighted."""
    shown: int = st.session_state.setdefault("shown-talks", _CONVERSATIONS_PER_PAGE)
    talks = here.memory.browse.talks(here.user, limit=shown + 1)
    if not talks:
        return
    opened = st.session_state.get("session")
    with st.container(key="talks", gap=None):
        st.caption("Conversations")
        for talk in talks[:shown]:
            title = wording.shortened(talk.topic or talk.first or "A picture", _MAX_TITLE_CHARACTERS)
            st.button(
                wording.label(title), key=f"talk-{talk.session}", width="stretch", on_click=_open, args=(talk.session,),
                type="secondary" if talk.session == opened else "tertiary",
                help=f"{wording.heading(talk.begun)} · {wording.counted(talk.turns, 'message', 'messages')}",
            )  # fmt: skip
        if len(talks) > shown:
            st.button("Show earlier conversations", key="more-talks", on_click=_more, type="tertiary")


def _open(session: int) -> None:
    st.session_state.session = session
    st.session_state.pop("marked", None)


def _more() -> None:
    st.session_state["shown-talks"] += 3 * _CONVERSATIONS_PER_PAGE
