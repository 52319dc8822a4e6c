"""Fetching the chat model while the page is open already: what a first chat lacks is brought when it is first needed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from dataclasses import dataclass

from app.models.transfer import Progress, bars
from memory.core.errors import ModelMissing

_LOOK_S = 0.2
"""How often one who waits looks whether that is still wanted."""
_STOP_S = 3.0
"""Seconds for a fetch to break off once the program is ending."""


@dataclass(frozen=True)
class Fetched:
    """How far a model is on its way.

    Attributes:
        name: The model.
        done: Bytes that are here.
        total: Bytes that it has.
    """

    name: str
    done: int
    total: int


class Fetching:
    """Brings what `make chat` needs, in a thread, with a bar on the terminal; pages ask how far it is.

    Attributes:
        now: What is being fetched at this moment, or None.
    """

    def __init__(self) -> None:
        self.now: Fetched | None = None
        self._told: Progress | None = None
        self._lock = threading.Lock()
        self._brought: Future[None] | None = None
        self._stopped = False

    def begin(self) -> Future[None]:
        """Begin to fetch what is missing, once; again after a failure."""
        with self._lock:
            if self._brought is None or (self._brought.done() and self._brought.exception() is not None):
                self._brought = Future()
                threading.Thread(target=self._bring, args=(self._brought,), name="persona-fetch", daemon=True).start()
            return self._brought

    def bring(self, unwanted: Callable[[], bool] = lambda: False) -> None:
        """Return when what is missing is here; it is fetched once, whoever asks.

        Args:
            unwanted: Says whether the caller waits no longer.

        Raises:
            PersonaError: As `first_models.pull_first`, or `unwanted` said so.
        """
        brought = self.begin()
        while not brought.done() and not unwanted():
            wait([brought], _LOOK_S)
        if not brought.done():
            raise ModelMissing("It was ended before the model was here. What is fetched is kept.")
        brought.result()

    def stop(self) -> None:
        """Break off a fetch that runs; the next one goes on from there."""
        self._stopped = True
        if self._brought is not None:
            wait([self._brought], _STOP_S)

    def _bring(self, brought: Future[None]) -> None:
        from app.models.first_models import pull_first

        try:
            with bars() as self._told:
                # What a person was asked on the terminal, they have answered before the page was opened.
                pull_first(self, look=list)
        except Exception as error:  # noqa: BLE001 - it is raised to those who wait
            self.now = None
            brought.set_exception(error)
        else:
            self.now = None
            brought.set_result(None)

    def moved(self, name: str, done: int, total: int) -> None:
        """Keep it for the pages, and tell the terminal.

        Raises:
            ModelMissing: The program is ending: the pull, and the process that it may have started, break off.
        """
        if self._stopped:
            raise ModelMissing("It was ended before the model was here. What is fetched is kept.")
        self.now = Fetched(name, done, total)
        if self._told is not None:
            self._told.moved(name, done, total)

    def note(self, sentence: str) -> None:
        """Tell the terminal."""
        if self._told is not None:
            self._told.note(sentence)
