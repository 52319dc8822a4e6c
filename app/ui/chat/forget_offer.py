"""Buttons below a reply to a request to forget: forget, keep, and undo."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from app.ui import layout as frame
from app.ui.layout import Here
from memory.core.errors import PersonaError
from memory.core.records import Turn


def draw(here: Here, turn: Turn, on_done: Callable[[Turn], None]) -> None:
    """Draw the buttons.

    Args:
        here: Whose page.
        turn: The request to forget, or the message that confirmed one.
        on_done: Called after forgetting. A request made off the record is only on this page, which must hide it.
    """
    offer = turn.trace.forget if turn.trace is not None else None
    if offer is None:
        return
    yes, no = ("Yes, forget this", "No, keep it") if offer.guessed else ("Forget all of this", "Keep it")
    with st.container(horizontal=True, gap="small", key=f"offer-{turn.id}"):
        if offer.state == "open":
            st.button(
                yes, key=f"forget-offered-{turn.id}", type="primary",
                help="This request is forgotten too, and so are memories and replies that are based on these things. You can "
                "undo this for 10 minutes.",
                on_click=_try, args=(_forget, here, turn, on_done),
            )  # fmt: skip
            st.button(no, key=f"keep-offered-{turn.id}", on_click=_try, args=(_keep, here, turn, on_done))
        elif offer.forgotten and any(one.subject == offer.forgotten for one in here.memory.browse.undoable(here.user)):
            st.button("Undo", key=f"undo-offered-{turn.id}", on_click=_try, args=(_undo, here, turn, on_done))


def _forget(here: Here, turn: Turn, on_done: Callable[[Turn], None]) -> None:
    frame.tell(here.replies.service.forget_offered(turn))
    on_done(turn)


def _keep(here: Here, turn: Turn, on_done: Callable[[Turn], None]) -> None:
    frame.tell(here.replies.service.keep_offered(turn))
    if not turn.seq:
        on_done(turn)


def _undo(here: Here, turn: Turn, _on_done: Callable[[Turn], None]) -> None:
    if turn.trace is not None and turn.trace.forget is not None and turn.trace.forget.forgotten:
        here.memory.undo(here.user, turn.trace.forget.forgotten)
        frame.tell("Restored.")


def _try(
    do: Callable[[Here, Turn, Callable[[Turn], None]], None], here: Here, turn: Turn, on_done: Callable[[Turn], None]
) -> None:
    if here.user != st.session_state.user:
        # The button was drawn before another user was chosen.
        frame.refuse("That button belonged to another user's page. Nothing was changed.")
        return
    try:
        do(here, turn, on_done)
    except PersonaError as error:
        frame.refuse(error.message)
