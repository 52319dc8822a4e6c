"""Many rollouts, one model: their calls are answered together, in waves."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

Ids = list[int]
Write = Callable[[Mapping[int, Ids]], Mapping[int, Ids]]
"""Takes the tokens of each rollout so far, by its number; returns the model's next tokens. Empty: nothing to do here."""


class Waves:
    """Runs the graph of each rollout in a thread of its own, and generates for all of them at once.

    A wave starts when every running rollout waits for the model.

    Args:
        write: Generates; runs in the thread that calls `run`.
        rollouts: Number of rollouts.
        anyone: Takes whether this process still has rollouts; returns whether any process has. Processes that share one
            model must generate together.
    """

    def __init__(self, write: Write, rollouts: int, anyone: Callable[[bool], bool] = lambda here: here) -> None:
        self._write = write
        self._going = rollouts
        self._anyone = anyone
        self._changed = threading.Condition()
        self._waiting: dict[int, Ids] = {}
        self._written: dict[int, Ids] = {}
        self._broken = False

    def ask(self, number: int, ids: Ids) -> Ids:
        """Wait for the model's next tokens (from a rollout's thread)."""
        with self._changed:
            self._waiting[number] = ids
            self._changed.notify_all()
            self._changed.wait_for(lambda: number in self._written or self._broken)
            if self._broken:
                raise RuntimeError("The model could not generate; its own error says why.")
            return self._written.pop(number)

    def leave(self) -> None:
        """Record that a rollout has ended (from its thread)."""
        with self._changed:
            self._going -= 1
            self._changed.notify_all()

    def run(self) -> None:
        """Answer waves until no rollout is left."""
        try:
            while True:
                with self._changed:
                    self._changed.wait_for(lambda: len(self._waiting) == self._going)
                    wave, self._waiting = self._waiting, {}
                if not self._anyone(bool(wave)):
                    return
                written = self._write(wave)
                with self._changed:
                    self._written.update(written)
                    self._changed.notify_all()
        except BaseException:
            with self._changed:
                self._broken = True
                self._changed.notify_all()
            raise
