"""What the person agreed to, and the receipts of what they forgot for good."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from app.ui import layout as frame
from app.ui.account import account_wording
from app.ui.layout import Here
from memory.consent.modes import MODES, SECRETS, Mode
from memory.core.errors import PersonaError
from memory.forgetting.purge import Receipt

_RECEIPTS = 10
_CHOICES: dict[Mode, str] = {
    "off": "Remember them, marked",
    "each": "Ask me before each is remembered",
    "never-keep": "Answer, and keep nothing of them",
}
_MEANS: dict[Mode, str] = {
    "off": "What is marked is never brought up unasked, and no model is trained on it.",
    "each": "Each is pending your approval, and not recalled before.",
    "never-keep": "Such a message is answered off the record: the next reply does not know it any more.",
}


def draw(here: Here, *, known: bool) -> None:
    """Draw it; that a model is trained on what was never said cannot be agreed to."""
    st.subheader("What you agreed to", anchor=False)
    with st.container(border=True, key="agreed-card", gap="small"):
        if known:
            _training(here)
            _reminders(here)
        else:
            st.caption("Once you have said something on the page Chat, you can say here whether a model may be trained on it.")
        _sensitive(here)
    if known:
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


def _reminders(here: Here) -> None:
    dates, key = here.memory.dates, f"reminders-{here.user}"
    # As it is: a change that was refused is not shown as made.
    st.session_state[key] = dates.brings_up(here.user)
    st.toggle(
        "The first reply of a day may remind me of what is coming up", key=key, disabled=not dates.may_bring_up,
        on_change=_say, args=(lambda: dates.let_bring_up(here.user, allowed=st.session_state[key]),),
    )  # fmt: skip
    told = "" if dates.may_bring_up else "On this machine PERSONA_BRING_UP is off. "
    st.caption(f"{told}Each thing once, today's and what is due within two days; nothing sensitive. The page Memory lists all.")


def _sensitive(here: Here) -> None:
    consent, key = here.memory.consent, f"sensitive-{here.user}"
    # As it is: a change that was refused is not shown as made.
    st.session_state[key] = consent.mode(here.user)
    st.radio(
        "Sensitive things: health, faith, politics, sexuality, money and others' secrets", MODES, key=key,
        format_func=lambda mode: _CHOICES[mode], disabled=consent.machine is not None,
        on_change=_say, args=(lambda: consent.choose(here.user, st.session_state[key]),),
    )  # fmt: skip
    told = "" if consent.machine is None else "On this machine PERSONA_ASK_CONSENT says so for everybody. "
    st.caption(f"{told}{_MEANS[consent.mode(here.user)]} {SECRETS}")


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
            title, detail = account_wording.forgotten(Receipt.model_validate(one))
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
