"""The background worker: does each user's pending work in order, postpones it after a failure, and stops cleanly."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import TYPE_CHECKING

from memory.core import clock
from memory.core.errors import LeaseLost, PersonaError
from memory.core.priority import behind
from memory.core.records import WorkItem
from memory.memory import Memory
from memory.storage import fences

if TYPE_CHECKING:
    from memory.storage.fences import Lease

_log = logging.getLogger(__name__)
_POLL_S = 5.0
_SHARED_POLL_S = 3.0
"""The same where other processes share the journal, and leave work that nobody here is told of."""
_PURPOSE = "work"
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
        # The users whose work is being done, each with the lease where other processes share the journal.
        self._busy: dict[str, Lease | None] = {}
        self._poll_s = _POLL_S if memory.leases is None else _SHARED_POLL_S
        self._handed_out = 0
        self._asked: dict[str, None] = {}
        self._all = True
        self._claiming = False
        self._closing = False
        self._left = False
        self._places = at_once
        loops = {"work": self._hand_out, "upkeep": self._keep_up}
        if memory.leases is not None:
            loops["watch"] = self._watch
        self._threads = [threading.Thread(target=loop, name=f"persona-{name}", daemon=True) for name, loop in loops.items()]

    def start(self) -> None:
        """Start the threads."""
        for thread in self._threads:
            thread.start()

    def notify(self, user_id: str | None = None) -> None:
        """Signal that there may be new work, of one user or of any."""
        if user_id is not None:
            self._memory.follow(user_id)
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
        self._memory.journal.end_stale_sessions(clock.instant())
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
            except LeaseLost:
                # It is another process's to do now.
                continue
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
                notified = self._changed.wait_for(lambda: self._closing or self._may_claim, self._poll_s)
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
                self._memory.journal.end_stale_sessions(clock.instant())
                self._memory.purge_due()
                self._memory.catch_up()
                self.notify()
                self._import_on()
            except Exception as error:  # noqa: BLE001 - as in `_safely`
                self._say(error)
            with self._changed:
                self._changed.wait_for(lambda: self._closing, _UPKEEP_INTERVAL_S)

    def _watch(self) -> None:
        """Notice what other processes left unanswered when they died: their people wait for it."""
        while not self._closing:
            with suppress(PersonaError):
                if self._memory.fail_interrupted():
                    self.notify()
            with self._changed:
                self._changed.wait_for(lambda: self._closing, _SHARED_POLL_S)

    def _import_on(self) -> None:
        """Write the imports that were interrupted, and embed what was imported, until nothing is left or the program ends."""
        with behind():
            self._memory.imports.resume()
            for user_id in self._memory.imports.users():
                while not self._closing and self._memory.imports.deepen(user_id):
                    pass

    def _say(self, error: Exception) -> None:
        if isinstance(error, LeaseLost):
            _log.info("a step of background work was left to another process")
        elif isinstance(error, PersonaError):
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
        """Return whether another thread, or another process, is still doing work that `drain` must wait for."""
        with self._changed:
            busy = set(self._busy) if user_id is None else set(self._busy) & {user_id}
            if busy - set(failed):
                return True
        # Of what is left, another process does the first step of somebody, or it may be done here at the next try.
        return self._memory.leases is not None and self._next(user_id, set(failed), due_only=False) is not None

    def _claim(self, user_id: str | None, *, due_only: bool, leave_out: Collection[str] = ()) -> WorkItem | None:
        # Work of another process is left to it until its lease ends or is returned.
        elsewhere: set[str] = set()
        while True:
            with self._changed:
                if user_id is not None and user_id in self._busy:
                    return None
                item = self._next(user_id, {*self._busy, *leave_out, *elsewhere}, due_only=due_only)
                if item is None:
                    return None
                self._busy[item.user_id] = None
            # Without the lock, which replies need: another host may keep the person's rows locked for a while.
            if self._memory.leases is None or self._takes_lease(item):
                return item
            elsewhere.add(item.user_id)

    def _takes_lease(self, item: WorkItem) -> bool:
        """Take the lease for a piece of work that is noted as busy; if another process has it, or had it, note it as free."""
        lease = is_next = None
        try:
            lease = self._memory.leases.take(item.user_id, _PURPOSE) if self._memory.leases else None
            # Another process may have done the step between the search and the lease.
            is_next = lease is not None and self._memory.work.next_of(item.user_id, due_only=False) == item
        finally:
            if not is_next:
                self._give_back(lease)
            with self._changed:
                if is_next:
                    self._busy[item.user_id] = lease
                else:
                    del self._busy[item.user_id]
        return bool(is_next)

    def _next(self, user_id: str | None, busy: Collection[str], *, due_only: bool) -> WorkItem | None:
        if user_id is None:
            return self._memory.work.next(busy=busy, due_only=due_only)
        return None if user_id in busy else self._memory.work.next_of(user_id, due_only=due_only)

    def _give_back(self, lease: Lease | None) -> None:
        if self._memory.leases is not None and lease is not None:
            self._memory.leases.give_back(lease)

    def _work(self, item: WorkItem) -> None:
        lease = self._busy[item.user_id]
        try:
            with fences.under(lease):
                self._do_or_postpone(item)
        except LeaseLost:
            self._memory.counts.lost_lease()
            raise
        finally:
            self._give_back(lease)
            with self._changed:
                del self._busy[item.user_id]
            self.notify(item.user_id)

    def _do_or_postpone(self, item: WorkItem) -> None:
        try:
            with behind():
                self._do(item)
        except LeaseLost:
            # Nothing was committed, and the process that took over does the step: it is no failed try.
            raise
        except Exception as error:
            self._memory.work.retry_later(item, type(error).__name__)
            raise
