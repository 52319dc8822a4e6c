"""The page Memory: everything that is remembered, where it came from, and the way to put it right."""

from __future__ import annotations

import streamlit as st

from app import backlog
from app.ui import wording
from app.ui.layout import VIEWS, Here
from app.ui.memory import entry_wording, memory_list, pending_approval, profile, upcoming
from memory.core.errors import PersonaError
from memory.memory import Memory

_WHILE_REMEMBERING_S = 3


def draw(here: Here) -> None:
    """Draw the page."""
    counts = here.memory.browse.counts(here.user)
    st.title("Memory", anchor=False)
    summed = entry_wording.summed(counts)
    st.caption(f"What is remembered about you: {summed}" if summed else "What is remembered about you stands here.")
    _not_yet(here)
    pending_approval.draw(here)
    upcoming.draw(here)
    profile.draw(here)
    profile.habits(here)
    if summed:
        memory_list.draw(here, counts)
    else:
        _nothing(here)


def _not_yet(here: Here) -> None:
    """Say what is not in memory yet, and say it again as it gets less; the side panel draws the page anew at the end."""
    if here.memory.work.count(here.user):
        st.fragment(_left, run_every=_WHILE_REMEMBERING_S)(here.memory, here.user)


def _left(memory: Memory, user: str) -> None:
    try:
        left = memory.work.backlog(user)
    except PersonaError as error:
        st.error(wording.sentence(error.message))
        return
    st.caption(backlog.sentence(left, backlog.WHEN_IT_ANSWERS if left.failed else backlog.SOON))


def _nothing(here: Here) -> None:
    waits = here.memory.work.count(here.user)
    st.info(
        "It reads what you said. What it keeps of your words is shown here in a moment."
        if waits
        else "Nothing is remembered yet. Tell it something about yourself, and come back."
    )
    st.page_link(VIEWS / "chat.py", label="Go to the chat", icon=":material/forum:", query_params={"user": here.user})
