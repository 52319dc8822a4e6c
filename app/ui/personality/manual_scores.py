"""Manual control of the personality: pin or unpin a trait, reset all traits, or set scores for the next reply."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from app.ui import layout as frame
from app.ui.layout import Here
from app.ui.personality import scores
from memory.core import clock
from memory.core.errors import PersonaError
from memory.core.records import HIGHEST, LOWEST, TRAITS, BigFive, user_key

_STEP = 0.1
_MIDDLE = 3.0
_NEXT, _PIN = "next", "pin"


def pin_trait(here: Here, trait: str, known: float | None, *, held: bool) -> None:
    """Draw the controls that pin one trait at a score, and unpin it.

    Args:
        here: The user and the replies.
        trait: The name of the trait.
        known: Its score; None if it is too early to tell.
        held: Whether it is pinned.
    """
    score = round(_MIDDLE if known is None else known, 1)
    if held:
        st.caption(f"Pinned at {score:.1f}. Your messages do not change it.")
    elif known is None:
        st.caption("Too early to tell. Your messages change it.")
    else:
        st.caption(f"Now at {score:.1f}. Your messages change it.")
    st.slider(f"{trait.capitalize()}, pinned at", float(LOWEST), float(HIGHEST), score, _STEP, "%.1f", key=_key(_PIN, trait))
    with st.container(horizontal=True, gap="small"):
        st.button("Pin", key=f"hold-{trait}", type="primary", on_click=_pin, args=(here, trait))
        if held:
            st.button("Unpin", key=f"move-{trait}", on_click=_unpin, args=(here, trait))


def next_reply(here: Here, now: BigFive) -> None:
    """Draw five scores for the next reply only, or the ones that are set."""
    st.subheader("For the next reply only", anchor=False)
    waiting: dict[str, float] | None = st.session_state.get("by_hand")
    if waiting:
        with st.container(border=True, key="next-waits", gap="small"):
            st.text(f"Your next message will be answered as if you had these scores: {scores.listed(waiting)}.")
            with st.container(horizontal=True, gap="small", vertical_alignment="center"):
                st.page_link(
                    frame.VIEWS / "chat.py",
                    label="Write the message",
                    icon=":material/forum:",
                    query_params={"user": here.user},
                )
                st.button("Clear", key="clear-next", on_click=_clear, help="Your next message is answered as usual.")
    else:
        st.caption("Try how a reply to someone else would sound. These scores are not saved, and your own do not change.")
    with st.expander("Set scores", key="set-next", icon=":material/tune:"), st.form("next-reply", border=False):
        for trait, score in BigFive(**{**now.model_dump(), **(waiting or {})}).items():
            label, key = trait.capitalize(), _key(_NEXT, trait)
            st.slider(label, float(LOWEST), float(HIGHEST), round(score, 1), _STEP, "%.1f", key=key)
        st.form_submit_button("Use for the next reply", type="primary", key="use-next", on_click=_use)


def reset_button(here: Here) -> None:
    """Draw the button that resets all traits."""
    if st.button("Reset all traits", key="reset", type="tertiary", icon=":material/restart_alt:"):
        _confirm(here)


@st.dialog("Reset all traits?")
def _confirm(here: Here) -> None:
    st.write("All five traits return to 3 and are unpinned, so your messages change them again. The chart keeps its history.")
    with st.container(horizontal=True, gap="small"):
        yes = st.button("Reset", key="reset-yes", type="primary", on_click=_reset, args=(here,))
        no = st.button("Cancel", key="reset-no")
    if yes or no:
        st.rerun()


def _reset(here: Here) -> None:
    try:
        here.memory.personality.reset(here.user, _time(here))
    except PersonaError as error:
        frame.refuse(error.message)
        return
    _reset_sliders()
    frame.tell("All five traits were reset to 3.")


def _pin(here: Here, trait: str) -> None:
    try:
        here.memory.personality.pin(here.user, trait, st.session_state[_key(_PIN, trait)], _time(here))
    except PersonaError as error:
        frame.refuse(error.message)


def _unpin(here: Here, trait: str) -> None:
    try:
        here.memory.personality.pin(here.user, trait, None, _time(here))
    except PersonaError as error:
        frame.refuse(error.message)


def _use() -> None:
    st.session_state.by_hand = {trait: float(st.session_state[_key(_NEXT, trait)]) for trait in TRAITS}


def _clear() -> None:
    st.session_state.pop("by_hand", None)
    _reset_sliders()


def _reset_sliders() -> None:
    """Reset the sliders to the current scores."""
    st.session_state.slid = st.session_state.get("slid", 0) + 1


def _key(kind: str, trait: str) -> str:
    """Return a slider key for this user and this reset: a browser keeps the value of a key that it knows."""
    return f"shown-{kind}-{trait}-{user_key(st.session_state.user)[:8]}-{st.session_state.get('slid', 0)}"


def _time(here: Here) -> datetime:
    """Return the time of the user's last message, which may come from an imported transcript; otherwise now."""
    return here.memory.journal.last_time(here.user) or clock.now()
