"""What is pending the person's approval before it is remembered."""

from __future__ import annotations

import streamlit as st

from app.ui import wording
from app.ui.layout import Here
from app.ui.memory import entry_card
from memory.consent.sensitive import NAMED
from memory.core import clock

_A_PAGE = 3


def draw(here: Here) -> None:
    """Draw it, newest first; nothing where nothing waits."""
    waiting = here.memory.approvals.waiting(here.user)[::-1]
    if not waiting:
        return
    pages = -(-len(waiting) // _A_PAGE)
    page = min(st.session_state.get("shown-held", 1), pages)
    st.session_state["shown-held"] = page
    with st.container(border=True, key="card-held"):
        st.subheader("Pending your approval", anchor=False)
        told = wording.counted(len(waiting), "message tells", "messages tell")
        st.caption(f"{told} of something sensitive. Before you approve, nothing of it is recalled.")
        for one in waiting[(page - 1) * _A_PAGE : page * _A_PAGE]:
            with st.container(key=f"entry-held-{one.turn_id}", gap="xxsmall"):
                st.text(f"{clock.show(one.time)} · about {NAMED[one.topic]}")
                st.text(wording.shortened(one.text))
                if one.facts:
                    with st.container(key=f"quiet-held-{one.turn_id}", gap=None):
                        for fact in one.facts:
                            st.text(f"It would remember: {fact}")
                with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"row-held-{one.turn_id}"):
                    entry_card.decide(here, one.turn_id, f"held-{one.turn_id}")
                    entry_card.show_button(here, one.turn_id, f"held-{one.turn_id}")
        if pages > 1:
            st.pagination(pages, key="shown-held")
