"""The consent choices of a user, and the receipts for what was deleted."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from app.ui import layout as frame
from app.ui.account import account_wording
from app.ui.layout import Here
from memory.consent.modes import CHOICES, MODES, SECRETS, Mode
from memory.core.errors import PersonaError

_RECEIPTS_PER_PAGE = 10
_MEANS: dict[Mode, str] = {
    "off": "No reply reminds you of them unasked, and no model is trained on them.",
    "each": "Each one is remembered only after you approve it.",
    "never-keep": "They are answered but not saved, so later replies do not know about them.",
}


def draw(here: Here, *, known: bool) -> None:
    """Draw the choices; a user without messages cannot consent to training yet."""
    st.subheader("What you agreed to", anchor=False)
    with st.container(border=True, key="agreed-card", gap="small"):
        if known:
            _training(here)
            _reminders(here)
        else:
            st.caption(
                "Send a first message on the Chat page. Then you can choose here whether models may be trained on your "
                "messages."
            )
        _sensitive(here)
    if known:
        _receipts(here)


def _training(here: Here) -> None:
    said, key = here.memory.consent.of(here.user), f"training-{here.user}"
    # The stored value, so that a rejected change is not shown as made.
    st.session_state[key] = bool(said and said.training)
    st.toggle(
        "A model may be trained on my conversations", key=key,
        on_change=_say, args=(lambda: here.memory.consent.say(here.user, training=st.session_state[key]),),
    )  # fmt: skip
    if said is None:
        st.caption("You have not decided yet, so no model is trained on what you say.")
    elif said.training:
        st.caption(f"You said yes on {said.since:%Y-%m-%d}. If you turn this off, nothing more is kept for training.")
    else:
        st.caption(f"You said no on {said.since:%Y-%m-%d}. No model is trained on what you say.")


def _reminders(here: Here) -> None:
    dates, key = here.memory.dates, f"reminders-{here.user}"
    # The stored value, so that a rejected change is not shown as made.
    st.session_state[key] = dates.brings_up(here.user)
    st.toggle(
        "The first reply of a day may remind me of what is coming up", key=key, disabled=not dates.may_bring_up,
        on_change=_say, args=(lambda: dates.let_bring_up(here.user, allowed=st.session_state[key]),),
    )  # fmt: skip
    told = "" if dates.may_bring_up else "Reminders are switched off on this machine (PERSONA_BRING_UP). "
    st.caption(
        f"{told}Each event is mentioned once, at most two days ahead. Sensitive events are never mentioned. "
        "The Memory page lists all events."
    )


def _sensitive(here: Here) -> None:
    consent, key = here.memory.consent, f"sensitive-{here.user}"
    # The stored value, so that a rejected change is not shown as made.
    st.session_state[key] = consent.mode(here.user)
    st.radio(
        "Sensitive things: health, faith, politics, sexuality, money and other people's secrets", MODES, key=key,
        format_func=lambda mode: CHOICES[mode], disabled=consent.machine is not None,
        on_change=_say, args=(lambda: consent.choose(here.user, st.session_state[key]),),
    )  # fmt: skip
    told = "" if consent.machine is None else "This is set for everyone on this machine (PERSONA_ASK_CONSENT). "
    st.caption(f"{told}{_MEANS[consent.mode(here.user)]} {SECRETS}")


def _receipts(here: Here) -> None:
    folded = st.expander("Receipts for deleted memories", key="receipts", on_change="rerun", icon=":material/receipt_long:")
    if not folded.open:
        return
    with folded:
        kept = here.memory.receipts(here.user)[::-1]
        if not kept:
            st.caption(
                "Nothing yet. When you forget something, it is deleted for good after ten minutes, and its receipt appears "
                "here."
            )
            return
        pages = -(-len(kept) // _RECEIPTS_PER_PAGE)
        page = min(st.session_state.get("shown-receipts", 1), pages) - 1
        for number, one in enumerate(kept[page * _RECEIPTS_PER_PAGE : (page + 1) * _RECEIPTS_PER_PAGE]):
            title, detail = account_wording.forgotten(one)
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
