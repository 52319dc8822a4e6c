"""One reply on the page, complete or in progress: its steps in an expander, then its text."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from app.ui import wording
from memory.core.errors import PersonaError
from memory.core.records import Recalled, Step, Trace, Turn, TurnState
from memory.photos.detector import small
from memory.photos.image_file import open_upright
from memory.upcoming.agenda import left_to_tell

if TYPE_CHECKING:
    from app.service import PersonaService
    from app.ui.live_replies import Live
    from memory.photos.store import PhotoStore

_MAX_PICTURES = 6
"""Recalled pictures shown with the steps."""
_TICK_S = 0.4
"""Seconds between two refreshes of a reply in progress."""


def show(turn: Turn, photos: PhotoStore) -> None:
    """Draw a complete reply, with the pictures that were recalled for it."""
    trace = turn.trace or Trace()
    summary = wording.summary(trace.steps, trace.memories)
    if summary:
        with st.expander(summary, type="compact"):
            _steps(trace.steps, trace.memories)
            _pictures(turn.user_id, trace.memories, photos)
    st.markdown(wording.markdown(turn.reply), anchors=False)
    notes = [*(["Stopped."] if turn.state is TurnState.STOPPED else []), *trace.notes, *map(wording.label, left_to_tell(trace))]
    if not turn.seq:
        notes.append("Off the record: this disappears when you reload the page.")
    if notes:
        st.caption(" ".join(notes))


def watch(live: Live, service: PersonaService) -> None:
    """Draw a reply in progress, refresh it, and rerun the page when it is complete.

    A fragment lets the rest of the page be drawn meanwhile, so that nothing of a previous page (another user's
    conversation, for example) stays visible.

    Args:
        live: The reply.
        service: Says what the reply waits for while the model is not ready.
    """
    st.fragment(_so_far, run_every=_TICK_S)(live, service)


def _so_far(live: Live, service: PersonaService) -> None:
    progress = live.progress
    if progress.finished:
        st.rerun()
    waits_for = service.waits_for
    waiting = (
        f"Waiting for the model. {wording.sentence(waits_for.removesuffix('.'))}" if waits_for else "Waiting for the model"
    )
    if live.is_queued:
        waiting = "Waiting for the previous reply"
    # The label stays the same: a new label would close an expander that the person opened.
    with st.expander("Steps", type="compact", icon="spinner", key=f"steps-{live.turn.id}"):
        _steps(progress.steps, progress.memories, progress.think)
    st.caption(f"{progress.doing or waiting} ({time.monotonic() - live.began:.0f} s)")
    st.markdown(wording.markdown(progress.answer), anchors=False)


def _steps(steps: Sequence[Step], memories: Sequence[Recalled], thinking: str = "") -> None:
    """Draw thoughts, searches and results as plain text, because all of it is data."""
    for step in steps:
        _plain(step.think)
        if step.action == "retrieve":
            _plain(wording.searched_for(step), "Searched for")
            _plain(wording.recalled([entry for entry in memories if entry.id in step.memory_ids]), "Found")
        _plain(step.warning or "", "Note")
    _plain(thinking)


def _pictures(user_id: str, memories: Sequence[Recalled], photos: PhotoStore) -> None:
    seen = {entry.photo_id: entry.text for entry in memories if entry.photo_id}
    for column, (photo_id, text) in (
        zip(st.columns(_MAX_PICTURES), list(seen.items())[:_MAX_PICTURES], strict=False) if seen else ()
    ):
        with contextlib.suppress(PersonaError):  # the file is gone; the text above says what it showed
            column.image(small(open_upright(photos.for_model(user_id, photo_id))), alt=text)


def _plain(text: str, label: str = "") -> None:
    if text.strip():
        with st.container(gap="xsmall"):
            if label:
                st.caption(label)
            st.text(text.strip())
