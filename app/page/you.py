"""The page You: who it is, everything as one file, what was agreed to, health, and a way to leave nothing behind."""

from __future__ import annotations

import streamlit as st

from app.page import you_agreed, you_archive, you_health, you_leave, you_who
from app.page.frame import Here


def draw(here: Here) -> None:
    """Draw the page."""
    st.title("You", anchor=False)
    you_leave.receipt()
    known = here.memory.journal.knows(here.user)
    you_who.draw(here)
    you_archive.draw(here, known=known)
    you_agreed.draw(here, known=known)
    you_health.draw(here)
    if known:
        you_leave.draw(here)
