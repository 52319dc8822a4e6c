"""The side panel: options for the next messages, background work that is left, and the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from app.ui.wording import counted, markdown
from graph.context import MessageOptions
from memory.core.errors import ModelMissing, PersonaError
from memory.core.records import TurnState

if TYPE_CHECKING:
    from app.ui.layout import Here
    from app.ui.live_replies import Replies
    from memory.memory import Memory

_REMEMBERING_REFRESH_S = 3
_IDLE_REFRESH_S = 30
_FIRST_REFRESH_S = 2
_RECENT_MESSAGES = 20
"""Messages that are checked for a missing reply; the messages of one user are answered in order."""
_SEES = {True: "sees pictures", False: "cannot see pictures"}


def choose_options() -> None:
    """Draw the options for the next messages."""
    st.toggle(
        "Off the record",
        key="off",
        persist_state="session",
        help="The assistant uses what it remembers but saves nothing. Messages sent off the record disappear when you reload "
        "the page.",
    )
    with st.expander("More options", type="compact"):
        st.toggle(
            "Search memory first",
            key="force",
            persist_state="session",
            help="Search before each answer, even if the model would not.",
        )
        st.toggle(
            "No reasoning",
            key="direct",
            persist_state="session",
            help="Search memory once for the words of your message, then answer without thinking first.",
        )


def chosen_options() -> MessageOptions:
    """Return the current options; a callback's arguments would have those of the previous run."""
    state = st.session_state
    return MessageOptions(
        off_the_record=state.get("off", False),
        force_retrieve=state.get("force", False),
        reasoning=not state.get("direct", False),
        personality_override=state.get("by_hand"),
    )


def foot(here: Here) -> None:
    """Draw the background work that is left and the model; refresh more often while there is work.

    The model is loaded after the browser has drawn the whole page, because loading uses every processor. The first refresh
    of this part shows that the page is drawn.
    """
    waits = here.memory.work.count(here.user) > 0
    often = _IDLE_REFRESH_S if "drawn" in st.session_state else _FIRST_REFRESH_S
    st.fragment(_foot, run_every=_REMEMBERING_REFRESH_S if waits else often)(here, waited=waits)
    with st.container(key="quiet-model"):
        try:
            st.text(f"Model: {model_line(here.replies)}")
        except PersonaError as error:
            st.warning(markdown(error.message))


def model_line(replies: Replies) -> str:
    """Return the name and state of the model, without loading it.

    Raises:
        PersonaError: There is no model; the message says what to do.
    """
    from app.models.model_server import find_weights
    from app.settings import Settings

    settings, endpoint = Settings(), replies.service.models.loaded
    if endpoint is not None:
        where = "in this program" if endpoint.embedded else f"at {endpoint.url}"
        return f"{endpoint.model}, {where}; {_SEES[endpoint.sees]}"
    if settings.llm_base_url:
        name = settings.llm_model or "the first model of the server"
        return f"{name} at {settings.llm_base_url}; contacted when you send a message"
    try:
        path, projector = find_weights(settings)
    except ModelMissing:
        if not replies.service.waits_for:
            raise
        return "downloading"
    when = "loading" if replies.service.waits_for else "loaded when you send the first message"
    return f"{path.stem}; {_SEES[projector is not None]}; {when}"


def _foot(here: Here, *, waited: bool) -> None:
    if "drawn" in st.session_state:
        here.replies.service.prepare(here.user)
    _waiting(here.memory, here.user, waited=waited)


def _nothing_waits(memory: Memory, user: str, *, aside: bool) -> str:
    """Return the status line when no background work is left: unanswered messages, no messages, or all remembered."""
    last = memory.journal.turns(user, limit=_RECENT_MESSAGES)
    if unanswered := sum(turn.state is TurnState.RECEIVED for turn in last):
        return "Waiting for a reply." if unanswered == 1 else f"Waiting for {unanswered} replies."
    if not last:
        return "No messages yet."
    return "Everything else is remembered." if aside else "Everything is remembered."


def _waiting(memory: Memory, user: str, *, waited: bool) -> None:
    try:
        waiting, held = memory.work.count(user), len(memory.approvals.waiting(user))
        aside = memory.refusals.count(user)
        paused = not waiting and any(one.paused for one in memory.work.left(user))
        nothing = _nothing_waits(memory, user, aside=bool(aside or held or paused))
    except PersonaError as error:
        st.error(markdown(error.message))
        return
    if waited != bool(waiting):
        st.rerun()
    with st.container(key="quiet-waiting"):
        st.text(f"Still remembering your messages ({counted(waiting, 'step', 'steps')} left)." if waiting else nothing)
        if paused:
            st.text("The reading of an import is paused. The You page goes on with it.")
        if held:
            st.text(f"{counted(held, 'message needs', 'messages need')} your approval.")
        if aside:
            st.text(f"{counted(aside, 'step', 'steps')} of remembering could not be done. The You page explains why.")
