"""Downloads the missing chat model in the background while the page is already open."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from dataclasses import dataclass

from app.models.transfer import Progress, bars
from memory.core.errors import ModelMissing

_POLL_S = 0.2
"""Seconds between two checks whether a waiting caller still needs the model."""
_STOP_S = 3.0
"""Seconds for a download to stop at the end of the program."""


@dataclass(frozen=True)
class Fetched:
    """The progress of the download of a model.

    Attributes:
        name: The model.
        done: Bytes downloaded.
        total: Size in bytes.
    """

    name: str
    done: int
    total: int


class Fetching:
    """Downloads what `make chat` needs in a thread, with a bar on the terminal; pages read the progress.

    Attributes:
        now: The progress of the current download, or None.
    """

    def __init__(self) -> None:
        self.now: Fetched | None = None
        self._bars: Progress | None = None
        self._lock = threading.Lock()
        self._brought: Future[None] | None = None
        self._stopped = False

    def begin(self) -> Future[None]:
        """Start downloading what is missing, once; again after a failure."""
        with self._lock:
            if self._brought is None or (self._brought.done() and self._brought.exception() is not None):
                self._brought = Future()
                threading.Thread(target=self._bring, args=(self._brought,), name="persona-fetch", daemon=True).start()
            return self._brought

    def bring(self, unwanted: Callable[[], bool] = lambda: False) -> None:
        """Wait until everything that is missing is downloaded; all callers share one download.

        Args:
            unwanted: Returns whether the caller no longer needs it.

        Raises:
            PersonaError: As `first_models.pull_first`; also if `unwanted` returned true.
        """
        brought = self.begin()
        while not brought.done() and not unwanted():
            wait([brought], _POLL_S)
        if not brought.done():
            raise ModelMissing("The program ended before the model was downloaded. The next start continues the download.")
        brought.result()

    def stop(self) -> None:
        """Stop a running download; the next one continues it."""
        self._stopped = True
        if self._brought is not None:
            wait([self._brought], _STOP_S)

    def _bring(self, brought: Future[None]) -> None:
        from app.models.first_models import pull_first

        try:
            with bars() as self._bars:
                # The person has answered all questions on the terminal before the page was opened.
                pull_first(self, detect=list)
        except Exception as error:  # noqa: BLE001 - it is raised to the waiting callers
            self.now = None
            brought.set_exception(error)
        else:
            self.now = None
            brought.set_result(None)

    def moved(self, name: str, done: int, total: int) -> None:
        """Store the progress for the pages, and show it on the terminal.

        Raises:
            ModelMissing: The program is ending, which stops the download and the process that it may have started.
        """
        if self._stopped:
            raise ModelMissing("The program ended before the model was downloaded. The next start continues the download.")
        self.now = Fetched(name, done, total)
        if self._bars is not None:
            self._bars.moved(name, done, total)

    def note(self, sentence: str) -> None:
        """Show a note on the terminal."""
        if self._bars is not None:
            self._bars.note(sentence)
