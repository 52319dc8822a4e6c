"""The side panel: who is talking, what is known about them, and what holds for their next messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from app import figures
from app.page.live import Switches
from app.page.words import counted, markdown
from memory import clock
from memory.detector import small
from memory.errors import PersonaError
from memory.intake import check_user
from memory.knowledge import MemoryRecord
from memory.pictures import open_upright
from memory.records import BigFive, Episode, PhotoMemory, Procedure, SemanticMemory
from memory.sensitive import NAMED

if TYPE_CHECKING:
    from app.page.live import Replies
    from memory.store import Memory

DEFAULT_USER = "me"
_WHILE_REMEMBERING_S = 3
_OTHERWISE_S = 30
_SHOWN = 30
"""Memories of a type that are shown at first, and with each press of the button."""
_SHOWN_PHOTOS = 6
_CHART = {"displayModeBar": False, "scrollZoom": False}
_SEES = {True: "sees pictures", False: "cannot see pictures"}
_TYPES = {
    "Facts": ("semantic", "What single messages said. A message is remembered a moment after its reply."),
    "Topics": ("episodic", "What a conversation was about. Written when it has ended: an hour after its last message."),
    "Habits": ("procedural", "Habits and goals. Looked over when a conversation has ended."),
}


def choose_user(memory: Memory) -> str:
    """Let the person choose or name a user; the address of the page keeps the choice through a reload.

    Raises:
        InvalidInput: The name cannot be a user's.
    """
    asked = st.query_params.get("user", DEFAULT_USER)
    chosen: str = st.session_state.setdefault("user", asked)
    known = [row["id"] for row in memory.journal.users()]
    options = list(dict.fromkeys([DEFAULT_USER, *known, chosen]))
    user = check_user(st.selectbox("Who is talking", options, key="user", accept_new_options=True))
    if user != asked:
        st.query_params["user"] = user
        st.session_state.pop("shown", None)
    return user


def choose_switches() -> None:
    """Let the person choose how their next messages are taken."""
    with st.expander("Next messages", type="compact"):
        st.toggle("Off the record", key="off", help="Memory is read, and nothing is written down. Gone with a reload.")
        st.toggle("Look into memory first", key="force", help="Before each answer, whatever the model thinks.")
        st.toggle("No reasoning", key="direct", help="Look once with the message itself, then answer directly.")


def switches() -> Switches:
    """Return what is chosen at this moment, which a callback's arguments would not: they are those of the last drawing."""
    state = st.session_state
    return Switches(off_the_record=state.off, force_retrieve=state.force, reasoning=not state.direct, zone=st.context.timezone)


def show_model(replies: Replies) -> None:
    """Say which model it is, without loading it."""
    from app.model_server import find_weights
    from app.settings import Settings

    settings, endpoint = Settings(), replies.service.models.loaded
    try:
        if endpoint is not None:
            sees = _SEES[endpoint.sees]
            where = "in this program" if endpoint.embedded else f"at {endpoint.url}"
            line = f"{endpoint.model}, {where}; {sees}"
        elif settings.llm_base_url:
            line = f"{settings.llm_model or 'the first model'} at {settings.llm_base_url}; asked with the first message"
        else:
            path, projector = find_weights(settings)
            line = f"{path.stem}; {_SEES[projector is not None]}; it is loaded with the first reply"
    except PersonaError as error:
        st.warning(markdown(error.message))
        return
    with st.container(key="quiet-model"):
        st.text(f"Model: {line}")


def show_known(memory: Memory, user: str) -> None:
    """Show what is known about the user, and read it again while something waits to be remembered."""
    waits = memory.pending.count(user) > 0
    st.fragment(_known, run_every=_WHILE_REMEMBERING_S if waits else _OTHERWISE_S)(memory, user, waited=waits)


def _known(memory: Memory, user: str, *, waited: bool) -> None:
    try:
        waiting = memory.pending.count(user)
        if waited != bool(waiting):
            st.rerun()
        profile, *others, photos, personality = st.tabs(["Profile", *_TYPES, "Photos", "Traits"], key="known")
        with profile:
            _profile(memory, user)
        for tab, (name, (kind, meaning)) in zip(others, _TYPES.items(), strict=True):
            with tab:
                _memories(name, meaning, list(reversed(memory.knowledge.entries(user, kind=kind))))
        with photos:
            _photos(memory, user)
        with personality:
            _personality(memory, user)
    except PersonaError as error:
        st.error(markdown(error.message))
        return
    _held(memory, user)
    with st.container(key="quiet-waiting"):
        st.text(f"{counted(waiting, 'step waits', 'steps wait')} to be remembered." if waiting else "Everything is remembered.")


def _held(memory: Memory, user: str) -> None:
    held = memory.held.waiting(user)
    if not held:
        return
    with st.expander(f"{counted(len(held), 'message waits', 'messages wait')} for your yes or no"):
        st.caption("They are about something sensitive, and are kept out of memory until you say yes: under each message.")
        for one in held[:_SHOWN]:
            with st.container(key=f"entry-held-{one.turn_id}", gap=None):
                st.text(f"{clock.show(one.time)} · {NAMED[one.topic]}")
                st.text(one.text)


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
    if len(records) > shown:
        st.button("Show more", key=f"more-{name}", on_click=_show_more, args=(key,))


def _photos(memory: Memory, user: str) -> None:
    seen = [one for one in reversed(memory.knowledge.entries(user, kind="photo")) if isinstance(one, PhotoMemory)]
    meaning = memory.sight.off or "Photos are found again by what they show, and by what was said of them."
    st.caption(f"{meaning} {counted(len(seen), 'entry', 'entries')}, newest first." if seen else f"None yet. {meaning}")
    shown = st.session_state.setdefault("shown-Photos", _SHOWN_PHOTOS)
    for one in seen[:shown]:
        with st.container(key=f"entry-{one.id}", gap=None):
            st.text(clock.show(one.time))
            try:
                st.image(small(open_upright(memory.photos.for_model(user, one.photo_id)), one.box), alt=one.label)
            except PersonaError as error:
                st.caption(markdown(error.message))
            st.text(one.label)
    if len(seen) > shown:
        st.button("Show more", key="more-Photos", on_click=_show_more, args=("shown-Photos", _SHOWN_PHOTOS))


def _show_more(key: str, count: int = _SHOWN) -> None:
    st.session_state[key] += count


def _text(record: MemoryRecord) -> str:
    match record:
        case SemanticMemory():
            return record.told
        case Episode():
            return record.summary
        case Procedure():
            return f"{record.key}: {record.text}"
        case PhotoMemory():
            return record.told
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
