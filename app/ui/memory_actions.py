"""Putting a memory right: it is wrong, it is outdated, it is to be forgotten."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import streamlit as st

from app.ui import layout as frame
from app.ui import wording
from app.ui.layout import Here
from app.ui.live_replies import Switches
from memory.core import clock
from memory.core.errors import PersonaError
from memory.core.records import Episode, PhotoMemory, Procedure, ProfileEntry, SemanticMemory
from memory.forgetting.purge import Receipt
from memory.storage.memory_rows import MemoryRecord

_SEEN_UNTIL = "{caption} (until {day:%Y-%m-%d}, no longer)"


def text_of(record: MemoryRecord) -> str:
    """Return what a memory says, as it can be edited."""
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


def told_of(record: MemoryRecord) -> str:
    """Return what a memory says, as it is shown: with its key, its kind of thing, and until when it was true."""
    match record:
        case SemanticMemory():
            return record.told
        case PhotoMemory():
            return record.label
        case Procedure():
            return f"{record.key}: {record.text}"
        case ProfileEntry():
            return f"{record.key}: {record.value}"
        case Episode():
            return record.summary


def buttons(here: Here, record: MemoryRecord, place: str) -> None:
    """Offer what can be done with one memory.

    Args:
        here: Whose page.
        record: The memory.
        place: Where on the page it stands: it may stand there more than once.
    """
    key = f"{place}-{record.id}"
    with st.container(horizontal=True, gap="small", key=f"acts-{key}"):
        if st.button("Wrong", key=f"wrong-{key}", type="tertiary", help="Say what is right."):
            _correct(here, record)
        if _may_be_outdated(record):
            help_ = "It was true until now: kept as what was." if isinstance(record, SemanticMemory) else "No longer so."
            st.button(
                "Outdated", key=f"outdated-{key}", type="tertiary", help=help_, on_click=_try, args=(_outdate, here, record)
            )
        else:
            st.button(
                "Stands again", key=f"again-{key}", type="tertiary", help="It is true after all.",
                on_click=_try, args=(_undo, here, record.id),
            )  # fmt: skip
        forget_button(here, record.id, key)


def forget_button(here: Here, subject: str, key: str) -> None:
    """Offer to forget a memory, a message or a picture, with all that tells of it."""
    st.button(
        "Forget", key=f"forget-{key}", type="tertiary", help="With all that tells of it. Undo works for 10 minutes.",
        on_click=_try, args=(_forget, here, subject),
    )  # fmt: skip


def dialogue_buttons(here: Here, subject: str, key: str) -> None:
    """Offer what can be done with talk that was recalled: what was said stays said, and what is right is said now."""
    with st.container(horizontal=True, gap="small", key=f"acts-{key}"):
        if st.button("Wrong", key=f"wrong-{key}", type="tertiary", help="Say what is right."):
            _say(here, "What is right?")
        if st.button("Outdated", key=f"outdated-{key}", type="tertiary", help="Say what is true now."):
            _say(here, "What is true now?")
        forget_button(here, subject, key)


@st.dialog("What is right?")
def _correct(here: Here, record: MemoryRecord) -> None:
    st.caption(f"{clock.show(record.time)}. What you write replaces what it says, and stays when it is summed up anew.")
    text = st.text_area("It should say", text_of(record), key=f"right-{record.id}", label_visibility="collapsed")
    if st.button("Save", type="primary", key=f"save-{record.id}"):
        try:
            here.memory.edit(here.user, record.id, text)
        except PersonaError as error:
            st.error(wording.sentence(error.message))
            return
        st.rerun()


@st.dialog("Put it right")
def _say(here: Here, question: str) -> None:
    st.caption("It is said to the assistant as your next message, and remembered like anything that you say.")
    text = st.text_area(question, key="correction")
    if st.button("Say it", type="primary", key="say-correction"):
        try:
            here.replies.send(here.user, text, (), Switches(zone=st.context.timezone))
        except PersonaError as error:
            st.error(wording.sentence(error.message))
            return
        st.session_state.pop("session", None)
        st.switch_page(frame.VIEWS / "chat.py", query_params={"user": here.user})


def undo_list(here: Here) -> None:
    """Show what was forgotten a moment ago, with a way back, and a way to be rid of it at once."""
    waiting = here.memory.browse.undoable(here.user)
    if not waiting:
        return
    with st.container(border=True, key="undo-list", gap="small"):
        for one in waiting:
            minutes = max(0, int((one.until - datetime.now(UTC)).total_seconds()) // 60)
            counts = ", ".join(f"{what}: {count}" for what, count in one.counts.items() if count)
            st.caption(f"Forgotten: {wording.KINDS[one.kind]} ({counts}). Gone for good in {minutes} min.")
            with st.container(horizontal=True, gap="small"):
                st.button("Undo", key=f"undo-{one.subject}", on_click=_try, args=(_undo, here, one.subject))
                st.button("For good now", key=f"purge-{one.subject}", on_click=_try, args=(_purge, here, one.subject))


def _may_be_outdated(record: MemoryRecord) -> bool:
    return not isinstance(record, SemanticMemory) or record.valid_until is None


def _outdate(here: Here, record: MemoryRecord) -> None:
    now = here.memory.journal.last_time(here.user) or clock.now()
    if isinstance(record, PhotoMemory):
        here.memory.edit(here.user, record.id, _SEEN_UNTIL.format(caption=record.caption, day=now))
    elif isinstance(record, Episode):
        here.memory.edit(here.user, record.id, _SEEN_UNTIL.format(caption=record.summary, day=now))
    else:
        here.memory.outdate(here.user, record.id, now)


def _forget(here: Here, subject: str) -> None:
    here.memory.forget(here.user, subject)
    frame.tell("Forgotten. Undo works for 10 minutes, in the side panel.")


def _undo(here: Here, subject: str) -> None:
    here.memory.undo(here.user, subject)


def _purge(here: Here, subject: str) -> None:
    receipt = here.memory.forget(here.user, subject, now=True)
    clean = isinstance(receipt, Receipt) and receipt.is_clean
    frame.tell(
        "Gone for good: nothing of it was found afterwards." if clean else "Gone for good; the receipt says what is left."
    )


def _try(do: Callable[..., None], here: Here, *given: object) -> None:
    if here.user != st.session_state.user:
        # A button that stood there from before somebody else was chosen.
        frame.refuse("That was on the page of somebody else, and was not done.")
        return
    try:
        do(here, *given)
    except PersonaError as error:
        frame.refuse(error.message)
