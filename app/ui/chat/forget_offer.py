"""Below a reply to a request to forget: the one button that does it, the one that keeps all, and the way back."""

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
        turn: The request, or the yes that was said to one.
        on_done: Called when it is forgotten: off the record, this page alone still shows the request.
    """
    offer = turn.trace.forget if turn.trace is not None else None
    if offer is None:
        return
    with st.container(horizontal=True, gap="small", key=f"offer-{turn.id}"):
        if offer.state == "open":
            st.button(
                "Forget all of this", key=f"forget-offered-{turn.id}", type="primary",
                help="With all that tells of it, and this request. Undo works for 10 minutes.",
                on_click=_try, args=(_forget, here, turn, on_done),
            )  # fmt: skip
            st.button("Keep it", key=f"keep-offered-{turn.id}", on_click=_try, args=(_keep, here, turn, on_done))
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
        frame.tell("It is back.")


def _try(
    do: Callable[[Here, Turn, Callable[[Turn], None]], None], here: Here, turn: Turn, on_done: Callable[[Turn], None]
) -> None:
    if here.user != st.session_state.user:
        # A button that was there before another user was chosen.
        frame.refuse("That was on another user's page, and was not done.")
        return
    try:
        do(here, turn, on_done)
    except PersonaError as error:
        frame.refuse(error.message)
