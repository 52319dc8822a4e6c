"""Fetching the chat model while the page is open already: what a first chat lacks is brought when it is first needed."""

from __future__ import annotations

from dataclasses import dataclass

from app.transfer import Progress, bars


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
    """Brings what `make chat` needs, with a bar on the terminal; pages ask how far it is.

    Attributes:
        now: What is being fetched at this moment, or None.
    """

    def __init__(self) -> None:
        self.now: Fetched | None = None
        self._told: Progress | None = None

    def bring(self) -> None:
        """Fetch what is missing, and return when it is here.

        Raises:
            PersonaError: As `first_models.pull_first`.
        """
        from app.first_models import pull_first

        try:
            with bars() as self._told:
                # What a person was asked on the terminal, they have answered before the page was opened.
                pull_first(self, look=list)
        finally:
            self.now = None

    def moved(self, name: str, done: int, total: int) -> None:
        """Keep it for the pages, and tell the terminal."""
        self.now = Fetched(name, done, total)
        if self._told is not None:
            self._told.moved(name, done, total)

    def note(self, sentence: str) -> None:
        """Tell the terminal."""
        if self._told is not None:
            self._told.note(sentence)
