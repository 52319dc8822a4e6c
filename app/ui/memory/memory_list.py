"""The list of all memories on the Memory page: filters, search, timeline, table and pagination."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import streamlit as st

from app.ui import wording
from app.ui.layout import Here
from app.ui.memory import entry_card, entry_wording
from memory.core import clock
from memory.core.errors import PersonaError
from memory.core.records import user_key
from memory.core.time_window import TimeWindow
from memory.storage.memory_rows import MemoryRecord

TIMELINE, TABLE = "Timeline", "Table"
_ENTRIES_PER_PAGE = {TIMELINE: 10, TABLE: 40}
_MAX_RESULTS = 60
"""Results of one search; later ones hardly match."""
_WIDTHS = {"When": 95, "What it says": 330}
"""Widths of table columns in pixels."""
_ROW_HEIGHT_PX, _MAX_ROWS = 35, 12
"""Height of a table row, and rows that are visible without scrolling."""
_FILTER_KEYS = ("words", "kinds", "days", "page")


@dataclass(frozen=True)
class Filter:
    """The chosen filter: search text, memory types and time window."""

    text: str
    kinds: tuple[str, ...]
    window: TimeWindow


def key(here: Here, name: str) -> str:
    """Return a widget key for this user, so that no user sees what another one searched for."""
    return f"memory-{name}-{user_key(here.user)[:8]}"


def draw(here: Here, counts: Mapping[str, int]) -> None:
    """Draw the list.

    Args:
        here: The user and the replies.
        counts: The number of memories of each type.
    """
    st.space("xsmall")
    view = _choose_view(here)
    wanted = _choose(here, counts)
    try:
        records, total = _page_of(here, wanted, _ENTRIES_PER_PAGE[view])
    except PersonaError as error:
        st.error(wording.sentence(error.message))
        return
    if not records:
        st.info("No memories match. Try other words, more types or other dates.")
        st.button("Show all memories", key=key(here, "all"), on_click=_show_all, args=(here,))
        return
    st.caption(_found(wanted, total))
    if view == TABLE:
        _table(here, records)
    else:
        _timeline(here, records, by_day=not wanted.text)
    pages = _pages(total, _ENTRIES_PER_PAGE[view])
    if pages > 1:
        with st.container(horizontal_alignment="center"):
            st.pagination(pages, key=key(here, "page"))


def _choose_view(here: Here) -> str:
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.subheader("All memories", anchor=False, width="content")
        view = st.segmented_control(
            "Shown as", [TIMELINE, TABLE], default=TIMELINE, required=True, key=key(here, "view"), on_change=_reset_page,
            args=(here,), label_visibility="collapsed", persist_state="session",
        )  # fmt: skip
    return view or TIMELINE


def _choose(here: Here, counts: Mapping[str, int]) -> Filter:
    """Draw the filters and return the chosen one."""
    again: dict[str, Any] = {
        "on_change": _reset_page,
        "args": (here,),
        "label_visibility": "collapsed",
        "persist_state": "session",
    }
    last = here.memory.journal.last_time(here.user)
    zone = last.tzinfo if last else clock.zone_of(None)
    ends = here.memory.browse.days(here.user)
    first_day, last_day = (end.astimezone(zone).date() for end in ends) if ends else (None, None)
    with st.grid(2, min_column_width=240, gap="xsmall"):
        text = st.text_input(
            "Search", key=key(here, "words"), type="search", placeholder="Search in your own words", icon=":material/search:",
            **again,
        )  # fmt: skip
        days = st.date_input(
            "Dates",
            value=[],
            min_value=first_day,
            max_value=last_day,
            key=key(here, "days"),
            format="YYYY-MM-DD",
            **again,
        )
    kinds = st.pills(
        "Types", list(entry_wording.KINDS), selection_mode="multi", key=key(here, "kinds"), wrap=True,
        format_func=lambda kind: f"{entry_wording.KINDS[kind]} {counts.get(kind, 0):,}", **again,
    )  # fmt: skip
    chosen = days if isinstance(days, Sequence) else [days]
    window = entry_wording.window_of([day for day in chosen if isinstance(day, date)], zone)
    return Filter((text or "").strip(), tuple(kinds or entry_wording.KINDS), window)


def _page_of(here: Here, wanted: Filter, limit: int) -> tuple[list[MemoryRecord], int]:
    """Return the memories of the open page, and the number of matches in all."""
    page = st.session_state.get(key(here, "page"), 1)
    find = _best if wanted.text else _newest
    records, total = find(here, wanted, limit, (page - 1) * limit)
    if total and not records:
        # Memories were removed since the page was chosen.
        st.session_state[key(here, "page")] = last = _pages(total, limit)
        records, total = find(here, wanted, limit, (last - 1) * limit)
    return records, total


def _newest(here: Here, wanted: Filter, limit: int, offset: int) -> tuple[list[MemoryRecord], int]:
    return here.memory.browse.memories(here.user, wanted.kinds, wanted.window, limit=limit, offset=offset)


def _best(here: Here, wanted: Filter, limit: int, offset: int) -> tuple[list[MemoryRecord], int]:
    found = [one for kind in wanted.kinds for one in here.memory.search(here.user, wanted.text, kind=kind, limit=_MAX_RESULTS)]
    best = sorted(
        (one for one in found if one.kind != "turn" and wanted.window.contains(one.time.timestamp())),
        key=lambda one: -one.score,
    )
    ids = [one.id for one in best[:_MAX_RESULTS]]
    by_id = {one.id: one for one in here.memory.memories.entries(here.user, ids=ids[offset : offset + limit])}
    return [by_id[name] for name in ids[offset : offset + limit] if name in by_id], len(ids)


def _found(wanted: Filter, total: int) -> str:
    counted = wording.counted(total, "memory", "memories")
    return f"{counted}, best match first" if wanted.text else f"{counted}, newest first"


def _pages(total: int, limit: int) -> int:
    return -(-total // limit)


def _timeline(here: Here, records: Sequence[MemoryRecord], *, by_day: bool) -> None:
    known = entry_card.related(here, records)
    days = entry_wording.by_day(records) if by_day else [("", list(records))]
    for number, (day, group) in enumerate(days):
        with st.container(key=f"day-{number}", gap="small"):
            if day:
                st.markdown(f"#### {day}")
            for record in group:
                entry_card.draw(here, record, known, "list", dated=not by_day)


def _table(here: Here, records: Sequence[MemoryRecord]) -> None:
    # New rows get a new widget key: a selection is kept by position and would point at another entry.
    names = hashlib.sha256("".join(record.id for record in records).encode()).hexdigest()[:12]
    columns = {name: st.column_config.TextColumn(width=pixels) for name, pixels in _WIDTHS.items()}
    chosen = st.dataframe(
        entry_wording.rows(records), hide_index=True, on_select="rerun", selection_mode="single-row", key=f"table-{names}",
        height=min(_MAX_ROWS, len(records) + 1) * _ROW_HEIGHT_PX + 3, column_config=columns,
        alt="Memories, one per row",
    )  # fmt: skip
    if not (places := chosen.selection.rows):
        st.caption("Select a row to see the whole memory and its actions.")
        return
    record = records[places[0]]
    with st.container(border=True, key="chosen"):
        entry_card.draw(here, record, entry_card.related(here, [record]), "table", dated=True)


def _reset_page(here: Here) -> None:
    st.session_state.pop(key(here, "page"), None)


def _show_all(here: Here) -> None:
    for name in _FILTER_KEYS:
        st.session_state.pop(key(here, name), None)
