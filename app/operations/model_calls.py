"""Watches calls of the chat model: a span for each, counts of errors by kind, and how long a reply waited for the model."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, TypeVar

from memory.core import spans
from memory.core.errors import ModelBrokeOff, ModelMissing, ModelRefused, ModelUnavailable, PersonaError

if TYPE_CHECKING:
    from collections.abc import Callable

Chunk = TypeVar("Chunk")
_KINDS: tuple[tuple[type[PersonaError], str], ...] = (
    (ModelRefused, "refused"),
    (ModelBrokeOff, "broke_off"),
    (ModelMissing, "missing"),
    (ModelUnavailable, "unavailable"),
)
KINDS = tuple(kind for _, kind in _KINDS)
"""The kinds of a model's errors."""


class Waited:
    """The seconds that one reply waited for the model so far."""

    def __init__(self) -> None:
        self.seconds = 0.0


_waited: ContextVar[Waited | None] = ContextVar("persona_waited", default=None)


@contextmanager
def timed() -> Iterator[Waited]:
    """Add up how long calls of the model take inside the block."""
    waited = Waited()
    token = _waited.set(waited)
    try:
        yield waited
    finally:
        _waited.reset(token)


def kind_of(error: PersonaError) -> str:
    """Return the kind of a model's error, in a word; for other errors their code."""
    return next((kind for of, kind in _KINDS if isinstance(error, of)), error.code)


class ModelCalls:
    """The calls of one model server, of replies and of background work. Any thread may call."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._number = 0
        self._errors: Counter[str] = Counter()

    @property
    def number(self) -> int:
        """Return how many calls were begun."""
        return self._number

    @property
    def errors(self) -> dict[str, int]:
        """Return how many calls failed, by kind."""
        with self._lock:
            return dict(self._errors)

    def watched(self, chunks: Generator[Chunk], model: str, *, background: bool) -> Generator[Chunk]:
        """Yield the chunks of a call, and watch it.

        Args:
            chunks: The chunks; closed at the end.
            model: The model's name.
            background: The call is for background work.
        """
        with self._lock:
            self._number += 1
        span = spans.begin("model call", model=model, background=background)
        waited = _waited.get()
        try:
            with closing(chunks):
                while True:
                    began = self._clock()
                    try:
                        chunk = next(chunks, None)
                    finally:
                        if waited is not None:
                            waited.seconds += self._clock() - began
                    if chunk is None:
                        return
                    yield chunk
        except PersonaError as error:
            with self._lock:
                self._errors[kind_of(error)] += 1
            span.fail(kind_of(error))
            raise
        finally:
            span.end()
