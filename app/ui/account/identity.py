"""The current user: what is remembered about them, a new name, and the example person."""

from __future__ import annotations

from typing import NoReturn

import streamlit as st

from app import example
from app.ui import auth, wording
from app.ui.account import account_wording
from app.ui.layout import Here
from memory.core.errors import PersonaError
from memory.core.validation import check_user

_MESSAGE_KEY = "you-told"
_COUNTED = {"turn": "Messages", "semantic": "Facts", "episodic": "Topics", "photo": "Pictures"}


def draw(here: Here) -> None:
    """Draw the user and their counts; without sign-in, also the field for a new name and the example person."""
    if told := st.session_state.pop(_MESSAGE_KEY, None):
        st.success(wording.sentence(told))
    with st.container(border=True, key="who-card", gap="small"):
        st.header(wording.label(here.user), anchor=False)
        _counts(here)
        if auth.asks_to_sign_in():
            st.caption("You are signed in. Only you can see what is remembered about you.")
        else:
            st.caption(
                "This page is for one trusted person on this machine. There is no sign-in: anyone who opens it can choose any "
                "name. Each name has its own memory."
            )
            _new_name()
    if not auth.asks_to_sign_in():
        _example(here)


def become(user: str, told: str = "") -> NoReturn:
    """Rerun the page as another user, with a message about what was done."""
    if told:
        st.session_state[_MESSAGE_KEY] = told
    if not auth.asks_to_sign_in():
        st.query_params["user"] = user
    # The selectbox is already drawn and cannot be set; without a value it takes the user from the address.
    st.session_state.pop("user", None)
    st.rerun()


def _counts(here: Here) -> None:
    counts = here.memory.browse.counts(here.user)
    if not counts["turn"]:
        st.caption("Nothing is remembered yet. Write something on the Chat page to begin.")
        return
    with st.grid(4, min_column_width=64, gap="small", key="counts"):
        for kind, label in _COUNTED.items():
            st.metric(label, f"{counts.get(kind, 0):,}")


def _new_name() -> None:
    form = st.form("new-user", border=False, clear_on_submit=True)
    with form, st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        name = st.text_input("New name", key="new-name", placeholder="for example ada", autocomplete="off")
        begun = st.form_submit_button("Start", key="begin-new-name", icon=":material/person_add:")
    if begun:
        try:
            user = check_user(name.strip())
        except PersonaError as error:
            st.error(wording.sentence(error.message))
            return
        become(user, f"You are now talking as {user}.")


def _example(here: Here) -> None:
    known = here.memory.journal.knows(example.USER)
    if known and here.user == example.USER:
        st.info("This example person is made up. Ask on the Chat page what changed in the last month, or look around.")
        return
    with st.container(border=True, key="example-card", gap="small"):
        st.markdown("**Try it with an example person**")
        st.caption(
            "A month in the life of an invented person: a new job, a dog, a violin, a move, a wedding and a cake. Everything "
            "works as with your own memory, and you can delete it at any time. Loading it needs no model."
        )
        if known:
            if st.button("Go to the example person", key="go-example", icon=":material/arrow_forward:"):
                become(example.USER)
        elif st.button("Load the example person", key="load-example", type="primary", icon=":material/person_play:"):
            _load(here)


def _load(here: Here) -> None:
    bar = st.progress(0.0, "Loading the example person")
    try:
        counts = example.load(here.memory, lambda share, doing: bar.progress(share, f"{doing}…"))
    except PersonaError as error:
        bar.empty()
        st.error(wording.sentence(error.message))
        return
    become(example.USER, f"The example person is loaded: {account_wording.holds(counts)}.")
