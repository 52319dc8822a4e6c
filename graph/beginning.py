"""Find the turn that a run is about: a new message, or an earlier turn at the same place in a thread.

LangGraph keeps one state per thread. A new input finds the state that the last turn left; a run that goes back to an earlier
checkpoint finds a turn that is already in the journal (docs/decisions/040).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from langgraph.errors import GraphBubbleUp
from langgraph.runtime import Runtime
from pydantic import TypeAdapter

from graph.context import Context, context_of, goes_back, same_user, thread_id
from graph.state import RespondState
from memory.core import clock
from memory.core.errors import NotFound, PersonaError
from memory.core.records import SPOKEN, Trace, Turn, TurnState, make_id
from memory.core.validation import check_text, check_user

if TYPE_CHECKING:
    from memory.memory import Memory

_REPLIED = (*SPOKEN, TurnState.REQUEST)
_BROKEN_OFF = "The run was broken off before the reply was written. Send it again."


class Beginning:
    """Finds the turn that a run is about, and the turn that its reply belongs to.

    Args:
        memory: Where turns are journaled.
    """

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def turn_of(self, state: RespondState, runtime: Runtime[Context]) -> Turn:
        """Return the turn to answer, journaled.

        Raises:
            PersonaError: The message is invalid, was forgotten, or belongs to another user.
        """
        context, state = context_of(runtime), typed(state)
        if state.get("edits"):
            return self._changed(state, runtime)
        given = _given(state)
        if given is not None:
            return self._taken_up(given, state, runtime)
        said = clock.parse_time(context.time) if context.time else None
        text, images = state.get("text"), state.get("images")
        topic = self._memory.consent.unkept(context.user_id, text or "")
        if context.off_the_record or topic:
            return unrecorded(context.user_id, text or "", images or (), said, topic)
        thread = thread_id()
        if thread is None:
            return self._memory.receive(context.user_id, text or "", photo_ids=images or (), time=said)
        return self._receive_in_thread(thread, state, context.user_id, said)

    def commit(self, turn: Turn, reply: str, trace: Trace, *, stopped: bool) -> Turn:
        """Commit a reply. In a thread that went back behind an earlier reply, the new turn replaces the old one."""
        if thread_id() is not None:
            turn = self._memory.threads.reply_again(turn, reply)
            if turn.state in SPOKEN:
                return self._memory.journal.turn(turn.id)
        return self._memory.journal.finish(turn.id, reply, trace=trace, stopped=stopped)

    def was_done(self, turn: Turn) -> Turn | None:
        """Return the request to forget if it already has a reply, else None."""
        if not turn.seq:
            return None
        now = self._memory.threads.current(turn.id)
        return now if now.state is TurnState.REQUEST else None

    @contextmanager
    def failing(self, turn: Turn) -> Iterator[None]:
        """Mark the turn as failed if the block raises: no other code may run afterwards to do so."""
        try:
            yield
        except GraphBubbleUp:
            raise
        except Exception as error:
            if turn.seq:
                with suppress(PersonaError):
                    self._memory.journal.fail(turn.id, in_a_sentence(error).message)
            raise

    def _receive_in_thread(self, thread: str, state: RespondState, user_id: str, time: datetime | None) -> Turn:
        """Journal a message of a thread, or replace the message that was at this place before."""
        threads = self._memory.threads
        text, images = state.get("text"), state.get("images")
        current, back = state.get("current", ""), goes_back()
        last = state.get("turn") if current else None
        place = make_id(user_id, "thread", f"{thread}\x1f{current}")
        if last is not None and last.seq and last.user_id == user_id and last.state not in _REPLIED:
            # The thread is in the middle of that turn: the turn failed, was interrupted, or continued from here before.
            with suppress(NotFound):
                now = threads.current(last.id)
                if back and (now.state in _REPLIED or threads.has_gone_on(user_id, place)):
                    return threads.change(last.id, text, images)
                if now.state is TurnState.RECEIVED:
                    self._memory.journal.fail(now.id, _BROKEN_OFF)
        return threads.say(user_id, text, images, time=time, origin=place, goes_back=back)

    def _taken_up(self, given: Turn | str, state: RespondState, runtime: Runtime[Context]) -> Turn:
        """Return the turn that the caller passed in."""
        thread, context = thread_id(), context_of(runtime)
        turn = given if isinstance(given, Turn) else self._memory.journal.turn(given)
        user_id = same_user(runtime, turn.user_id)
        if thread is None or not turn.seq or context.off_the_record:
            return turn
        place = make_id(user_id, "thread", f"{thread}\x1f{_before(state)}")
        return self._memory.threads.take_up(turn.id, place)

    def _changed(self, state: RespondState, runtime: Runtime[Context]) -> Turn:
        """Return the turn that replaces one whose message was edited during the run."""
        old, text, images = state["turn"], state.get("text"), state.get("images")
        same_user(runtime, old.user_id)
        if not old.seq:
            said, shown = old.text if text is None else text, old.images if images is None else images
            return unrecorded(old.user_id, said, shown, old.time)
        return self._memory.threads.change(old.id, text, images)


def typed(state: RespondState) -> RespondState:
    """Return the state with its values as our types, even where parts arrived as JSON over HTTP."""
    turn = state.get("turn")
    return state if turn is None or isinstance(turn, Turn) else _adapter().validate_python(state)


@cache
def _adapter() -> TypeAdapter[RespondState]:
    return TypeAdapter(RespondState)


def is_edited(state: RespondState) -> bool:
    """Return whether the message was edited from outside; only the first node sees what an input contains."""
    return state.get("text") is not None or state.get("images") is not None


def new_words(state: RespondState) -> dict[str, Any]:
    """Return the fields that were edited from outside, so that the next node sees them too."""
    return {name: value for name in ("text", "images") if (value := state.get(name)) is not None}


def mark_edit(state: RespondState) -> dict[str, Any]:
    """Restart the turn with the edited words (a node)."""
    return {"edits": state["turn"].id, **new_words(state)}


def in_a_sentence(error: Exception) -> PersonaError:
    """Return the error as a PersonaError that says in one sentence why there is no reply."""
    if isinstance(error, PersonaError):
        return error
    return PersonaError(
        f"The reply failed inside the program ({type(error).__name__}: {error}). The message is saved; send it again."
    )


def unrecorded(user_id: str, text: str, images: Sequence[str], said: datetime | None, topic: str | None = None) -> Turn:
    """Return a turn off the record: it has no place in the user's sequence and may have any time.

    Args:
        user_id: Who writes it.
        text: The message.
        images: Ids of its photos.
        said: When it was written; None means now.
        topic: The sensitive topic of the message, if this user keeps nothing of that category.

    Raises:
        InvalidInput: The text or the user id is invalid.
    """
    user_id = check_user(user_id)
    check_text(text, len(images))
    turn_id = f"off_{uuid.uuid4().hex[:20]}"
    stamp = said or clock.now()
    return Turn(
        id=turn_id, user_id=user_id, seq=0, session=0, time=stamp, text=text, images=tuple(images), sensitive=topic
    )  # fmt: skip


def _given(state: RespondState) -> Turn | str | None:
    """Return the turn that the caller passed in; None if the input has words, or is empty.

    The `turn` and `turn_id` that an earlier turn of the thread left in the state do not count.
    """
    current, turn, turn_id = state.get("current"), state.get("turn"), state.get("turn_id")
    if turn is not None and turn.id != current:
        return turn
    if turn_id and turn_id != current:
        return turn_id
    # The same turn again: the input contained nothing else.
    return None if is_edited(state) else turn or turn_id


def _before(state: RespondState) -> str:
    return state.get("current", "")
