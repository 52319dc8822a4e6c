"""One reply on the page: its steps folded above it, and the text; as it was, or as it comes."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from app.page import words
from memory.records import Recalled, Step, Trace, Turn, TurnState

if TYPE_CHECKING:
    from app.page.live import Live, Replies

_TICK_S = 0.25
"""A page that waits touches Streamlit this often; a click would not be heard otherwise."""


def show(turn: Turn) -> None:
    """Draw a reply that is there."""
    trace = turn.trace or Trace()
    summary = words.summary(trace.steps, trace.memories)
    if summary:
        with st.expander(summary, type="compact"):
            _steps(turn.id, trace.steps, trace.memories)
    st.markdown(words.markdown(turn.reply), anchors=False)
    notes = ["Stopped."] if turn.state is TurnState.STOPPED else []
    if not turn.seq:
        notes.append("Off the record: gone when this page is reloaded.")
    if notes:
        st.caption(" ".join(notes))


class Writing:
    """A reply that is being written, and its place on the page.

    Args:
        live: The reply.
        replies: Where it can be stopped.
    """

    def __init__(self, live: Live, replies: Replies) -> None:
        self._live = live
        self._waiting = "Waiting for the model" if replies.spoken else "Loading the model"
        self._status = st.status(self._waiting, type="compact")
        self._steps = self._status.empty()
        self._answer = st.empty()
        st.button("Stop", key=f"stop-{live.turn.id}", on_click=replies.service.stop, args=(live.turn.id,))

    def watch(self) -> None:
        """Draw it as it comes, to its end. A rerun of the page may break this off; the next one begins it again."""
        seen = None
        while True:
            progress = self._live.wait(seen, _TICK_S)
            seconds = time.monotonic() - self._live.began
            self._status.update(label=f"{progress.doing or self._waiting}, {seconds:.0f} s")
            if progress is not seen:
                with self._steps.container():
                    _steps(self._live.turn.id, progress.steps, progress.memories, progress.think)
                self._answer.markdown(words.markdown(progress.answer), anchors=False)
            if progress.finished:
                return
            seen = progress


def _steps(turn_id: str, steps: Sequence[Step], memories: Sequence[Recalled], thinking: str = "") -> None:
    """List what was thought, looked for and found; all of it is data, and shown as plain text."""
    with st.container(key=f"steps-{turn_id}", gap="xsmall"):
        for number, step in enumerate(steps):
            _thought(f"{turn_id}-{number}", step.think)
            if step.action == "retrieve":
                st.text(words.looked_for(step))
                found = [entry for entry in memories if entry.id in step.memory_ids]
                with st.container(key=f"found-{turn_id}-{number}"):
                    st.text(words.recalled(found))
            if step.warning:
                st.text(step.warning)
        _thought(f"{turn_id}-now", thinking)


def _thought(key: str, text: str) -> None:
    if text.strip():
        with st.container(key=f"thought-{key}"):
            st.text(text.strip())
