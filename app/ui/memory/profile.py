"""The profile card, which can be edited, and the card of habits and goals."""

from __future__ import annotations

import streamlit as st

from app.ui import layout as frame
from app.ui import memory_actions, wording
from app.ui.layout import Here
from app.ui.memory import entry_card
from app.ui.memory.memory_list import key
from graph.language.addressed import addressed
from memory.core import clock
from memory.core.errors import PersonaError
from memory.core.records import ProfileEntry

_HABITS_PER_PAGE = 5
"""Habits and goals per page; a rewrite keeps at most five."""


def draw(here: Here) -> None:
    """Draw the profile."""
    lines = sorted(here.memory.memories.profile(here.user).entries, key=lambda line: line.key != "name")
    editing: bool = st.session_state.get(key(here, "editing"), False)
    with st.container(border=True, key="card-profile"):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.subheader("Your profile", anchor=False, width="content")
            st.button(
                "Done" if editing else "Edit", key="edit-profile", type="tertiary", on_click=_toggle_editing, args=(here,),
                icon=":material/check:" if editing else ":material/edit:",
            )  # fmt: skip
        if not lines:
            st.caption("Nothing yet. Your profile is written after a conversation ends. Choose Edit to add a line yourself.")
        if editing:
            st.caption("The assistant never changes a line that you have edited.")
            for line in lines:
                _edit_line(here, line)
            _new_line(here)
        elif lines:
            with st.grid(3, min_column_width=180, gap="xsmall"):
                for line in lines:
                    with st.container(key=f"entry-profile-{line.id}", gap=None):
                        st.text(f"{line.key} · edited by you" if line.edited else line.key)
                        st.text(addressed(line.value))


def habits(here: Here) -> None:
    """Draw the habits and goals; nothing if there are none."""
    page = st.session_state.get("shown-habits", 1)
    kinds = ["procedural"]
    records, total = here.memory.browse.memories(here.user, kinds, limit=_HABITS_PER_PAGE, offset=(page - 1) * _HABITS_PER_PAGE)
    if total and not records:
        # Habits were removed since the page was chosen.
        st.session_state["shown-habits"] = 1
        records, _ = here.memory.browse.memories(here.user, kinds, limit=_HABITS_PER_PAGE)
    if not records:
        return
    known = entry_card.related(here, records)
    with st.container(border=True, key="card-habits"):
        st.subheader("Habits and goals", anchor=False)
        for record in records:
            entry_card.draw(here, record, known, "habits", dated=True)
        if total > _HABITS_PER_PAGE:
            st.pagination(-(-total // _HABITS_PER_PAGE), key="shown-habits")


def _edit_line(here: Here, line: ProfileEntry) -> None:
    field = f"line-{line.id}"
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key=f"acts-{field}"):
        st.text_input(wording.label(line.key), line.value, key=field, on_change=_save, args=(here, line, field))
        st.button(
            "Outdated", key=f"outdated-{field}", type="tertiary", help="Remove this line, because it is no longer true.",
            on_click=_outdate, args=(here, line),
        )  # fmt: skip
        memory_actions.forget_button(here, line.id, field)


def _new_line(here: Here) -> None:
    what, text = key(here, "line-key"), key(here, "line-value")
    with st.form(key(here, "line"), border=False), st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.text_input("New line", key=what, placeholder="home", width=160)
        st.text_input("What it says", key=text, placeholder="Oslo")
        st.form_submit_button("Add", on_click=_add, args=(here, what, text))


def _toggle_editing(here: Here) -> None:
    st.session_state[key(here, "editing")] = not st.session_state.get(key(here, "editing"), False)


def _save(here: Here, line: ProfileEntry, field: str) -> None:
    try:
        here.memory.edit(here.user, line.id, st.session_state[field].strip())
    except PersonaError as error:
        frame.refuse(error.message)
        st.session_state[field] = line.value
        return
    frame.tell("Saved.")


def _outdate(here: Here, line: ProfileEntry) -> None:
    try:
        here.memory.outdate(here.user, line.id, here.memory.journal.last_time(here.user) or clock.now())
    except PersonaError as error:
        frame.refuse(error.message)


def _add(here: Here, what: str, text: str) -> None:
    state = st.session_state
    now = here.memory.journal.last_time(here.user) or clock.now()
    try:
        # Keys are lower case, as in a rewrite: "Home" and "home" are the same key.
        here.memory.set_profile(here.user, " ".join(state[what].split()).lower(), state[text].strip(), now)
    except PersonaError as error:
        frame.refuse(error.message)
        return
    state[what] = state[text] = ""
    frame.tell("Saved.")
