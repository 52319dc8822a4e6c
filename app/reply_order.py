"""Holds a reply back until it is its turn, where several processes answer one person: replies come in the order of messages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from app.events import AnswerDelta, Deliver, Event
from app.user_queue import Job
from memory.core.errors import LeaseLost, PersonaError
from memory.core.records import Turn, TurnState
from memory.storage import fences

if TYPE_CHECKING:
    from memory.memory import Memory
    from memory.storage.fences import Lease

_PURPOSE = "reply"


class Place:
    """The place of one reply among the replies to a person, of all processes. On one machine it is that in the user queue.

    Args:
        memory: The memory.
        turn: The message.
        gives_up: Says whether nobody waits for the reply any more, because the program ends.
    """

    def __init__(self, memory: Memory, turn: Turn, gives_up: Callable[[], bool]) -> None:
        self._memory = memory
        # A message off the record leaves nothing that another reply could depend on.
        self._leases = memory.leases if turn.seq else None
        self._turn = turn
        self._gives_up = gives_up
        self._lease: Lease | None = None
        self._error: PersonaError | None = None
        self._waits = False
        self._state: TurnState | None = turn.state
        self._shows = False

    def job(self, run: Callable[[], None]) -> Job:
        """Return what the user queue does for this reply."""
        return Job(run) if self._leases is None else Job(run, self._turn.seq, self.may_start)

    def may_start(self) -> bool:
        """Return whether the reply may be written now; it then holds the person's lease."""
        if self._gives_up():
            return True
        try:
            # A second try asks first, because the lease is needed by the one that comes before.
            self._waits = (self._waits and self._comes_later()) or not self._takes_lease()
            if not self._waits and self._comes_later():
                self._give_back()
                self._waits = True
        except PersonaError as error:
            self._error = error
            return True
        return not self._waits

    @property
    def answered(self) -> Turn | None:
        """The turn if another process has answered it meanwhile: a client may have sent the same message to two hosts."""
        return self._memory.journal.turn(self._turn.id) if self._state is TurnState.ANSWERED else None

    def reply(self, deliver: Deliver, write: Callable[[Turn], Turn]) -> Turn:
        """Return the message with its reply: the one that `write` writes or, if another process wrote one, that.

        If another process kept a part of a reply, because its client left, the message is answered again: our client waits
        for a whole reply. `write` is then given the turn in its place.
        """
        if (done := self.answered) is not None:
            deliver(AnswerDelta(done.reply))
            return done
        stopped = self._state is TurnState.STOPPED
        try:
            return write(self._memory.threads.repeat(self._turn.id) if stopped else self._turn)
        except LeaseLost:
            # Another host took over, and may have answered since. What was shown of a reply cannot be taken back.
            self._state = self._memory.journal.before_reply(self._turn).state
            if self._shows or (done := self.answered) is None:
                raise
            self._memory.counts.lost_lease()
            deliver(AnswerDelta(done.reply))
            return done

    def noting(self, deliver: Deliver) -> Deliver:
        """Return what passes events on, and notes whether something of the reply is shown."""

        def _deliver(event: Event | Exception) -> None:
            self._shows = self._shows or isinstance(event, AnswerDelta)
            deliver(event)

        return _deliver

    @contextmanager
    def held(self) -> Iterator[None]:
        """Do the block under the lease, and give it back.

        Raises:
            PersonaError: The journal could not say whose turn it is.
        """
        try:
            if self._error is not None:
                raise self._error
            with fences.under(self._lease):
                yield
        except LeaseLost:
            self._memory.counts.lost_lease()
            raise
        finally:
            self._give_back()

    def _comes_later(self) -> bool:
        """Return whether an earlier message of the person is still being answered."""
        before = self._memory.journal.before_reply(self._turn)
        if before.abandoned:
            self._memory.fail_interrupted(self._turn.user_id)
        self._state = before.state
        return before.waits

    def _takes_lease(self) -> bool:
        if self._leases is not None:
            self._lease = self._leases.take(self._turn.user_id, _PURPOSE)
        return self._lease is not None

    def _give_back(self) -> None:
        if self._leases is not None and self._lease is not None:
            self._leases.give_back(self._lease)
            self._lease = None
