"""The background worker: does each user's pending work in order, postpones it after a failure, and stops cleanly."""

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
"""Seconds for the running steps at the end of the program."""
_SETTLE_S = 3.0
"""Seconds for the pending steps at the end of the program, which is enough for all steps with a fast model."""
_UPKEEP_INTERVAL_S = 30.0

_TROUBLE = {
    "model_unavailable": "the model does not answer",
    "model_missing": "there is no chat model",
    "storage": "the data folder or the database cannot be used",
}


class Worker:
    """Does the pending work of the journal.

    Args:
        memory: The memory with the work queue.
        do: Does one step, or raises an error; repeating a step must change nothing.
        at_once: The number of steps at the same time, each of another user.
    """

    def __init__(self, memory: Memory, do: Callable[[WorkItem], None], at_once: int = 1) -> None:
        self._memory = memory
        self._do = do
        self._changed = threading.Condition()
        self._busy: set[str] = set()
        self._handed_out = 0
        self._asked: dict[str, None] = {}
        self._all = True
        self._claiming = False
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
        """Signal that there may be new work, of one user or of any."""
        with self._changed:
            if user_id is None:
                self._all = True
            else:
                self._asked[user_id] = None
            self._changed.notify_all()

    def drain(self, user_id: str | None = None, on_done: Callable[[WorkItem], None] | None = None) -> int:
        """Do all pending work of one user or of all, in this thread; return the number of steps.

        Args:
            user_id: The user; None: all users.
            on_done: Called after each step.

        Raises:
            PersonaError: A step failed; it and the later steps of that user stay pending. Other users' steps are done first.
        """
        self._memory.journal.end_stale_sessions(datetime.now(UTC))
        self._memory.catch_up()
        self._memory.imports.resume()
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
        """Wait a short time for the steps that can start now; return at once if the threads do not run."""
        if self._threads[0].is_alive():
            with self._changed:
                self._changed.wait_for(lambda: self._idle, _SETTLE_S)

    def close(self) -> None:
        """Finish the running steps and stop; the rest stays pending, and so does a step whose model stays silent too long."""
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
        """Start a thread for each step that can start; only this thread searches for work.

        After a user's notification it only checks that user: checking everyone, with a hundred active users, took half of the
        processor time.
        """
        while not self._closing:
            with self._changed:
                notified = self._changed.wait_for(lambda: self._closing or self._may_claim, _POLL_S)
                if not notified:
                    # A retry may be due.
                    self._all = True
                if not self._may_claim:
                    continue
                user_id = next(iter(self._asked), None)
                if user_id is None:
                    self._all = False
                else:
                    del self._asked[user_id]
                self._claiming = True
            item = None
            try:
                item = self._claim(user_id, due_only=True)
            except Exception as error:  # noqa: BLE001 - as in `_safely`
                self._say(error)
            with self._changed:
                self._claiming = False
                if item is not None:
                    self._all = self._all or user_id is None
                    self._handed_out += 1
                self._changed.notify_all()
            if item is not None:
                threading.Thread(target=self._safely, args=(item,), name="persona-step", daemon=True).start()

    @property
    def _may_claim(self) -> bool:
        return not self._closing and self._handed_out < self._places and (self._all or bool(self._asked))

    @property
    def _idle(self) -> bool:
        """Return whether no step is running and no work is known."""
        return not (self._handed_out or self._claiming or self._all or self._asked)

    def _safely(self, item: WorkItem) -> None:
        try:
            self._work(item)
        except Exception as error:  # noqa: BLE001 - a bug in one step must not stop all work
            self._say(error)
        finally:
            with self._changed:
                self._handed_out -= 1
                self._changed.notify_all()

    def _keep_up(self) -> None:
        """Do periodic upkeep: end stale sessions, purge what is due, and update the indexes."""
        while not self._closing:
            try:
                self._memory.journal.end_stale_sessions(datetime.now(UTC))
                if self._memory.leases is not None:
                    # Another process may have died in the middle of a reply.
                    self._memory.fail_interrupted()
                self._memory.purge_due()
                self._memory.catch_up()
                self.notify()
                self._import_on()
            except Exception as error:  # noqa: BLE001 - as in `_safely`
                self._say(error)
            with self._changed:
                self._changed.wait_for(lambda: self._closing, _UPKEEP_INTERVAL_S)

    def _import_on(self) -> None:
        """Write the imports that were interrupted, and embed what was imported, until nothing is left or the program ends."""
        with behind():
            self._memory.imports.resume()
            for user_id in self._memory.imports.users():
                while not self._closing and self._memory.imports.deepen(user_id):
                    pass

    def _say(self, error: Exception) -> None:
        if isinstance(error, PersonaError):
            if not self._closing:
                # Only the type of the error, no text of a user. The service reports what is left at the end.
                _log.warning(
                    "Not saved to memory yet: %s. It is tried again later.", _TROUBLE.get(error.code, "it could not be done")
                )
        elif not self._left and not (isinstance(error, RuntimeError) and "interpreter shutdown" in str(error)):
            # If the service is not closed, a step that begins while Python shuts down gets no thread and is done at the next
            # start. The same holds for a step that continued after the service was closed.
            _log.error("background work failed (%s)", type(error).__name__)

    def _others_work(self, user_id: str | None, failed: Collection[str]) -> bool:
        """Return whether a background thread is still doing work that `drain` must wait for."""
        with self._changed:
            busy = self._busy if user_id is None else self._busy & {user_id}
            return bool(busy - set(failed))

    def _claim(self, user_id: str | None, *, due_only: bool, leave_out: Collection[str] = ()) -> WorkItem | None:
        with self._changed:
            if user_id is not None and user_id in self._busy:
                return None
            # Work of another process is left to it until its lease ends or is returned.
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
                # Another process may have done the step between the search and the lease.
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
