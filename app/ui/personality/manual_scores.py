"""The personality by hand: hold a trait, let it move, begin anew, or choose scores for the next reply alone."""

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


def hold_trait(here: Here, trait: str, known: float | None, *, held: bool) -> None:
    """Offer to hold one trait at a value, and to let it move again.

    Args:
        here: The page.
        trait: Which.
        known: Where it is; None: it is too early to say.
        held: It is held already.
    """
    score = round(_MIDDLE if known is None else known, 1)
    if held:
        st.caption(f"It is held at {score:.1f}: messages do not move it.")
    elif known is None:
        st.caption("It is too early to say where it is; messages move it.")
    else:
        st.caption(f"It is at {score:.1f}, and messages move it.")
    st.slider(f"{trait.capitalize()}, held at", float(LOWEST), float(HIGHEST), score, _STEP, "%.1f", key=_key(_PIN, trait))
    with st.container(horizontal=True, gap="small"):
        st.button("Hold it there", key=f"hold-{trait}", type="primary", on_click=_hold, args=(here, trait))
        if held:
            st.button("Let it move again", key=f"move-{trait}", on_click=_let_move, args=(here, trait))


def next_reply(here: Here, now: BigFive) -> None:
    """Offer five scores for the next reply alone; say which ones wait for it."""
    st.subheader("For the next reply alone", anchor=False)
    waiting: dict[str, float] | None = st.session_state.get("by_hand")
    if waiting:
        with st.container(border=True, key="next-waits", gap="small"):
            st.text(f"Your next message is answered as if you were: {scores.listed(waiting)}.")
            with st.container(horizontal=True, gap="small", vertical_alignment="center"):
                st.page_link(
                    frame.VIEWS / "chat.py", label="Write it", icon=":material/forum:", query_params={"user": here.user}
                )
                st.button("Clear", key="clear-next", on_click=_clear, help="Your next message is answered as usual.")
    else:
        st.caption("Try how a reply sounds to someone else. Nothing of it is kept, and your curve does not move.")
    with st.expander("Set by hand", key="set-next", icon=":material/tune:"), st.form("next-reply", border=False):
        for trait, score in BigFive(**{**now.model_dump(), **(waiting or {})}).items():
            label, key = trait.capitalize(), _key(_NEXT, trait)
            st.slider(label, float(LOWEST), float(HIGHEST), round(score, 1), _STEP, "%.1f", key=key)
        st.form_submit_button("Use for the next reply", type="primary", key="use-next", on_click=_use)


def begin_anew(here: Here) -> None:
    """Offer to begin the whole personality anew."""
    if st.button("Begin all anew", key="anew", type="tertiary", icon=":material/restart_alt:"):
        _confirm(here)


@st.dialog("Begin all anew?")
def _confirm(here: Here) -> None:
    st.write("All five go back to 3, nothing is held any more, and messages move them again. The curve keeps its past.")
    with st.container(horizontal=True, gap="small"):
        yes = st.button("Begin anew", key="anew-yes", type="primary", on_click=_reset, args=(here,))
        no = st.button("Leave it as it is", key="anew-no")
    if yes or no:
        st.rerun()


def _reset(here: Here) -> None:
    try:
        here.memory.personality.reset(here.user, _time(here))
    except PersonaError as error:
        frame.refuse(error.message)
        return
    _forget_sliders()
    frame.tell("Begun anew: all five are at 3.")


def _hold(here: Here, trait: str) -> None:
    try:
        here.memory.personality.pin(here.user, trait, st.session_state[_key(_PIN, trait)], _time(here))
    except PersonaError as error:
        frame.refuse(error.message)


def _let_move(here: Here, trait: str) -> None:
    try:
        here.memory.personality.pin(here.user, trait, None, _time(here))
    except PersonaError as error:
        frame.refuse(error.message)


def _use() -> None:
    st.session_state.by_hand = {trait: float(st.session_state[_key(_NEXT, trait)]) for trait in TRAITS}


def _clear() -> None:
    st.session_state.pop("by_hand", None)
    _forget_sliders()


def _forget_sliders() -> None:
    """Have the sliders begin where the scores are."""
    st.session_state.slid = st.session_state.get("slid", 0) + 1


def _key(kind: str, trait: str) -> str:
    """Name a slider: of this user, and since it was last cleared; a browser keeps the value of one that it knows."""
    return f"shown-{kind}-{trait}-{user_key(st.session_state.user)[:8]}-{st.session_state.get('slid', 0)}"


def _time(here: Here) -> datetime:
    """Return when this happens: on the user's own time line, which may be a transcript's."""
    return here.memory.journal.last_time(here.user) or clock.now()
