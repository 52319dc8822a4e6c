"""Finds, in a tree of messages, the path that was last seen (pure).

Assistants keep every branch: an edited message and a repeated answer each begin a new one. What a person last saw is one path
from the first message to one leaf. A circle in a damaged file ends where it meets itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Node:
    """A message in its tree.

    Attributes:
        parent: The id of the message before it; None for a first message.
        time: When it was written, if the source says so.
    """

    parent: str | None
    time: datetime | None = None


def path_to(leaf: str, nodes: Mapping[str, Node]) -> list[str]:
    """Return the ids from the first message to `leaf`; a parent that is missing or was met before ends the walk.

    Args:
        leaf: The last message of the path.
        nodes: All messages by id.
    """
    path: dict[str, None] = {}
    current: str | None = leaf
    while current is not None and current in nodes and current not in path:
        path[current] = None
        current = nodes[current].parent
    return list(reversed(path))


def newest_leaf(nodes: Mapping[str, Node]) -> str | None:
    """Return the leaf that was written last; of several with the same time the later in the source. None without nodes.

    A leaf without a time counts as the nearest message above it that has one. Where every message is on a circle, there is no
    leaf, and the newest message stands for it.

    Args:
        nodes: All messages by id, in the order of the source.
    """
    parents = {node.parent for name, node in nodes.items() if node.parent != name}
    leaves = [name for name in nodes if name not in parents] or list(nodes)
    times = _known_times(nodes)
    seconds = {name: time.timestamp() for name in leaves if (time := times[name]) is not None}
    # `max` returns the first of equals, so the later ones are looked at first.
    return max(reversed(leaves), key=lambda name: seconds.get(name, float("-inf")), default=None)


def _known_times(nodes: Mapping[str, Node]) -> dict[str, datetime | None]:
    """Return for each message its time, or that of the nearest one above it; each message is visited once."""
    times: dict[str, datetime | None] = {}
    for start in nodes:
        waiting: list[str] = []
        current: str | None = start
        time: datetime | None = None
        while current is not None and current in nodes:
            time = nodes[current].time or times.get(current)
            if time is not None or current in times:
                break
            times[current] = None
            waiting.append(current)
            current = nodes[current].parent
        times.update(dict.fromkeys([*waiting, start], time))
    return times
