"""The Memory page: all memories with their sources, and the actions that correct or forget them."""

from __future__ import annotations

import streamlit as st

from app import backlog
from app.ui import wording
from app.ui.layout import VIEWS, Here
from app.ui.memory import entry_wording, memory_list, pending_approval, profile, upcoming
from memory.core.errors import PersonaError
from memory.memory import Memory

_REFRESH_S = 3


def draw(here: Here) -> None:
    """Draw the page."""
    counts = here.memory.browse.counts(here.user)
    st.title("Memory", anchor=False)
    summed = entry_wording.summed(counts)
    st.caption(f"What is remembered about you: {summed}" if summed else "What is remembered about you appears here.")
    _draw_backlog(here)
    pending_approval.draw(here)
    upcoming.draw(here)
    profile.draw(here)
    profile.habits(here)
    if summed:
        memory_list.draw(here, counts)
    else:
        _nothing(here)


def _draw_backlog(here: Here) -> None:
    """Draw what is not in memory yet, and refresh it; the side panel reruns the page when all work is done."""
    if here.memory.work.count(here.user):
        st.fragment(_backlog_caption, run_every=_REFRESH_S)(here.memory, here.user)


def _backlog_caption(memory: Memory, user: str) -> None:
    try:
        left = memory.work.backlog(user)
    except PersonaError as error:
        st.error(wording.sentence(error.message))
        return
    st.caption(backlog.sentence(left, backlog.WHEN_IT_ANSWERS if left.failed else backlog.SOON))


def _nothing(here: Here) -> None:
    waits = here.memory.work.count(here.user)
    st.info(
        "Your messages are being processed. New memories will appear here shortly."
        if waits
        else "Nothing is remembered yet. Tell the assistant something about yourself, then come back."
    )
    st.page_link(VIEWS / "chat.py", label="Go to the chat", icon=":material/forum:", query_params={"user": here.user})
