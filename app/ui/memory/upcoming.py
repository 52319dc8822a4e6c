"""What is coming up, as a card of the page Memory."""

from __future__ import annotations

import streamlit as st

from app.ui import memory_actions, wording
from app.ui.layout import Here
from app.ui.memory import entry_card
from app.ui.memory.memory_list import key
from memory.core import clock
from memory.upcoming.agenda import Upcoming, away, when

_RANGES = {"a week": 7, "a month": 31, "a year": 366}
_SHOWN = 20


def draw(here: Here) -> None:
    """Draw it, the nearest first; nothing where nothing comes up within a year."""
    entries = here.memory.dates.soon(here.user, clock.now(st.context.timezone), max(_RANGES.values()))
    if not entries:
        return
    with st.container(border=True, key="card-upcoming"):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.subheader("Coming up", anchor=False, width="content")
            within = st.segmented_control(
                "Within", list(_RANGES), default=next(iter(_RANGES)), required=True, key=key(here, "upcoming"),
                label_visibility="collapsed", persist_state="session",
            )  # fmt: skip
        days = _RANGES[within or next(iter(_RANGES))]
        shown = [entry for entry in entries if entry.days <= days]
        if not shown:
            st.caption(f"Nothing within {within}. The next is {away(entries[0])}.")
        for number, entry in enumerate(shown[:_SHOWN]):
            _entry(here, entry, f"upcoming-{number}")
        if len(shown) > _SHOWN:
            st.caption(f"And {len(shown) - _SHOWN} more: `persona memory upcoming --days {days}` lists all of them.")


def _entry(here: Here, entry: Upcoming, place: str) -> None:
    with st.container(key=f"entry-{place}", gap="xxsmall"):
        day = when(entry)
        near = away(entry)
        st.text(day if day.startswith(near) else f"{day} · {near}")
        st.text(wording.shortened(entry.text))
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"row-{place}"):
            entry_card.show_button(here, entry.turn_id, place)
            memory_actions.forget_button(here, entry.id, place)
