"""The receipt below a reply: the memories that it used, each with its actions."""

from __future__ import annotations

import streamlit as st

from app.ui import layout as frame
from app.ui import memory_actions, wording
from app.ui.layout import Here
from graph.language.addressed import addressed
from memory.core import clock
from memory.core.errors import PersonaError
from memory.core.records import HIGHEST, LOWEST, BigFive, PhotoMemory, Recalled, Turn, make_id
from memory.photos.detector import small
from memory.photos.image_file import open_upright
from memory.storage.memory_rows import MemoryRecord

_PICTURE_WIDTH = 120


def draw(here: Here, turn: Turn) -> None:
    """Draw the receipt as an expander; its content is loaded when it is opened."""
    if turn.trace is None:
        # An imported reply has no trace.
        return
    trace = turn.trace
    used = wording.counted(len(trace.memories), "memory", "memories") if trace.memories else "no memories"
    label = f"Used {used}"
    folded = st.expander(label, type="compact", key=f"receipt-{turn.id}", on_change="rerun")
    if not folded.open:
        return
    with folded:
        if not trace.memories:
            st.caption("No memories were used for this reply, only the recent conversation and your profile.")
        ids = {one.id for one in trace.memories}
        facts = {make_id(here.user, "semantic", one.id) for one in trace.memories if one.kind == "turn"} - ids
        by_id = {record.id: record for record in here.memory.memories.entries(here.user, ids=ids | facts, include_pending=True)}
        for place, one in enumerate(trace.memories):
            # Several excerpts of one turn share its id.
            again = any(one.id == earlier.id for earlier in trace.memories[:place])
            _entry(here, turn, one, f"{turn.id}-{one.id}-{place}" if again else f"{turn.id}-{one.id}", by_id.get(one.id))
            fact = by_id.get(make_id(here.user, "semantic", one.id))
            if fact is not None and fact.id in facts and not again:
                _fact_of_message(here, turn, fact)
        _traits(here, turn, trace.personality)
        if trace.usage:
            st.caption(wording.used(trace.usage))


def _entry(here: Here, turn: Turn, one: Recalled, key: str, record: MemoryRecord | None) -> None:
    with st.container(key=f"entry-{key}", gap=None):
        st.text(f"{clock.show(one.time)} · {wording.KINDS[one.kind]}")
        if one.photo_id:
            _picture(here, one, record if isinstance(record, PhotoMemory) else None)
        # A memory is shown with its current text; dialogue is shown as it was.
        if one.kind in wording.DIALOGUE_KINDS:
            text = one.text
        else:
            text = memory_actions.shown_text(record) if record else addressed(one.text)
        st.text(wording.shortened(text))
        for mark in _corrected_since(here, one):
            st.text(addressed(mark))
        if record is None or one.kind in wording.DIALOGUE_KINDS:
            memory_actions.dialogue_buttons(here, one.id, key)
        else:
            memory_actions.buttons(here, record, turn.id)


def _fact_of_message(here: Here, turn: Turn, fact: MemoryRecord) -> None:
    """Draw the fact taken from a message: a search returns the message, but only the fact can be corrected."""
    with st.container(key=f"entry-{turn.id}-{fact.id}", gap=None):
        st.text("The fact taken from this message")
        st.text(wording.shortened(memory_actions.shown_text(fact)))
        memory_actions.buttons(here, fact, turn.id)


def _corrected_since(here: Here, one: Recalled) -> list[str]:
    """Return the corrections of a dialogue that were made after this reply."""
    if one.kind not in wording.DIALOGUE_KINDS:
        return []
    said = here.memory.browse.turns_by_id(here.user, one.turn_ids).values()
    return list(dict.fromkeys(mark for turn in said for mark in turn.corrected if mark not in one.text))


def _picture(here: Here, one: Recalled, record: PhotoMemory | None) -> None:
    try:
        image = small(open_upright(here.memory.photos.for_model(here.user, one.photo_id or "")), record.box if record else None)
    except PersonaError:
        return
    st.image(image, width=_PICTURE_WIDTH, alt=one.text)


def _traits(here: Here, turn: Turn, used: BigFive | None) -> None:
    if used is None:
        st.caption("No personality traits were used: it is too early to tell.")
        return
    st.caption("Personality traits used for this reply (1 to 5)")
    for trait, score in used.items():
        with st.container(horizontal=True, gap="small", vertical_alignment="center", key=f"trait-{turn.id}-{trait}"):
            st.text(f"{trait.capitalize()} {score:.1f}")
            key = f"{turn.id}-{trait}"
            if st.button(
                "Wrong", key=f"wrong-{key}", type="tertiary", help="Set the right score. Your messages will not change it."
            ):
                _set(here, trait, score)
            for label, name, value, moves, why in (
                ("Reset", "outdated", 3.0, True, "Set it back to 3. Your messages can change it again."),
                ("Turn off", "forget", 3.0, False, "Keep it at 3. Your messages no longer change it."),
            ):
                st.button(
                    label, key=f"{name}-{key}", type="tertiary", help=why,
                    on_click=_pin, args=(here, trait, value), kwargs={"moves": moves},
                )  # fmt: skip


@st.dialog("Set a trait")
def _set(here: Here, trait: str, score: float) -> None:
    value = st.slider(trait.capitalize(), float(LOWEST), float(HIGHEST), score, 0.1, key=f"set-{trait}")
    st.caption("It stays pinned until you unpin it on the Personality page.")
    if st.button("Save", type="primary", key=f"save-{trait}"):
        _pin(here, trait, value)
        st.rerun()


def _pin(here: Here, trait: str, value: float, *, moves: bool = False) -> None:
    now = here.memory.journal.last_time(here.user) or clock.now()
    if here.user != st.session_state.user:
        return
    try:
        here.memory.personality.pin(here.user, trait, value, now)
        if moves:
            here.memory.personality.pin(here.user, trait, None, now)
        frame.tell(f"{trait.capitalize()} {'was reset to' if moves else 'is pinned at'} {value:.1f}. The next reply uses it.")
    except PersonaError as error:
        frame.refuse(error.message)
