"""Filters of LangGraph's store: which values and which namespaces match (pure)."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from langgraph.store.base import MatchCondition

from memory.core.errors import InvalidInput

_ORDERED: dict[str, Callable[[Any, Any], bool]] = {
    "$gt": operator.gt,
    "$gte": operator.ge,
    "$lt": operator.lt,
    "$lte": operator.le,
}


def matches(value: object, wanted: object) -> bool:
    """Return whether a value matches a filter, as LangGraph's own stores decide it.

    Raises:
        InvalidInput: The filter has an unknown operator.
    """
    match wanted:
        case Mapping() if any(str(key).startswith("$") for key in wanted):
            return all(_compare(value, str(key), other) for key, other in wanted.items())
        case Mapping():
            return isinstance(value, Mapping) and all(matches(value.get(key), other) for key, other in wanted.items())
        case list() | tuple():
            if not isinstance(value, list | tuple) or len(value) != len(wanted):
                return False
            return all(matches(one, other) for one, other in zip(value, wanted, strict=True))
        case _:
            return bool(value == wanted)


def _compare(value: object, name: str, other: object) -> bool:
    if name == "$eq":
        return bool(value == other)
    if name == "$ne":
        return bool(value != other)
    if name not in _ORDERED:
        raise InvalidInput(f"The filter {name} is unknown. There are $eq, $ne, {', '.join(_ORDERED)}.")
    try:
        return _ORDERED[name](value, other)
    except TypeError:
        # A missing value, or one of another type, is neither greater nor less.
        return False


def is_listed(namespace: Sequence[str], conditions: Sequence[MatchCondition]) -> bool:
    """Return whether a namespace meets all conditions; `*` in a path stands for any label."""
    return all(_meets(namespace, one) for one in conditions)


def _meets(namespace: Sequence[str], condition: MatchCondition) -> bool:
    path = condition.path
    if len(namespace) < len(path):
        return False
    part = namespace[: len(path)] if condition.match_type == "prefix" else namespace[len(namespace) - len(path) :]
    return all(wanted in ("*", label) for label, wanted in zip(part, path, strict=True))
