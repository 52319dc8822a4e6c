"""Where a run sends its events: to its caller, or into LangGraph's own stream of custom events."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.config import get_config
from langgraph.runtime import Runtime

from graph.context import Context

Send = Callable[[dict[str, Any]], None]
_TELL = "tell"


def sending_to(tell: Send) -> RunnableConfig:
    """Return the config of a run whose events go straight to a function.

    LangGraph passes custom events on from a thread of its own and wakes another thread for each (a delta of an answer then
    crosses four threads). If nobody asks for custom events, it runs a chain of nodes in the caller's thread.
    """
    return {"configurable": {_TELL: tell}}


def sender(runtime: Runtime[Context]) -> Send:
    """Return the function that takes the events of the current run."""
    tell: Send = get_config().get("configurable", {}).get(_TELL) or runtime.stream_writer
    return tell
