"""Ends a program in good time after SIGTERM: it says that it is not ready, waits a little for replies, and then leaves."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import NoReturn

_REPLIES_S = 4.0
"""Seconds that replies in progress get."""
_LIMIT_S = 9.0
"""Seconds after which the process ends as at a kill: what was acknowledged is in the journal, and the rest is done again."""
_NOTICE_S = 1.0
"""Seconds for which a load balancer can see that this host is not ready, before it takes no more connections."""
_OVERDUE = 143
"""The exit code of a process that could not end in time: 128 and the number of SIGTERM, as after a kill."""
SENTENCE = "The server is stopping."


class Stopping:
    """What SIGTERM begins.

    Args:
        announced: Whether a load balancer should see that the host is not ready before it stops.
        clock: Seconds that only grow.
        leave: Ends the process at once.
    """

    def __init__(
        self,
        *,
        announced: bool = False,
        clock: Callable[[], float] = time.monotonic,
        leave: Callable[[int], NoReturn] = os._exit,
    ) -> None:
        self._notice_s = _NOTICE_S if announced else 0.0
        self._clock = clock
        self._leave = leave
        self._began: float | None = None

    @property
    def begun(self) -> bool:
        """Return whether the program is stopping: it is not ready for more."""
        return self._began is not None

    def begin(self) -> None:
        """Begin to stop, and see to it that the process ends in time, whatever a model or a database does."""
        if self._began is not None:
            return
        self._began = self._clock()
        overdue = threading.Timer(_LIMIT_S, self._overdue)
        overdue.name = "persona-stopping"
        overdue.daemon = True
        overdue.start()

    def may_end(self, *, writes: bool) -> bool:
        """Return whether the server may close now: no reply is in progress, or those that are had their time."""
        if self._began is None:
            return False
        passed = self._clock() - self._began
        return passed >= (_REPLIES_S if writes else self._notice_s)

    def _overdue(self) -> None:
        sys.stderr.flush()
        self._leave(_OVERDUE)


def interrupt_on_sigterm(stopping: Stopping) -> None:
    """Let SIGTERM begin the end of this process and then act as Ctrl-C, for a server that has handlers of its own.

    A thread waits for the signal, so that the end comes in time even if the main thread hangs. Call it in the main thread
    before others start, those of libraries too: they inherit that the signal is not theirs.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})

    def wait() -> None:
        while True:
            signal.sigwait({signal.SIGTERM})
            stopping.begin()
            os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=wait, name="persona-sigterm", daemon=True).start()
