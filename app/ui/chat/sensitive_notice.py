"""The notice below a sensitive message on the Chat page, with its buttons."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import streamlit as st

from app.ui import layout as frame
from app.ui.layout import Here
from memory.consent.modes import CHOICES, Mode
from memory.consent.sensitive import NAMED
from memory.core.errors import PersonaError
from memory.core.records import SPOKEN, Turn


def asked_under(here: Here, turns: Iterable[Turn]) -> str | None:
    """Return the message below which the person chooses how to treat sensitive messages; None once they have chosen.

    It is the newest sensitive message.
    """
    marked = [turn for turn in turns if turn.seq and turn.sensitive and not turn.held and turn.state in SPOKEN]
    if not marked or here.memory.consent.machine or here.memory.consent.chosen(here.user):
        return None
    return max(marked, key=lambda turn: turn.time).id


def draw(here: Here, turn: Turn, *, asks: bool) -> None:
    """Draw the notice below a message; nothing for a message that is not sensitive.

    Args:
        here: Whose page.
        turn: The message.
        asks: Ask here how to treat sensitive messages from now on.
    """
    if turn.held and turn.state in SPOKEN:
        with st.container(key=f"held-{turn.id}", gap="small"):
            st.caption(f"This message is about {NAMED[turn.held]}. It is remembered only after you approve it.")
            with st.container(horizontal=True, gap="small"):
                _button("Remember it", f"approve-{turn.id}", lambda: here.memory.approvals.approve(here.user, turn.id))
                _button("Forget it", f"reject-{turn.id}", lambda: here.memory.reject(here.user, turn.id))
    elif turn.sensitive and not turn.seq:
        st.caption(f"This message is about {NAMED[turn.sensitive]}. It was answered but not saved.")
    elif asks:
        with st.container(key=f"asked-{turn.id}", gap="small"):
            st.caption(
                f"This message is about {NAMED[turn.sensitive or 'unnamed']}. It is remembered and marked as sensitive: no "
                "reply reminds you of it unasked, and no model is trained on it. What should happen to such messages from "
                "now on?"
            )
            with st.container(horizontal=True, gap="small"):
                for mode, label in CHOICES.items():
                    _button(label, f"choose-{mode}-{turn.id}", lambda mode=mode: _choose(here, turn, mode))  # type: ignore[misc] # bound


def _choose(here: Here, turn: Turn, mode: Mode) -> None:
    here.memory.consent.choose(here.user, mode)
    if mode == "never-keep":
        here.memory.forget(here.user, turn.id)


def _button(label: str, key: str, do: Callable[[], object]) -> None:
    st.button(label, key=key, on_click=_done, args=(do,))


def _done(do: Callable[[], object]) -> None:
    try:
        do()
    except PersonaError as error:
        frame.refuse(error.message)
