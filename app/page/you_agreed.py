"""What the person agreed to, and the receipts of what they forgot for good."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from app.page import frame, you_words
from app.page.frame import Here
from app.settings import Settings
from memory.errors import PersonaError
from memory.purge import Receipt

_RECEIPTS = 10


def draw(here: Here, *, known: bool) -> None:
    """Draw it; what is not remembered at all cannot be agreed to."""
    st.subheader("What you agreed to", anchor=False)
    if not known:
        st.caption("Once you have said something on the page Chat, you can say here what may be done with it.")
        return
    with st.container(border=True, key="agreed-card", gap="small"):
        _training(here)
        _sensitive(here)
    _receipts(here)


def _training(here: Here) -> None:
    said, key = here.memory.consent.of(here.user), f"training-{here.user}"
    # As it stands: a change that was refused is not shown as made.
    st.session_state[key] = bool(said and said.training)
    st.toggle(
        "A model may be trained on my conversations", key=key,
        on_change=_say, args=(lambda: here.memory.consent.say(here.user, training=st.session_state[key]),),
    )  # fmt: skip
    if said is None:
        st.caption("You were never asked, which is a no: nothing is trained on what you say.")
    elif said.training:
        st.caption(f"You said yes on {said.since:%Y-%m-%d}. Off again, nothing more is kept for it.")
    else:
        st.caption(f"You said no on {said.since:%Y-%m-%d}: nothing is trained on what you say.")


def _sensitive(here: Here) -> None:
    asks, key = here.memory.consent.asks(here.user), f"asks-{here.user}"
    st.session_state[key] = asks
    st.toggle(
        "Ask me before something sensitive is remembered", key=key,
        on_change=_say, args=(lambda: here.memory.consent.keep_sensitive(here.user, unasked=not st.session_state[key]),),
    )  # fmt: skip
    if not Settings().ask_consent:
        st.caption("On this machine nobody is asked: PERSONA_ASK_CONSENT is off.")
    elif asks:
        st.caption("Health, faith, politics, sexuality, money and others' secrets wait for your yes or no.")
    else:
        st.caption("Sensitive things are remembered like anything else, from now on.")


def _receipts(here: Here) -> None:
    folded = st.expander(
        "What you forgot for good: the receipts", key="receipts", on_change="rerun", icon=":material/receipt_long:"
    )
    if not folded.open:
        return
    with folded:
        kept = here.memory.forgetting.receipts(here.user)[::-1]
        if not kept:
            st.caption("Nothing yet. What you forget is gone for good ten minutes later, and its receipt then stands here.")
            return
        pages = -(-len(kept) // _RECEIPTS)
        page = min(st.session_state.get("shown-receipts", 1), pages) - 1
        for number, one in enumerate(kept[page * _RECEIPTS : (page + 1) * _RECEIPTS]):
            title, detail = you_words.forgotten(Receipt.model_validate(one))
            with st.container(key=f"entry-receipt-{number}", gap=None):
                st.text(title)
                st.text(detail)
        if pages > 1:
            st.pagination(pages, key="shown-receipts")


def _say(do: Callable[[], object]) -> None:
    try:
        do()
    except PersonaError as error:
        frame.refuse(error.message)
