"""Events of a reply in progress, and where a run sends them: to its caller, or into LangGraph's own stream of custom events."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from langchain_core.runnables import RunnableConfig
from langgraph.config import get_config
from langgraph.runtime import Runtime

from graph.context import Context
from memory.core.records import Recalled as Memory

_SEND = "send"


@dataclass(frozen=True)
class Thinking:
    """A delta of the model's thought."""

    text: str
    event: Literal["think"] = field(default="think", init=False)
    """Tells the types apart for clients that receive events as JSON; the other types have it too."""


@dataclass(frozen=True)
class Retrieving:
    """The model starts a retrieval round, with a query and a time window."""

    query: str
    start_time: str | None = None
    end_time: str | None = None
    event: Literal["retrieving"] = field(default="retrieving", init=False)


@dataclass(frozen=True)
class Recalled:
    """The memories found by the retrieval round, in time order."""

    memories: tuple[Memory, ...]
    event: Literal["recalled"] = field(default="recalled", init=False)


@dataclass(frozen=True)
class AnswerDelta:
    """A delta of the reply."""

    text: str
    event: Literal["answer"] = field(default="answer", init=False)


ReplyEvent = Thinking | Retrieving | Recalled | AnswerDelta
Send = Callable[[ReplyEvent], None]


def sending_to(send: Send) -> RunnableConfig:
    """Return the config of a run whose events go straight to a function.

    LangGraph passes custom events on from a thread of its own and wakes another thread for each (a delta of an answer then
    crosses four threads). If nobody asks for custom events, it runs a chain of nodes in the caller's thread.
    """
    return {"configurable": {_SEND: send}}


def sender(runtime: Runtime[Context]) -> Send:
    """Return the function that takes the events of the current run."""
    send: Send = get_config().get("configurable", {}).get(_SEND) or runtime.stream_writer
    return send
