"""One reply on the page: its steps folded above it, and the text; as it was, or as it comes."""

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

_ABREAST = 6
"""Recalled pictures that are shown with the steps."""
_TICK_S = 0.4
"""How often a reply that is being written is drawn."""


def show(turn: Turn, photos: PhotoStore) -> None:
    """Draw a reply that is there; the pictures that it was recalled with, too."""
    trace = turn.trace or Trace()
    summary = wording.summary(trace.steps, trace.memories)
    if summary:
        with st.expander(summary, type="compact"):
            _steps(trace.steps, trace.memories)
            _pictures(turn.user_id, trace.memories, photos)
    st.markdown(wording.markdown(turn.reply), anchors=False)
    notes = [*(["Stopped."] if turn.state is TurnState.STOPPED else []), *trace.notes, *map(wording.label, left_to_tell(trace))]
    if not turn.seq:
        notes.append("Off the record: gone when this page is reloaded.")
    if notes:
        st.caption(" ".join(notes))


def watch(live: Live, service: PersonaService) -> None:
    """Draw a reply that is being written, again and again; when it is there, the page is drawn anew.

    It is a fragment: the page around it is drawn to its end, and what stood on it before is gone (another user's talk, too).

    Args:
        live: The reply.
        service: Says what it waits for while the model is not there.
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
        waiting = "Waiting for the reply before it"
    # The label stays: another one would fold up what the person has unfolded.
    with st.expander("Steps", type="compact", icon="spinner", key=f"steps-{live.turn.id}"):
        _steps(progress.steps, progress.memories, progress.think)
    st.caption(f"{progress.doing or waiting}, {time.monotonic() - live.began:.0f} s")
    st.markdown(wording.markdown(progress.answer), anchors=False)


def _steps(steps: Sequence[Step], memories: Sequence[Recalled], thinking: str = "") -> None:
    """List what was thought, looked for and found; all of it is data, and shown as plain text."""
    for step in steps:
        _plain(step.think)
        if step.action == "retrieve":
            _plain(wording.looked_for(step), "Looked for")
            _plain(wording.recalled([entry for entry in memories if entry.id in step.memory_ids]), "Found")
        _plain(step.warning or "", "Note")
    _plain(thinking)


def _pictures(user_id: str, memories: Sequence[Recalled], photos: PhotoStore) -> None:
    seen = {entry.photo_id: entry.text for entry in memories if entry.photo_id}
    for column, (photo_id, text) in zip(st.columns(_ABREAST), list(seen.items())[:_ABREAST], strict=False) if seen else ():
        with contextlib.suppress(PersonaError):  # its file is gone: the words above say what it was
            column.image(small(open_upright(photos.for_model(user_id, photo_id))), alt=text)


def _plain(text: str, label: str = "") -> None:
    if text.strip():
        with st.container(gap="xsmall"):
            if label:
                st.caption(label)
            st.text(text.strip())
