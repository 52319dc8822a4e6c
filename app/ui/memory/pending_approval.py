"""The card of the Memory page with sensitive messages that need approval."""

from __future__ import annotations

import streamlit as st

from app.ui import wording
from app.ui.layout import Here
from app.ui.memory import entry_card
from graph.language.addressed import addressed
from memory.consent.sensitive import NAMED
from memory.core import clock

_MESSAGES_PER_PAGE = 3


def draw(here: Here) -> None:
    """Draw the card, newest message first; nothing if no approval is pending."""
    waiting = here.memory.approvals.waiting(here.user)[::-1]
    if not waiting:
        return
    pages = -(-len(waiting) // _MESSAGES_PER_PAGE)
    page = min(st.session_state.get("shown-held", 1), pages)
    st.session_state["shown-held"] = page
    with st.container(border=True, key="card-held"):
        st.subheader("Needs your approval", anchor=False)
        told, those = wording.counted(len(waiting), "message is", "messages are"), "It is" if len(waiting) == 1 else "They are"
        them = "it" if len(waiting) == 1 else "them"
        st.caption(f"{told} about something sensitive. {those} remembered only after you approve {them}.")
        for one in waiting[(page - 1) * _MESSAGES_PER_PAGE : page * _MESSAGES_PER_PAGE]:
            with st.container(key=f"entry-held-{one.turn_id}", gap="xxsmall"):
                st.text(f"{clock.show(one.time)} · about {NAMED[one.topic]}")
                st.text(wording.shortened(one.text))
                if one.facts:
                    with st.container(key=f"quiet-held-{one.turn_id}", gap=None):
                        for fact in one.facts:
                            st.text(f"Would be remembered: {addressed(fact)}")
                with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"row-held-{one.turn_id}"):
                    entry_card.decide(here, one.turn_id, f"held-{one.turn_id}")
                    entry_card.show_button(here, one.turn_id, f"held-{one.turn_id}")
        if pages > 1:
            st.pagination(pages, key="shown-held")
