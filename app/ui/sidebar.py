"""The side panel: what holds for the next messages, what waits to be remembered, and which model it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from app.ui.live_replies import Switches
from app.ui.wording import counted, markdown
from memory.core.errors import ModelMissing, PersonaError
from memory.core.records import TurnState

if TYPE_CHECKING:
    from app.ui.layout import Here
    from app.ui.live_replies import Replies
    from memory.memory import Memory

_WHILE_REMEMBERING_S = 3
_OTHERWISE_S = 30
_ONCE_DRAWN_S = 2
_LAST = 20
"""Messages that are looked through for one that has no reply yet: a person's are answered in their order."""
_SEES = {True: "sees pictures", False: "cannot see pictures"}


def choose_switches() -> None:
    """Let the person choose how their next messages are taken."""
    st.toggle(
        "Off the record",
        key="off",
        persist_state="session",
        help="Memory is read, and nothing is written down. Gone with a reload.",
    )
    with st.expander("More for next messages", type="compact"):
        st.toggle(
            "Look into memory first",
            key="force",
            persist_state="session",
            help="Before each answer, whatever the model thinks.",
        )
        st.toggle(
            "No reasoning",
            key="direct",
            persist_state="session",
            help="Look once with the message itself, then answer directly.",
        )


def switches() -> Switches:
    """Return what is chosen at this moment, which a callback's arguments would not: they are those of the last drawing."""
    state = st.session_state
    return Switches(
        off_the_record=state.get("off", False),
        force_retrieve=state.get("force", False),
        reasoning=not state.get("direct", False),
        zone=st.context.timezone,
        personality=state.get("by_hand"),
    )


def foot(here: Here) -> None:
    """Say what waits, and which model it is; read again while something waits to be remembered.

    The model is loaded once the browser has drawn the whole page, which it says by asking for this part again: loading takes
    every processor.
    """
    waits = here.memory.work.count(here.user) > 0
    often = _OTHERWISE_S if "drawn" in st.session_state else _ONCE_DRAWN_S
    st.fragment(_foot, run_every=_WHILE_REMEMBERING_S if waits else often)(here, waited=waits)
    with st.container(key="quiet-model"):
        try:
            st.text(f"Model: {model_line(here.replies)}")
        except PersonaError as error:
            st.warning(markdown(error.message))


def model_line(replies: Replies) -> str:
    """Say which model it is, without loading it.

    Raises:
        PersonaError: There is none; the message says what to do.
    """
    from app.models.model_server import find_weights
    from app.settings import Settings

    settings, endpoint = Settings(), replies.service.models.loaded
    if endpoint is not None:
        where = "in this program" if endpoint.embedded else f"at {endpoint.url}"
        return f"{endpoint.model}, {where}; {_SEES[endpoint.sees]}"
    if settings.llm_base_url:
        return f"{settings.llm_model or 'the first model'} at {settings.llm_base_url}; asked with the first message"
    try:
        path, projector = find_weights(settings)
    except ModelMissing:
        if not replies.service.waits_for:
            raise
        return "being fetched"
    when = "it is being loaded" if replies.service.waits_for else "it is loaded with the first reply"
    return f"{path.stem}; {_SEES[projector is not None]}; {when}"


def _foot(here: Here, *, waited: bool) -> None:
    if "drawn" in st.session_state:
        here.replies.service.prepare(here.user)
    _waiting(here.memory, here.user, waited=waited)


def _nothing_waits(memory: Memory, user: str, *, aside: bool) -> str:
    """Say how it is where no step waits: a message waits for its reply first, and a new person has said nothing."""
    last = memory.journal.turns(user, limit=_LAST)
    if unanswered := sum(turn.state is TurnState.RECEIVED for turn in last):
        return "Your message waits for its reply." if unanswered == 1 else f"{unanswered} messages wait for their replies."
    if not last:
        return "Nothing is said yet."
    return "Everything else is remembered." if aside else "Everything is remembered."


def _waiting(memory: Memory, user: str, *, waited: bool) -> None:
    try:
        waiting, held = memory.work.count(user), len(memory.approvals.waiting(user))
        aside = memory.refusals.count(user)
        nothing = _nothing_waits(memory, user, aside=bool(aside or held))
    except PersonaError as error:
        st.error(markdown(error.message))
        return
    if waited != bool(waiting):
        st.rerun()
    with st.container(key="quiet-waiting"):
        st.text(f"{counted(waiting, 'step waits', 'steps wait')} to be remembered." if waiting else nothing)
        if held:
            st.text(f"{counted(held, 'message is', 'messages are')} pending your approval.")
        if aside:
            st.text(f"{counted(aside, 'step is', 'steps are')} set aside: the page You says why.")
