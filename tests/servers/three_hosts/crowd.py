"""Many people at once: some threads, each of which says the next message of anybody who is not being answered."""

from __future__ import annotations

import random
import threading
from collections.abc import Sequence

from tests.servers.three_hosts.people import Client, Person


class Crowd:
    """Talks for all people.

    Args:
        client: Says a message.
        people: The people.
        at_once: How many messages are in progress at once.
        seed: Decides the order.
    """

    def __init__(self, client: Client, people: Sequence[Person], at_once: int, seed: int) -> None:
        self.errors: list[BaseException] = []
        self._client = client
        self._people = people
        self._random = random.Random(seed)
        self._at_once = at_once
        self._changed = threading.Condition()
        self._busy: set[int] = set()
        self._upto = 0
        self._threads: list[threading.Thread] = []

    @property
    def talks(self) -> int:
        """How many people wait for an answer now."""
        return len(self._busy)

    def begin(self, upto: int) -> None:
        """Let everybody say messages until each has said this many."""
        self._upto = upto
        self._threads = [threading.Thread(target=self._talk, daemon=True) for _ in range(self._at_once)]
        for thread in self._threads:
            thread.start()

    def finish(self) -> None:
        """Wait until everybody has said so many messages, and has an answer to each."""
        for thread in self._threads:
            thread.join()
        if self.errors:
            raise self.errors[0]

    def stop(self) -> None:
        """Wait for the messages in progress, and say no more."""
        self._upto = 0
        self.finish()

    def _talk(self) -> None:
        try:
            while (person := self._next()) is not None:
                try:
                    self._client.say(person)
                finally:
                    with self._changed:
                        self._busy.discard(person.number)
                        self._changed.notify_all()
        except BaseException as error:
            self.errors.append(error)

    def _next(self) -> Person | None:
        with self._changed:
            while not self.errors:
                waiting = [one for one in self._people if len(one.history) < self._upto]
                free = [one for one in waiting if one.number not in self._busy]
                if free:
                    chosen = self._random.choice(free)
                    self._busy.add(chosen.number)
                    return chosen
                if not waiting:
                    return None
                self._changed.wait()
            return None
