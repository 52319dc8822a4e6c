"""One entry of the Memory page: its text, state, source and actions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import streamlit as st

from app.ui import layout as frame
from app.ui import memory_actions, wording
from app.ui.layout import Here
from app.ui.memory import entry_wording
from memory.core.errors import NotFound, ObjectsUnavailable, PersonaError, StorageError
from memory.core.records import Episode, PhotoMemory, Procedure, ProfileEntry, SemanticMemory
from memory.photos.detector import small
from memory.photos.image_file import open_upright
from memory.storage.memory_rows import MemoryRecord

_PICTURE_WIDTH = 120


@dataclass(frozen=True)
class Related:
    """What is known about some entries beside their text.

    Attributes:
        facts: The facts that replaced them, that they replaced, or that they repeat, by id.
        written_in: The conversation after which each profile line or habit was written, by the id of the line.
    """

    facts: Mapping[str, SemanticMemory]
    written_in: Mapping[str, int]


def related(here: Here, records: Iterable[MemoryRecord]) -> Related:
    """Return what is known about some entries beside their text."""
    records = list(records)
    facts = [one for one in records if isinstance(one, SemanticMemory)]
    linked = here.memory.memories.linked(here.user, facts) if facts else []
    repeated = [one.same_as for one in facts if one.same_as]
    said_before = here.memory.memories.entries(here.user, kind="semantic", ids=repeated) if repeated else []
    lines = [one.id for one in records if isinstance(one, Procedure | ProfileEntry)]
    return Related(
        facts={one.id: one for one in [*linked, *said_before] if isinstance(one, SemanticMemory)},
        written_in=here.memory.browse.written_in(here.user, lines) if lines else {},
    )


def draw(here: Here, record: MemoryRecord, known: Related, place: str, *, dated: bool = False) -> None:
    """Draw one entry.

    Args:
        here: The user and the replies.
        record: The memory.
        known: What is known about it beside its text.
        place: The part of the page, for widget keys: one entry may be shown more than once.
        dated: Show the day, because no heading does.
    """
    with st.container(key=f"entry-{place}-{record.id}", gap="xxsmall"):
        st.text(entry_wording.line(record, dated=dated))
        if isinstance(record, PhotoMemory):
            _picture(here, record)
        st.text(entry_wording.says(record))
        if told := entry_wording.relations(record, known.facts):
            with st.container(key=f"quiet-{place}-{record.id}", gap=None):
                for sentence in told:
                    st.text(sentence)
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"row-{place}-{record.id}"):
            if isinstance(record, SemanticMemory | PhotoMemory) and record.held:
                decide(here, record.id, f"{place}-{record.id}")
            else:
                memory_actions.buttons(here, record, place)
            _origin(here, record, known, place)


def decide(here: Here, subject: str, key: str) -> None:
    """Draw the buttons that approve or reject a pending message or memory.

    Args:
        here: The user and the replies.
        subject: The id of the message, or of a memory taken from it.
        key: Distinguishes the widget keys.
    """
    st.button("Remember it", key=f"approve-{key}", on_click=_approve, args=(here, subject))
    st.button("Forget it", key=f"reject-{key}", on_click=_reject, args=(here, subject))


def show_button(here: Here, turn_id: str, key: str) -> None:
    """Draw the button that opens a message in its conversation."""
    if _show("Show the message", key):
        session = here.memory.browse.session_of(here.user, turn_id)
        _go(session, turn_id)


def _origin(here: Here, record: MemoryRecord, known: Related, place: str) -> None:
    key = f"{place}-{record.id}"
    match record:
        case SemanticMemory(turn_ids=()):
            # A program stored it.
            return
        case SemanticMemory() | PhotoMemory():
            show_button(here, record.turn_id, key)
        case Episode():
            if _show("Show the conversation", key):
                _go(record.session, here.memory.browse.first_turn(here.user, record.session))
        case _:
            session = known.written_in.get(record.id)
            # A line that the person wrote has no conversation.
            if session is not None and _show(f"Show conversation {session}", key):
                _go(session, here.memory.browse.first_turn(here.user, session))


def _show(label: str, key: str) -> bool:
    return st.button(
        label,
        key=f"show-{key}",
        type="tertiary",
        icon=":material/forum:",
        help="Open the message or conversation that it came from.",
    )


def _go(session: int | None, turn_id: str | None) -> None:
    if session is not None and turn_id is not None:
        frame.go_to_turn(session, turn_id)
    frame.refuse("The message that it came from has been forgotten.")
    st.rerun()


def _picture(here: Here, record: PhotoMemory) -> None:
    try:
        image = small(open_upright(here.memory.photos.for_model(here.user, record.photo_id)), record.box)
    except NotFound:
        st.caption("This picture is no longer stored.")
    except ObjectsUnavailable as error:
        st.caption(wording.markdown(error.message))
    except StorageError:
        st.caption("This picture is damaged. Send it again to see it here.")
    else:
        st.image(image, width=_PICTURE_WIDTH, alt=record.label)


def _approve(here: Here, subject: str) -> None:
    try:
        here.memory.approvals.approve(here.user, subject)
    except PersonaError as error:
        frame.refuse(error.message)


def _reject(here: Here, subject: str) -> None:
    try:
        here.memory.reject(here.user, subject)
    except PersonaError as error:
        frame.refuse(error.message)
        return
    frame.tell("Forgotten. You can undo this in the side panel for 10 minutes.")
