"""Ids of requests: in the answer's header, and in every line that is logged on the way to it, in other threads too."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar

from memory.core import spans

HEADER = "x-request-id"
_SANE = re.compile(r"[A-Za-z0-9._:=+/-]{8,128}")
"""A caller's own id: such letters alone, so that it cannot break a log line, and long enough to be no name or number."""
_current: ContextVar[str] = ContextVar("persona_request_id", default="")


def current() -> str:
    """Return the id of the request that this thread works for; empty if there is none."""
    return _current.get()


def chosen(sent: str) -> str:
    """Return the caller's own id if it can be used, or a new one."""
    return sent if _SANE.fullmatch(sent) else uuid.uuid4().hex


@contextmanager
def working_for(request_id: str) -> Iterator[None]:
    """Do the block for a request."""
    token = _current.set(request_id)
    try:
        yield
    finally:
        _current.reset(token)


def carried(job: Callable[[], None]) -> Callable[[], None]:
    """Return a job that works in any thread for the request and the span of this one.

    It carries nothing else of this thread: a run of LangGraph that begins there is none of a run that goes on here.
    """
    request_id, span = current(), spans.current()

    def run() -> None:
        with working_for(request_id), spans.inside(span) if span is not None else nullcontext():
            job()

    return run
