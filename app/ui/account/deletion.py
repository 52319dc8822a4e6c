"""Deletion of all data of a user, confirmed by typing their name, with a receipt to download."""

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

_RECEIPT_KEY = "you-farewell"


@dataclass(frozen=True)
class Farewell:
    """The receipt of a deletion: its text and its file name."""

    text: str
    file: str


def receipt() -> None:
    """Show the receipt of the last deletion until it is closed."""
    if kept := st.session_state.get(_RECEIPT_KEY):
        _receipt(kept)


def draw(here: Here) -> None:
    """Draw the confirmation field and the delete button."""
    st.subheader("Delete everything", anchor=False)
    with st.container(border=True, key="delete-card", gap="small"):
        st.caption(
            "This deletes messages, memories, pictures and personality from every store, at once and for good. It cannot be "
            "undone, but you can import an archive that you exported earlier."
        )
        typed = st.text_input(
            f"To delete everything about {wording.label(here.user)}, type that name", key=f"confirm-{here.user}",
            live=True, autocomplete="off",
        )  # fmt: skip
        meant = typed == here.user
        if st.button("Delete everything", key="delete", type="primary", icon=":material/delete_forever:", disabled=not meant):
            _delete(here)


def deleted(memory: Memory, user: str) -> Farewell:
    """Delete a user, check that every store is empty, and return the receipt.

    Raises:
        PersonaError: There is no such user, or a reply to them is in progress.
    """
    if any(turn.state is TurnState.RECEIVED for turn in memory.journal.newest(user).values()):
        raise InvalidInput("A reply is being written. Stop it on the Chat page or wait for it, then delete everything.")
    removed = memory.delete_user(user)
    now, left, hosts = clock.now(), memory.left_of(user), memory.deletion.hosts_of(user)
    return Farewell(
        account_wording.farewell(user, removed, left, now, hosts), account_wording.file_name(user, "-deleted.txt", now)
    )


def _delete(here: Here) -> None:
    try:
        with st.spinner("Deleting"):
            st.session_state[_RECEIPT_KEY] = deleted(here.memory, here.user)
    except PersonaError as error:
        st.error(wording.sentence(error.message))
        return
    # Off-the-record messages exist only on this page.
    st.session_state["unrecorded"] = [one for one in st.session_state.get("unrecorded", []) if one.turn.user_id != here.user]
    identity.become(auth.DEFAULT_USER)


def _close() -> None:
    st.session_state.pop(_RECEIPT_KEY, None)


@st.dialog("Everything is deleted", on_dismiss=_close)
def _receipt(kept: Farewell) -> None:
    st.text(kept.text)
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.download_button(
            "Download the receipt", kept.text, kept.file, "text/plain",
            key="download-receipt", on_click="ignore", type="primary", icon=":material/download:",
        )  # fmt: skip
        if st.button("Close", key="put-away"):
            _close()
            st.rerun()
