"""Spans: named stretches of work that a tracer may record. Without a tracer, a span costs one comparison.

A name or an attribute never holds words of a person, or the name of one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

Value = str | int | float | bool


class Span(Protocol):
    """A stretch of work that goes on."""

    def note(self, name: str, value: Value) -> None:
        """Add an attribute."""

    def fail(self, kind: str) -> None:
        """Mark the work as failed, with the kind of the error and without its words."""

    def end(self) -> None:
        """End the span."""


class Tracer(Protocol):
    """Records spans."""

    def begin(self, name: str, parent: Span | None, attributes: Mapping[str, Value]) -> Span:
        """Begin a span below its parent."""


class _NoSpan:
    """The span of a program that records none."""

    def note(self, name: str, value: Value) -> None:
        """Do nothing."""

    def fail(self, kind: str) -> None:
        """Do nothing."""

    def end(self) -> None:
        """Do nothing."""


_NO_SPAN: Span = _NoSpan()
_current: ContextVar[Span | None] = ContextVar("persona_span", default=None)
_tracers: list[Tracer] = []
"""At most one; the last one counts."""


def record_with(tracer: Tracer) -> Callable[[], None]:
    """Record all spans of this process from now on; return what ends that."""
    _tracers.append(tracer)
    return lambda: _tracers.remove(tracer)


def current() -> Span | None:
    """Return the span that goes on in this thread."""
    return _current.get()


def begin(name: str, **attributes: Value) -> Span:
    """Begin a span that the caller ends; work inside it does not become its child. For generators, which leave their block."""
    return _tracers[-1].begin(name, _current.get(), attributes) if _tracers else _NO_SPAN


@contextmanager
def span(name: str, **attributes: Value) -> Iterator[Span]:
    """Record the block as a span; spans that begin inside it are its children."""
    if not _tracers:
        yield _NO_SPAN
        return
    with inside(begin(name, **attributes)) as begun:
        try:
            yield begun
        except BaseException as error:
            begun.fail(type(error).__name__)
            raise
        finally:
            begun.end()


@contextmanager
def inside(parent: Span) -> Iterator[Span]:
    """Make spans that begin inside the block children of another one; for work that goes on in another thread."""
    token = _current.set(parent)
    try:
        yield parent
    finally:
        _current.reset(token)
