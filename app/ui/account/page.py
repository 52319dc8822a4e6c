"""The You page: the user, history of other programs, export and import, consent, status, and deletion."""

from __future__ import annotations

import streamlit as st

from app.ui.account import agreements, archive, deletion, health, history, identity
from app.ui.layout import Here


def draw(here: Here) -> None:
    """Draw the page."""
    st.title("You", anchor=False)
    deletion.receipt()
    known = here.memory.journal.knows(here.user)
    identity.draw(here)
    history.draw(here)
    archive.draw(here, known=known)
    agreements.draw(here, known=known)
    health.draw(here)
    if known:
        deletion.draw(here)
