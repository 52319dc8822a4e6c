"""The card "Coming up" of the Memory page."""

from __future__ import annotations

import streamlit as st

from app.ui import memory_actions, wording
from app.ui.layout import Here
from app.ui.memory import entry_card
from app.ui.memory.memory_list import key
from memory.core import clock
from memory.upcoming.agenda import Upcoming, away, when

_RANGE_DAYS = {"a week": 7, "a month": 31, "a year": 366}
_MAX_ENTRIES = 20


def draw(here: Here) -> None:
    """Draw the card, nearest event first; nothing if there is no event within a year."""
    entries = here.memory.dates.soon(here.user, clock.now(st.context.timezone), max(_RANGE_DAYS.values()))
    if not entries:
        return
    with st.container(border=True, key="card-upcoming"):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.subheader("Coming up", anchor=False, width="content")
            within = st.segmented_control(
                "Within", list(_RANGE_DAYS), default=next(iter(_RANGE_DAYS)), required=True, key=key(here, "upcoming"),
                label_visibility="collapsed", persist_state="session",
            )  # fmt: skip
        days = _RANGE_DAYS[within or next(iter(_RANGE_DAYS))]
        shown = [entry for entry in entries if entry.days <= days]
        if not shown:
            st.caption(f"Nothing in the next {(within or '').removeprefix('a ')}. The next event is {away(entries[0])}.")
        for number, entry in enumerate(shown[:_MAX_ENTRIES]):
            _entry(here, entry, f"upcoming-{number}")
        if len(shown) > _MAX_ENTRIES:
            more = wording.counted(len(shown) - _MAX_ENTRIES, "more event is", "more events are")
            st.caption(f"{more} not shown. This command lists all: `persona memory upcoming --days {days}`")


def _entry(here: Here, entry: Upcoming, place: str) -> None:
    with st.container(key=f"entry-{place}", gap="xxsmall"):
        day = when(entry)
        near = away(entry)
        st.text(day if day.startswith(near) else f"{day} · {near}")
        st.text(wording.shortened(entry.text))
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"row-{place}"):
            entry_card.show_button(here, entry.turn_id, place)
            memory_actions.forget_button(here, entry.id, place)
