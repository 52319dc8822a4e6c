"""The consent choices of a user, and the receipts for what they forgot."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from app.ui import layout as frame
from app.ui.account import account_wording
from app.ui.layout import Here
from memory.consent.modes import MODES, SECRETS, Mode
from memory.core.errors import PersonaError

_RECEIPTS_PER_PAGE = 10
_CHOICES: dict[Mode, str] = {
    "off": "Remember them, marked as sensitive",
    "each": "Ask me before remembering each one",
    "never-keep": "Answer, but save nothing",
}
_MEANS: dict[Mode, str] = {
    "off": "Marked messages are never brought up unless you ask, and no model is trained on them.",
    "each": "Each one needs your approval before it can be recalled.",
    "never-keep": "These messages are answered off the record, so the next reply no longer knows them.",
}


def draw(here: Here, *, known: bool) -> None:
    """Draw the choices; a user without messages cannot consent to training yet."""
    st.subheader("What you agreed to", anchor=False)
    with st.container(border=True, key="agreed-card", gap="small"):
        if known:
            _training(here)
            _reminders(here)
        else:
            st.caption("After your first message on the Chat page, you can choose here whether a model may be trained on it.")
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
        st.caption("You have not been asked, so no model is trained on what you say.")
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
    told = "" if dates.may_bring_up else "On this machine PERSONA_BRING_UP is off. "
    st.caption(
        f"{told}It mentions each event once, up to two days ahead, and nothing sensitive. The Memory page lists all events."
    )


def _sensitive(here: Here) -> None:
    consent, key = here.memory.consent, f"sensitive-{here.user}"
    # The stored value, so that a rejected change is not shown as made.
    st.session_state[key] = consent.mode(here.user)
    st.radio(
        "Sensitive things: health, faith, politics, sexuality, money and other people's secrets", MODES, key=key,
        format_func=lambda mode: _CHOICES[mode], disabled=consent.machine is not None,
        on_change=_say, args=(lambda: consent.choose(here.user, st.session_state[key]),),
    )  # fmt: skip
    told = "" if consent.machine is None else "PERSONA_ASK_CONSENT sets this for everyone on this machine. "
    st.caption(f"{told}{_MEANS[consent.mode(here.user)]} {SECRETS}")


def _receipts(here: Here) -> None:
    folded = st.expander("Receipts for what you forgot", key="receipts", on_change="rerun", icon=":material/receipt_long:")
    if not folded.open:
        return
    with folded:
        kept = here.memory.receipts(here.user)[::-1]
        if not kept:
            st.caption("Nothing yet. What you forget is deleted for good after ten minutes. Its receipt then appears here.")
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
