"""Actions on one memory: correct it, mark it as outdated, or forget it."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from app.ui import layout as frame
from app.ui import wording
from app.ui.layout import Here
from graph.context import MessageOptions
from graph.language.addressed import addressed
from memory.core import clock
from memory.core.errors import PersonaError
from memory.core.records import Episode, PhotoMemory, Procedure, ProfileEntry, SemanticMemory
from memory.forgetting.purge import ForgetReceipt
from memory.storage.memory_rows import MemoryRecord

_OUTDATED_TEXT = "{caption} (no longer true since {day:%Y-%m-%d})"


def text_of(record: MemoryRecord) -> str:
    """Return the text of a memory for editing."""
    match record:
        case SemanticMemory():
            return record.content
        case Episode():
            return record.summary
        case Procedure():
            return record.text
        case PhotoMemory():
            return record.caption
        case ProfileEntry():
            return record.value


def shown_text(record: MemoryRecord) -> str:
    """Return the text of a memory for its person, with its key or category and the date until which it was true."""
    match record:
        case SemanticMemory():
            return addressed(record.told)
        case PhotoMemory():
            return addressed(record.label)
        case Procedure():
            return addressed(f"{record.key}: {record.text}")
        case ProfileEntry():
            return addressed(f"{record.key}: {record.value}")
        case Episode():
            return addressed(record.summary)


def buttons(here: Here, record: MemoryRecord, place: str) -> None:
    """Draw the actions for one memory.

    Args:
        here: The user and the replies.
        record: The memory.
        place: The part of the page, for widget keys: one memory may be shown more than once.
    """
    key = f"{place}-{record.id}"
    with st.container(horizontal=True, gap="small", key=f"acts-{key}"):
        if st.button("Wrong", key=f"wrong-{key}", type="tertiary", help="Correct it."):
            _correct(here, record)
        if _may_be_outdated(record):
            history = isinstance(record, SemanticMemory)
            help_ = "No longer true. The memory is kept as history." if history else "No longer true."
            st.button(
                "Outdated", key=f"outdated-{key}", type="tertiary", help=help_, on_click=_try, args=(_outdate, here, record)
            )
        else:
            st.button(
                "Still true", key=f"again-{key}", type="tertiary", help="It is true after all.",
                on_click=_try, args=(_undo, here, record.id),
            )  # fmt: skip
        forget_button(here, record.id, key)


def forget_button(here: Here, subject: str, key: str) -> None:
    """Draw the button that forgets a memory, a message or a picture, with what is based on it."""
    st.button(
        "Forget", key=f"forget-{key}", type="tertiary",
        help="Memories and replies that are based on it are forgotten too. You can undo this for 10 minutes.",
        on_click=_try, args=(_forget, here, subject),
    )  # fmt: skip


def dialogue_buttons(here: Here, subject: str, key: str) -> None:
    """Draw the actions for a recalled dialogue: messages cannot be edited, so a correction is a new message."""
    with st.container(horizontal=True, gap="small", key=f"acts-{key}"):
        if st.button("Wrong", key=f"wrong-{key}", type="tertiary", help="Correct it."):
            _say(here, "What is correct?")
        if st.button("Outdated", key=f"outdated-{key}", type="tertiary", help="Say what is true now."):
            _say(here, "What is true now?")
        forget_button(here, subject, key)


@st.dialog("Correct this memory")
def _correct(here: Here, record: MemoryRecord) -> None:
    st.caption(
        f"{clock.show(record.time)}. Your text replaces this memory, and the assistant will not change it. "
        'Memories call you "the user".'
    )
    text = st.text_area("Corrected text", text_of(record), key=f"right-{record.id}", label_visibility="collapsed")
    if st.button("Save", type="primary", key=f"save-{record.id}"):
        try:
            here.memory.edit(here.user, record.id, text)
        except PersonaError as error:
            st.error(wording.sentence(error.message))
            return
        st.rerun()


@st.dialog("Send a correction")
def _say(here: Here, question: str) -> None:
    st.caption("This is sent as your next message and remembered like any other message.")
    text = st.text_area(question, key="correction")
    if st.button("Send", type="primary", key="say-correction"):
        try:
            here.replies.send(here.user, text, (), MessageOptions(), st.context.timezone)
        except PersonaError as error:
            st.error(wording.sentence(error.message))
            return
        st.session_state.pop("session", None)
        st.switch_page(frame.VIEWS / "chat.py", query_params={"user": here.user})


def undo_list(here: Here) -> None:
    """Draw what was forgotten in the last minutes, with buttons to undo it or to delete it now."""
    waiting = here.memory.browse.undoable(here.user)
    if not waiting:
        return
    with st.container(border=True, key="undo-list", gap="small"):
        for one in waiting:
            minutes = max(0, int((one.until - clock.instant()).total_seconds()) // 60)
            st.caption(wording.forgot(one.kind, one.counts, minutes))
            with st.container(horizontal=True, gap="small"):
                st.button("Undo", key=f"undo-{one.subject}", on_click=_try, args=(_undo, here, one.subject))
                st.button("Delete now", key=f"purge-{one.subject}", on_click=_try, args=(_purge, here, one.subject))


def _may_be_outdated(record: MemoryRecord) -> bool:
    return not isinstance(record, SemanticMemory) or record.valid_until is None


def _outdate(here: Here, record: MemoryRecord) -> None:
    now = here.memory.journal.last_time(here.user) or clock.now()
    if isinstance(record, PhotoMemory):
        here.memory.edit(here.user, record.id, _OUTDATED_TEXT.format(caption=record.caption, day=now))
    elif isinstance(record, Episode):
        here.memory.edit(here.user, record.id, _OUTDATED_TEXT.format(caption=record.summary, day=now))
    else:
        here.memory.outdate(here.user, record.id, now)


def _forget(here: Here, subject: str) -> None:
    here.memory.forget(here.user, subject)
    frame.tell("Forgotten. You can undo this in the side panel for 10 minutes.")


def _undo(here: Here, subject: str) -> None:
    here.memory.undo(here.user, subject)


def _purge(here: Here, subject: str) -> None:
    receipt = here.memory.forget(here.user, subject, now=True)
    clean = isinstance(receipt, ForgetReceipt) and receipt.is_clean
    frame.tell(
        "Deleted for good. A check found nothing left."
        if clean
        else "Deleted, but something is left: see the receipt on the You page."
    )


def _try(do: Callable[..., None], here: Here, *given: object) -> None:
    if here.user != st.session_state.user:
        # The button was drawn before another user was chosen.
        frame.refuse("That button belonged to another user's page. Nothing was changed.")
        return
    try:
        do(here, *given)
    except PersonaError as error:
        frame.refuse(error.message)
