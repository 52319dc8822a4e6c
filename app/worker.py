"""The background worker: pending work in each user's order, put off when it fails, finished step by step at the end."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection
from datetime import UTC, datetime

from memory.core.errors import PersonaError
from memory.core.priority import behind
from memory.core.records import WorkItem
from memory.memory import Memory

_log = logging.getLogger(__name__)
_POLL_S = 5.0
_LAST_STEP_S = 15.0
"""Seconds for the running steps once the program is ending."""
_QUICK_S = 3.0
"""Seconds for the steps that wait, once the program is ending: a quick model does all of them."""
_LOOK_AFTER_SESSIONS_S = 30.0

_TROUBLE = {
    "model_unavailable": "the model does not answer",
    "model_missing": "there is no chat model",
    "storage": "the data folder or the database cannot be used",
}


class Worker:
    """Works off the journal's pending work.

    Args:
        memory: Where the work is written down.
        do: Does one piece of work, to its end or with an error; redoing it must change nothing.
        at_once: Pieces of work at the same time, of different users.
    """

    def __init__(self, memory: Memory, do: Callable[[WorkItem], None], at_once: int = 1) -> None:
        self._memory = memory
        self._do = do
        self._changed = threading.Condition()
        self._busy: set[str] = set()
        self._handed_out = 0
        self._asked: dict[str, None] = {}
        self._all = True
        self._looking = False
        self._closing = False
        self._left = False
        self._places = at_once
        self._threads = [
            threading.Thread(target=loop, name=f"persona-{name}", daemon=True)
            for name, loop in (("work", self._hand_out), ("upkeep", self._keep_up))
        ]

    def start(self) -> None:
        """Start the threads."""
        for thread in self._threads:
            thread.start()

    def notify(self, user_id: str | None = None) -> None:
        """Say that there may be new work, of one user or of any."""
        with self._changed:
            if user_id is None:
                self._all = True
            else:
                self._asked[user_id] = None
            self._changed.notify_all()

    def drain(self, user_id: str | None = None, on_done: Callable[[WorkItem], None] | None = None) -> int:
        """Work off everything that waits, of one user or of all, in this thread; returns how many pieces it did.

        Args:
            user_id: Whose work; None: everyone's.
            on_done: Called after each piece.

        Raises:
            PersonaError: A piece failed; it and that user's later ones stay pending. Other users' are done first.
        """
        self._memory.journal.end_stale_sessions(datetime.now(UTC))
        self._memory.catch_up()
        done = 0
        failed: dict[str, PersonaError] = {}
        while not self._closing:
            item = self._claim(user_id, due_only=False, leave_out=failed)
            if item is None:
                if not self._others_work(user_id, failed):
                    break
                with self._changed:
                    self._changed.wait(0.2)
                continue
            try:
                self._work(item)
            except PersonaError as error:
                failed[item.user_id] = error
                continue
            done += 1
            if on_done is not None:
                on_done(item)
        if failed:
            raise next(iter(failed.values()))
        return done

    def settle(self) -> None:
        """Let the steps that may start now be done where that is quick; nothing where the threads do not run."""
        if self._threads[0].is_alive():
            with self._changed:
                self._changed.wait_for(lambda: self._idle, _QUICK_S)

    def close(self) -> None:
        """Finish the running steps and stop; the rest stays pending, and so does a step whose model says nothing for long."""
        self._closing = True
        self.notify()
        until = time.monotonic() + _LAST_STEP_S
        for thread in self._threads:
            if thread.is_alive():
                thread.join(max(0.0, until - time.monotonic()))
        with self._changed:
            self._changed.wait_for(lambda: not self._handed_out, max(0.0, until - time.monotonic()))
        self._left = True

    def _hand_out(self) -> None:
        """Start a thread for each piece of work that may start: one looks for work, however many do it.

        Of a user it looks for theirs alone: looking through everybody's, with a hundred at it, took half of the processor.
        """
        while not self._closing:
            with self._changed:
                told = self._changed.wait_for(lambda: self._closing or self._may_look, _POLL_S)
                if not told:
                    # What waited for its next try may be due.
                    self._all = True
                if not self._may_look:
                    continue
                user_id = next(iter(self._asked), None)
                if user_id is None:
                    self._all = False
                else:
                    del self._asked[user_id]
                self._looking = True
            item = None
            try:
                item = self._claim(user_id, due_only=True)
            except Exception as error:  # noqa: BLE001 - as in `_safely`
                self._say(error)
            with self._changed:
                self._looking = False
                if item is not None:
                    self._all = self._all or user_id is None
                    self._handed_out += 1
                self._changed.notify_all()
            if item is not None:
                threading.Thread(target=self._safely, args=(item,), name="persona-step", daemon=True).start()

    @property
    def _may_look(self) -> bool:
        return not self._closing and self._handed_out < self._places and (self._all or bool(self._asked))

    @property
    def _idle(self) -> bool:
        """Say whether nothing is being done, and nothing is known that could be."""
        return not (self._handed_out or self._looking or self._all or self._asked)

    def _safely(self, item: WorkItem) -> None:
        try:
            self._work(item)
        except Exception as error:  # noqa: BLE001 - a bug in one piece of work must not end everybody's
            self._say(error)
        finally:
            with self._changed:
                self._handed_out -= 1
                self._changed.notify_all()

    def _keep_up(self) -> None:
        """Look now and then after what no message asks for."""
        while not self._closing:
            try:
                self._memory.journal.end_stale_sessions(datetime.now(UTC))
                if self._memory.leases is not None:
                    # Another process may have died in the middle of a reply.
                    self._memory.fail_interrupted()
                self._memory.purge_due()
                self._memory.catch_up()
                self.notify()
            except Exception as error:  # noqa: BLE001 - as in `_safely`
                self._say(error)
            with self._changed:
                self._changed.wait_for(lambda: self._closing, _LOOK_AFTER_SESSIONS_S)

    def _say(self, error: Exception) -> None:
        if isinstance(error, PersonaError):
            if not self._closing:
                # No text of a user: only what kind of trouble it was. What is left at the end, the service says.
                _log.warning("Remembering waits for its next try: %s.", _TROUBLE.get(error.code, "it could not be done"))
        elif not self._left and not (isinstance(error, RuntimeError) and "interpreter shutdown" in str(error)):
            # Nobody closed the service: a step that begins while Python ends gets no thread, and is done at the next start.
            # So is one that went on when the service was closed already.
            _log.error("background work failed (%s)", type(error).__name__)

    def _others_work(self, user_id: str | None, failed: Collection[str]) -> bool:
        """Say whether a background thread is still at work that `drain` has to wait for."""
        with self._changed:
            busy = self._busy if user_id is None else self._busy & {user_id}
            return bool(busy - set(failed))

    def _claim(self, user_id: str | None, *, due_only: bool, leave_out: Collection[str] = ()) -> WorkItem | None:
        with self._changed:
            if user_id is not None and user_id in self._busy:
                return None
            # What another process does is left to it: until its lease ends, or it is given back.
            elsewhere: set[str] = set()
            while True:
                busy = self._busy | set(leave_out) | elsewhere
                item = self._next(user_id, busy, due_only=due_only)
                if item is None:
                    return None
                if self._memory.leases is None or self._memory.leases.take(item.user_id):
                    break
                elsewhere.add(item.user_id)
            if self._memory.leases is not None:
                # Between looking and taking, another process may have done it.
                again = self._next(item.user_id, self._busy, due_only=due_only)
                if again is None or again.id != item.id:
                    self._give_back(item.user_id)
                    return None
            self._busy.add(item.user_id)
            return item

    def _next(self, user_id: str | None, busy: Collection[str], *, due_only: bool) -> WorkItem | None:
        if user_id is None:
            return self._memory.work.next(busy=busy, due_only=due_only)
        return None if user_id in busy else self._memory.work.next_of(user_id, due_only=due_only)

    def _give_back(self, user_id: str) -> None:
        if self._memory.leases is not None:
            self._memory.leases.give_back(user_id)

    def _work(self, item: WorkItem) -> None:
        try:
            with behind():
                self._do(item)
        except Exception as error:
            self._memory.work.retry_later(item, type(error).__name__)
            raise
        finally:
            self._give_back(item.user_id)
            with self._changed:
                self._busy.discard(item.user_id)
            self.notify(item.user_id)
