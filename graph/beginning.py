"""Which turn a run is about: one that is said now, or one that was said before at the same place of a thread.

LangGraph keeps a state for each thread. A new input finds what the last turn left in it; a run that goes back to an earlier
checkpoint finds a turn that the journal knows already (docs/decisions/040).
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
    """Finds out which turn a run is about, and which one its reply belongs to.

    Args:
        memory: Where turns are journaled.
    """

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def turn_of(self, state: RespondState, runtime: Runtime[Context]) -> Turn:
        """Return the turn to answer, journaled.

        Raises:
            PersonaError: The message cannot be taken, or is forgotten, or is another user's.
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
            return self._memory.journal.receive(context.user_id, text or "", images=images or (), time=said)
        return self._said_in(thread, state, context.user_id, said)

    def commit(self, turn: Turn, reply: str, trace: Trace, *, stopped: bool) -> Turn:
        """Commit a reply; in a thread that went back behind an earlier reply, to a turn that replaces that one."""
        if thread_id() is not None:
            turn = self._memory.threads.reply_again(turn, reply)
            if turn.state in SPOKEN:
                return self._memory.journal.turn(turn.id)
        return self._memory.journal.finish(turn.id, reply, trace=trace, stopped=stopped)

    def was_done(self, turn: Turn) -> Turn | None:
        """Return a request to forget that has its reply already; None where it has none yet."""
        if thread_id() is None or not turn.seq:
            return None
        now = self._memory.threads.standing(turn.id)
        return now if now.state is TurnState.REQUEST else None

    @contextmanager
    def failing(self, turn: Turn) -> Iterator[None]:
        """Mark the turn as unanswered where the block fails: nobody else may be there to do it."""
        try:
            yield
        except GraphBubbleUp:
            raise
        except Exception as error:
            if turn.seq:
                with suppress(PersonaError):
                    self._memory.journal.fail(turn.id, in_a_sentence(error).message)
            raise

    def _said_in(self, thread: str, state: RespondState, user_id: str, time: datetime | None) -> Turn:
        """Journal what is said in a thread, or change what was said there before."""
        threads = self._memory.threads
        text, images = state.get("text"), state.get("images")
        current, back = state.get("current", ""), goes_back()
        last = state.get("turn") if current else None
        place = make_id(user_id, "thread", f"{thread}\x1f{current}")
        if last is not None and last.seq and last.user_id == user_id and last.state not in _REPLIED:
            # The thread is in the middle of that turn: it failed, was broken off, or went on from here before.
            with suppress(NotFound):
                now = threads.standing(last.id)
                if back and (now.state in _REPLIED or threads.has_gone_on(user_id, place)):
                    return threads.change(last.id, text, images)
                if now.state is TurnState.RECEIVED:
                    self._memory.journal.fail(now.id, _BROKEN_OFF)
        return threads.say(user_id, text, images, time=time, origin=place, goes_back=back)

    def _taken_up(self, given: Turn | str, state: RespondState, runtime: Runtime[Context]) -> Turn:
        """Return a turn that the caller gave."""
        thread, context = thread_id(), context_of(runtime)
        turn = given if isinstance(given, Turn) else self._memory.journal.turn(given)
        user_id = same_user(runtime, turn.user_id)
        if thread is None or not turn.seq or context.off_the_record:
            return turn
        place = make_id(user_id, "thread", f"{thread}\x1f{_before(state)}")
        return self._memory.threads.take_up(turn.id, place)

    def _changed(self, state: RespondState, runtime: Runtime[Context]) -> Turn:
        """Return the turn that takes the place of one whose message was changed in mid-run."""
        old, text, images = state["turn"], state.get("text"), state.get("images")
        same_user(runtime, old.user_id)
        if not old.seq:
            said, shown = old.text if text is None else text, old.images if images is None else images
            return unrecorded(old.user_id, said, shown, old.time)
        return self._memory.threads.change(old.id, text, images)


def typed(state: RespondState) -> RespondState:
    """Return the state with values of our types, also where a part was written over HTTP, as JSON."""
    turn = state.get("turn")
    return state if turn is None or isinstance(turn, Turn) else _adapter().validate_python(state)


@cache
def _adapter() -> TypeAdapter[RespondState]:
    return TypeAdapter(RespondState)


def is_edited(state: RespondState) -> bool:
    """Say whether the message was changed from outside: what an input gives is not seen after the first node."""
    return state.get("text") is not None or state.get("images") is not None


def new_words(state: RespondState) -> dict[str, Any]:
    """Return what was changed from outside, for the next node to see it, too."""
    return {name: value for name in ("text", "images") if (value := state.get(name)) is not None}


def mark_edit(state: RespondState) -> dict[str, Any]:
    """Have the turn begin again with the words that were changed (a node)."""
    return {"edits": state["turn"].id, **new_words(state)}


def in_a_sentence(error: Exception) -> PersonaError:
    """Say in one sentence why there is no reply."""
    if isinstance(error, PersonaError):
        return error
    return PersonaError(
        f"The reply failed inside the program ({type(error).__name__}: {error}). The message is kept; send it again."
    )


def unrecorded(user_id: str, text: str, images: Sequence[str], said: datetime | None, topic: str | None = None) -> Turn:
    """Make a turn off the record: it has no place in the user's sequence, and may be at any time.

    Args:
        user_id: Who says it.
        text: The message.
        images: Ids of its pictures.
        said: When; None: now.
        topic: The sensitive thing that it tells of, where its person keeps nothing of that kind.

    Raises:
        InvalidInput: Text or user cannot be taken.
    """
    user_id = check_user(user_id)
    check_text(text, len(images))
    turn_id = f"off_{uuid.uuid4().hex[:20]}"
    stamp = said or clock.now()
    return Turn(
        id=turn_id, user_id=user_id, seq=0, session=0, time=stamp, text=text, images=tuple(images), sensitive=topic
    )  # fmt: skip


def _given(state: RespondState) -> Turn | str | None:
    """Return the turn that the caller gave; None where there are words, or nothing at all.

    What an earlier turn of the thread left in `turn` and `turn_id` was not given.
    """
    current, turn, turn_id = state.get("current"), state.get("turn"), state.get("turn_id")
    if turn is not None and turn.id != current:
        return turn
    if turn_id and turn_id != current:
        return turn_id
    # The same one once more: nothing else was given.
    return None if is_edited(state) else turn or turn_id


def _before(state: RespondState) -> str:
    return state.get("current", "")
