"""The Chat page: the conversation, replies in progress, and the field for the next message."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

import streamlit as st

from app.ui import layout as frame
from app.ui import sidebar, wording
from app.ui.chat import conversations, copy_button, forget_offer, receipt, reply, sensitive_notice
from app.ui.layout import Here
from app.ui.live_replies import Live, Replies
from app.ui.sidebar import chosen_options
from graph.context import MessageOptions
from graph.language.addressed import addressed
from memory.core.errors import PersonaError
from memory.core.records import Turn, TurnState, user_key
from memory.memory import Memory
from memory.photos.image_file import read_picture

if TYPE_CHECKING:
    from app.service import PersonaService

_TURNS_PER_PAGE = 50
"""Turns shown at first, and added with each press of the button."""
_POLL_S = 2
_INSTANT_REPLY_S = 0.3
_HIDDEN_STATES = (TurnState.REPLACED, TurnState.FORGOTTEN)
_PICTURES = ["png", "jpg", "jpeg", "webp", "gif"]
_PICTURE_WIDTH = 240


def draw(here: Here) -> None:
    """Draw the page: the conversation, the message field and the side panel."""
    with st.sidebar:
        sidebar.choose_options()
        conversations.draw(here)
    session = st.session_state.get("session")
    if session is not None and here.memory.browse.first_turn(here.user, session) is None:
        # The conversation was forgotten, or belongs to another user.
        session = None
    writing = _past(here, session) if session is not None else _now(here)
    if not writing and here.replies.service.waits_for:
        st.fragment(_until_there, run_every=_POLL_S)(here.replies.service)
    ask(here.replies, writing)
    # A reply that arrives at once is shown complete, never as one in progress.
    if writing and all(one.finished_within(_INSTANT_REPLY_S) for one in writing):
        st.rerun()


def _now(here: Here) -> list[Live]:
    """Draw the current conversation from the journal; return the replies in progress."""
    memory = here.memory
    shown: int = st.session_state.setdefault("shown", _TURNS_PER_PAGE)
    turns = memory.journal.turns(here.user, limit=shown + 1)
    mine = {live.turn.id: live for live in _unrecorded() if live.turn.user_id == here.user}
    if not mine and all(turn.state in _HIDDEN_STATES for turn in turns):
        _welcome()
    if len(turns) > shown:
        st.button("Show earlier messages", on_click=_show_earlier)
    return _conversation(here, turns[-shown:], mine, last=memory.journal.newest(here.user))


def _past(here: Here, session: int) -> list[Live]:
    """Draw a past conversation; return the replies in progress."""
    turns = here.memory.journal.turns(here.user, session=session)
    with st.container(horizontal=True, vertical_alignment="center", key="past"):
        st.caption("This is a past conversation. New messages continue today's conversation.")
        st.button("Back to today", on_click=_back, icon=":material/arrow_back:")
    return _conversation(here, turns, {}, last=here.memory.journal.newest(here.user))


def _conversation(here: Here, turns: Sequence[Turn], mine: Mapping[str, Live], *, last: Collection[str]) -> list[Live]:
    entries = [turn for turn in turns if turn.state not in _HIDDEN_STATES]
    entries += [live.progress.turn or live.turn for live in mine.values()]
    asked = sensitive_notice.asked_under(here, entries)
    writing, session = [], 0
    for turn in sorted(entries, key=lambda turn: turn.time):
        if turn.session not in (0, session):
            session = turn.session
            st.caption(wording.heading(turn.time), text_alignment="center")
        _message(here, turn, asks=turn.id == asked)
        with st.chat_message("assistant"):
            live = mine.get(turn.id) or here.replies.of(turn.id)
            if turn.state is TurnState.RECEIVED and live is not None and live.progress.error is None:
                reply.watch(live, here.replies.service)
                writing.append(live)
            elif turn.state is TurnState.RECEIVED and live is None:
                st.fragment(_wait_for, run_every=_POLL_S)(here.memory, turn)
            elif turn.reply or turn.state is TurnState.STOPPED:
                reply.show(turn, here.memory.photos)
                _below(here, turn, last=turn.id in last)
            elif turn.state is TurnState.ANSWERED:
                # A reply is never empty: forgetting has removed this one.
                st.caption("This reply was removed because it mentioned something that is now forgotten.")
            else:
                _unanswered(here.replies, turn, live, last=not turn.seq or turn.id in last)
    return writing


def _below(here: Here, turn: Turn, *, last: bool) -> None:
    """Draw the actions below a reply, and its receipt."""
    with st.container(key=f"below-{turn.id}", gap="small", horizontal=True, vertical_alignment="top"):
        copy_button.button(turn.reply, key=f"copy-{turn.id}")
        if last and turn.seq and turn.state is not TurnState.REQUEST:
            st.button(
                "Regenerate", key=f"regenerate-{turn.id}", type="tertiary", icon=":material/refresh:",
                help="Write a new reply to this message. It replaces the current one.",
                on_click=_send_again, args=(here.replies, turn),
            )  # fmt: skip
    if turn.state is TurnState.REQUEST:
        forget_offer.draw(here, turn, _drop_unrecorded)
    elif turn.seq:
        receipt.draw(here, turn)


def _until_there(service: PersonaService) -> None:
    """Draw what the first reply is waiting for, until the model is ready."""
    waits_for = service.waits_for
    if not waits_for:
        st.rerun()
    with st.container(key="quiet-model-waits"):
        st.caption(
            f"{wording.sentence(waits_for)} You can write now; the reply comes as soon as the model is ready. "
            "Meanwhile, you can load the example person on the You page."
        )


def ask(replies: Replies, writing: list[Live]) -> None:
    """Draw the message field, which keeps the text of a rejected message, and the button that stops a reply."""
    if writing:
        st.bottom.button("Stop writing", on_click=_stop, args=(replies, [one.turn.id for one in writing]))
    # Each user has their own draft and attached pictures.
    key = f"message-{user_key(st.session_state.user)[:8]}"
    if draft := st.session_state.pop("draft", None):
        st.session_state[key] = draft
    st.chat_input(
        "Say something, off the record" if chosen_options().off_the_record else "Say something, or add a picture",
        key=key,
        accept_file="multiple",
        file_type=_PICTURES,
        on_submit=_send,
        args=(replies, key),
    )


def _send(replies: Replies, key: str) -> None:
    said, options = st.session_state[key], chosen_options()
    try:
        pictures = [read_picture(file.getvalue(), file.name) for file in said.files]
        live = replies.send(st.session_state.user, said.text, pictures, options, st.context.timezone)
    except PersonaError as error:
        frame.refuse(error.message)
        st.session_state.draft = said.text
        return
    # A message always belongs to today, and scores set by the person are for one reply.
    _back()
    st.session_state.pop("by_hand", None)
    if not live.turn.seq:
        # This also happens when the person chose to keep nothing sensitive.
        _unrecorded().append(live)


def _send_again(replies: Replies, turn: Turn) -> None:
    try:
        if turn.seq:
            replies.again(turn.user_id, turn.id)
            return
        pictures = [replies.service.memory.photos.original(turn.user_id, name) for name in turn.images]
        live = replies.send(turn.user_id, turn.text, pictures, MessageOptions(off_the_record=True), st.context.timezone)
        _unrecorded()[:] = [live if other.turn.id == turn.id else other for other in _unrecorded()]
    except PersonaError as error:
        frame.refuse(error.message)


def _stop(replies: Replies, turn_ids: list[str]) -> None:
    for turn_id in turn_ids:
        replies.service.stop(turn_id)


def _unrecorded() -> list[Live]:
    """Return the messages sent off the record; only this page has them."""
    kept: list[Live] = st.session_state.setdefault("unrecorded", [])
    return kept


def _drop_unrecorded(turn: Turn) -> None:
    """Hide an off-the-record message that asked to forget something, once that is done."""
    _unrecorded()[:] = [live for live in _unrecorded() if live.turn.id != turn.id]


def _back() -> None:
    st.session_state.pop("session", None)
    st.session_state.pop("marked", None)


def _show_earlier() -> None:
    st.session_state.shown += _TURNS_PER_PAGE


def _welcome() -> None:
    st.title("An assistant that remembers you", anchor=False)
    st.write(
        "Tell me about yourself and ask me anything. I remember what you tell me, even months later. Before I answer, I search "
        "my memory, and I adapt my tone to you. You can see and correct what I know on the Memory page. If you have "
        "talked to ChatGPT or others for years, bring that history on the You page; to look around first, load the example "
        "person there."
    )


def _message(here: Here, turn: Turn, *, asks: bool) -> None:
    memory = here.memory
    marked = st.session_state.get("marked") == turn.id
    with st.container(key=f"marked-{turn.id}" if marked else f"said-{turn.id}"), st.chat_message("user"):
        for name in turn.images:
            try:
                st.image(
                    memory.photos.original(turn.user_id, name), width=_PICTURE_WIDTH, alt="A picture sent with this message"
                )
            except PersonaError as error:
                st.caption(error.message)
            except OSError:
                st.caption("This picture is damaged. Send it again to see it here.")
        if turn.text.strip():
            st.text(turn.text)
        if turn.corrected:
            with st.container(key=f"quiet-corrected-{turn.id}", gap=None):
                for mark in turn.corrected:
                    st.text(addressed(mark))
        sensitive_notice.draw(here, turn, asks=asks)


def _wait_for(memory: Memory, turn: Turn) -> None:
    """Wait for a reply that another process is writing."""
    try:
        waits = memory.journal.turn(turn.id).state is TurnState.RECEIVED
    except PersonaError as error:
        st.error(wording.sentence(error.message))
        return
    if not waits:
        st.rerun()
    st.caption("Writing…")


def _unanswered(replies: Replies, turn: Turn, live: Live | None, *, last: bool) -> None:
    said = live.progress.error.message if live and live.progress.error else turn.error
    st.error(wording.sentence(said or "This message has no reply."))
    if last:
        st.button("Send again", key=f"again-{turn.id}", on_click=_send_again, args=(replies, turn))
