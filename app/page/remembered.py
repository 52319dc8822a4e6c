"""The page Memory: everything that is remembered, where it came from, and the way to put it right."""

from __future__ import annotations

import streamlit as st

from app.page import remembered_held, remembered_list, remembered_profile, remembered_words
from app.page.frame import Here


def draw(here: Here) -> None:
    """Draw the page."""
    counts = here.memory.browse.counts(here.user)
    st.title("Memory", anchor=False)
    summed = remembered_words.summed(counts)
    st.caption(f"What is remembered about you: {summed}" if summed else "What is remembered about you stands here.")
    remembered_held.draw(here)
    remembered_profile.draw(here)
    remembered_profile.habits(here)
    if summed:
        remembered_list.draw(here, counts)
    else:
        _nothing(here)


def _nothing(here: Here) -> None:
    waits = here.memory.pending.count(here.user)
    st.info(
        "It is being read what you said. What it keeps of it stands here in a moment."
        if waits
        else "Nothing is remembered yet. Tell it something about yourself, and come back."
    )
    st.page_link("app/page/views/chat.py", label="Go to the chat", icon=":material/forum:", query_params={"user": here.user})
