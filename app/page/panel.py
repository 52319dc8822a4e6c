"""The side panel: who is talking, what is known about them, and what holds for their next messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from app import figures
from app.page.live import Switches
from app.page.words import counted
from memory import clock
from memory.errors import InvalidInput, PersonaError
from memory.intake import check_user
from memory.knowledge import MemoryRecord
from memory.records import BigFive, Episode, Procedure, SemanticMemory

if TYPE_CHECKING:
    from app.page.live import Replies
    from memory.store import Memory

DEFAULT_USER = "me"
_WHILE_REMEMBERING_S = 3
_OTHERWISE_S = 30
_SHOWN = 30
"""Memories of a type that are shown at first, and with each press of the button."""
_CHART = {"displayModeBar": False, "scrollZoom": False}
_TYPES = {
    "Facts": ("semantic", "What single messages said. A message is remembered a moment after its reply."),
    "Topics": ("episodic", "What a conversation was about. Written when it has ended: an hour after its last message."),
    "Habits": ("procedural", "Habits and goals. Looked over when a conversation has ended."),
}


def choose_user(memory: Memory) -> str:
    """Let the person choose or name a user; the address of the page keeps the choice through a reload."""
    known = [row["id"] for row in memory.journal.users()]
    asked = st.query_params.get("user", DEFAULT_USER)
    chosen = st.session_state.setdefault("user", asked) or asked
    options = list(dict.fromkeys([DEFAULT_USER, *known, chosen]))
    user: str = st.selectbox("Who is talking", options, key="user", accept_new_options=True) or chosen
    try:
        check_user(user)
    except InvalidInput as error:
        st.error(error.message)
        user = DEFAULT_USER
    if user != asked:
        st.query_params["user"] = user
        st.session_state.pop("shown", None)
    return user


def choose_switches() -> Switches:
    """Let the person choose how their next messages are taken."""
    with st.expander("Next messages", type="compact"):
        off = st.toggle("Off the record", help="Memory is read, and nothing is written down. Gone with a reload.")
        force = st.toggle("Look into memory first", help="Before each answer, whatever the model thinks.")
        direct = st.toggle("No reasoning", help="Look once with the message itself, then answer directly.")
    return Switches(off_the_record=off, force_retrieve=force, reasoning=not direct)


def show_model(replies: Replies) -> None:
    """Say which model it is, without loading it."""
    from app.model_server import ModelServer, find_weights
    from app.settings import Settings

    settings, models = Settings(), replies.service.models
    try:
        if replies.spoken and isinstance(models, ModelServer):
            endpoint = models.endpoint()
            sees = "sees pictures" if endpoint.sees else "cannot see pictures"
            line = f"{endpoint.model}, {'in this program' if endpoint.embedded else f'at {endpoint.url}'}; {sees}"
        elif settings.llm_base_url:
            line = f"{settings.llm_model or 'the first model'} at {settings.llm_base_url}; asked with the first message"
        else:
            line = f"{find_weights(settings)[0].stem}; it is loaded with the first reply"
    except PersonaError as error:
        st.warning(error.message)
        return
    with st.container(key="quiet-model"):
        st.text(f"Model: {line}")


def show_known(memory: Memory, user: str) -> None:
    """Show what is known about the user, and read it again while something waits to be remembered."""
    waits = memory.pending.count(user) > 0
    st.fragment(_known, run_every=_WHILE_REMEMBERING_S if waits else _OTHERWISE_S)(memory, user, waited=waits)


def _known(memory: Memory, user: str, *, waited: bool) -> None:
    waiting = memory.pending.count(user)
    if waited != bool(waiting):
        st.rerun()
    profile, *others, personality = st.tabs(["Profile", *_TYPES, "Traits"], key="known")
    with profile:
        _profile(memory, user)
    for tab, (name, (kind, meaning)) in zip(others, _TYPES.items(), strict=True):
        with tab:
            _memories(name, meaning, list(reversed(memory.knowledge.entries(user, kind=kind))))
    with personality:
        _personality(memory, user)
    with st.container(key="quiet-waiting"):
        st.text(f"{counted(waiting, 'step waits', 'steps wait')} to be remembered." if waiting else "Everything is remembered.")


def _profile(memory: Memory, user: str) -> None:
    entries = memory.knowledge.profile(user).entries
    if not entries:
        st.caption("Nothing yet. The profile is written when a conversation has ended: an hour after its last message.")
    for entry in sorted(entries, key=lambda entry: (entry.key != "name", entry.key)):
        with st.container(key=f"entry-{entry.id}", gap=None):
            st.text(entry.key)
            st.text(entry.value)


def _memories(name: str, meaning: str, records: list[MemoryRecord]) -> None:
    st.caption(f"{meaning} {counted(len(records), 'entry', 'entries')}, newest first." if records else f"None yet. {meaning}")
    key = f"shown-{name}"
    shown = st.session_state.setdefault(key, _SHOWN)
    for record in records[:shown]:
        with st.container(key=f"entry-{record.id}", gap=None):
            st.text(clock.show(record.time))
            st.text(_text(record))
    if len(records) > shown and st.button("Show more", key=f"more-{name}"):
        st.session_state[key] = shown + _SHOWN
        st.rerun(scope="fragment")


def _text(record: MemoryRecord) -> str:
    match record:
        case SemanticMemory():
            return record.content
        case Episode():
            return record.summary
        case Procedure():
            return f"{record.key}: {record.text}"
        case _:
            return f"{record.key}: {record.value}"


def _personality(memory: Memory, user: str) -> None:
    points = memory.curve.history(user)
    now = points[-1].scores if points else BigFive()
    st.caption("How the person comes across, from 1 to 5. Everyone starts at 3, and each remembered message may move it.")
    st.plotly_chart(
        figures.personality_radar(now, BigFive()), config=_CHART, key="radar",
        alt="Now: " + ", ".join(f"{trait} {score:.1f}" for trait, score in now.items()),
    )  # fmt: skip
    st.plotly_chart(
        figures.personality_curves(points), config=_CHART, key="curves",
        alt=f"The five traits over {counted(len(points), 'remembered message', 'remembered messages')}",
    )  # fmt: skip
