"""Refuse input of a form that a graph does not take, in a sentence that names the right form.

LangGraph drops the keys that a graph does not know, and starts the graph without them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from langchain_core.messages import convert_to_messages
from langgraph.channels import EphemeralValue
from langgraph.constants import START
from langgraph.graph.state import CompiledStateGraph
from pydantic import TypeAdapter, ValidationError

from memory.core.errors import InvalidInput

_FORMS = {
    "chat": '{"messages": [{"role": "user", "content": "Hello"}]}',
    "persona": '{"text": "Hello"}',
    "respond": '{"text": "Hello"}',
    "remember": '{"turn_id": "the id of a turn"}',
    "consolidate": '{"session": 1}, or {} for the newest session',
}
"""The input of each graph, as an example."""
_OWNERS = {
    "messages": "chat",
    "text": "persona and respond",
    "images": "persona and respond",
    "turn": "persona and respond",
    "turn_id": "persona, respond and remember",
    "session": "consolidate",
}
"""The graphs that a key belongs to."""
Graph = TypeVar("Graph", bound=CompiledStateGraph[Any, Any, Any, Any])


def checked(graph: Graph) -> Graph:
    """Let a compiled graph refuse input of another form; returns the graph."""
    name, schema = graph.name, graph.builder.input_schema
    adapter: TypeAdapter[Any] = TypeAdapter(schema)

    class CheckedInput(EphemeralValue[Any]):
        """The channel of the input."""

        def update(self, values: Sequence[Any]) -> bool:
            """Check and take an input."""
            for value in values:
                _check(name, value, schema, adapter)
            return super().update(values)

    graph.channels[START] = CheckedInput(schema)
    return graph


def _check(name: str, given: object, schema: Any, adapter: TypeAdapter[Any]) -> None:
    """Check an input. Keys that the graph does not know are ignored beside those that it knows.

    An empty input is left to the first node: LangGraph gives one to a graph that it draws.

    Raises:
        InvalidInput: It has another form.
    """
    if not isinstance(given, Mapping):
        raise refusal(name, f"It was given {'a text' if isinstance(given, str) else 'something else'}.")
    if not given:
        return
    if not any(key in schema.__annotations__ for key in given):
        named = [f"{key} belongs to {_OWNERS[key]}." for key in given if key in _OWNERS]
        raise refusal(name, " ".join(named) or "It was given nothing of that.")
    # Studio's form sends None for what is not filled in.
    known = {key: value for key, value in given.items() if key in schema.__annotations__ and value is not None}
    if "messages" in known:
        _check_messages(name, known["messages"])
        return
    try:
        adapter.validate_python(known)
    except ValidationError as error:
        key = error.errors()[0]["loc"][0]
        raise refusal(name, f"{key} has another form or is missing.") from error


def _check_messages(name: str, messages: object) -> None:
    try:
        convert_to_messages(messages if isinstance(messages, list) else [messages])  # type: ignore[list-item]
    except (ValueError, TypeError, KeyError, AttributeError, NotImplementedError) as error:
        raise refusal(name, "messages has another form.") from error


def refusal(name: str, why: str) -> InvalidInput:
    """Return the error that names the input that a graph takes."""
    return InvalidInput(f"The graph {name} takes {_FORMS[name]}. {why}")
