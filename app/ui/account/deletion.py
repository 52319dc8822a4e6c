"""Deleting everything of a user: after their name was typed, with a receipt that they can keep."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from app.ui import auth, wording
from app.ui.account import account_wording, identity
from app.ui.layout import Here
from memory.core import clock
from memory.core.errors import InvalidInput, PersonaError
from memory.core.records import TurnState
from memory.memory import Memory

_KEPT = "you-farewell"


@dataclass(frozen=True)
class Farewell:
    """The receipt of a deletion: what it says, and what its file is called."""

    text: str
    file: str


def receipt() -> None:
    """Show the receipt of the last deletion, wherever on the page one is, until it is put away."""
    if kept := st.session_state.get(_KEPT):
        _receipt(kept)


def draw(here: Here) -> None:
    """Offer to delete everything."""
    st.subheader("Delete everything", anchor=False)
    with st.container(border=True, key="delete-card", gap="small"):
        st.caption(
            "Messages, memories, pictures and personality, at once and for good, from every store. There is no undo; an "
            "archive that you made before can be brought back."
        )
        typed = st.text_input(
            f"To delete everything of {wording.label(here.user)}, type that name", key=f"confirm-{here.user}",
            live=True, autocomplete="off",
        )  # fmt: skip
        meant = typed == here.user
        if st.button("Delete everything", key="delete", type="primary", icon=":material/delete_forever:", disabled=not meant):
            _delete(here)


def deleted(memory: Memory, user: str) -> Farewell:
    """Delete a user, look into every store for them, and return the receipt.

    Raises:
        PersonaError: There is no such user, or a reply to them is being written.
    """
    if any(turn.state is TurnState.RECEIVED for turn in memory.journal.newest(user).values()):
        raise InvalidInput("A reply is being written. Stop it on the page Chat, or wait for it, and delete everything then.")
    removed = memory.delete_user(user)
    now = clock.now()
    return Farewell(
        account_wording.farewell(user, removed, memory.left_of(user), now), account_wording.file_name(user, "-deleted.txt", now)
    )


def _delete(here: Here) -> None:
    try:
        with st.spinner("Deleting it"):
            st.session_state[_KEPT] = deleted(here.memory, here.user)
    except PersonaError as error:
        st.error(wording.sentence(error.message))
        return
    # What was said off the record was on this page alone.
    st.session_state["unrecorded"] = [one for one in st.session_state.get("unrecorded", []) if one.turn.user_id != here.user]
    identity.become(auth.DEFAULT_USER)


def _put_away() -> None:
    st.session_state.pop(_KEPT, None)


@st.dialog("Everything is deleted", on_dismiss=_put_away)
def _receipt(kept: Farewell) -> None:
    st.text(kept.text)
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.download_button(
            "Keep the receipt", kept.text, kept.file, "text/plain",
            key="download-receipt", on_click="ignore", type="primary", icon=":material/download:",
        )  # fmt: skip
        if st.button("Close", key="put-away"):
            _put_away()
            st.rerun()
