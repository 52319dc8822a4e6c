"""The path that was last seen in a tree of messages, whatever the tree."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from app.importers.paths import Node, newest_leaf, path_to

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def at(minute: int | None) -> datetime | None:
    return None if minute is None else NOON + timedelta(minutes=minute)


def test_the_path_leads_from_the_first_message_to_the_leaf() -> None:
    nodes = {"c": Node("b"), "a": Node(None), "b": Node("a"), "x": Node("a")}
    assert path_to("c", nodes) == ["a", "b", "c"]


def test_a_missing_parent_begins_the_path() -> None:
    assert path_to("b", {"b": Node("gone")}) == ["b"]
    assert path_to("gone", {"b": Node("gone")}) == []


def test_the_newest_leaf_wins_and_of_equals_the_later() -> None:
    nodes = {"a": Node(None, at(0)), "b": Node("a", at(5)), "c": Node("a", at(3))}
    assert newest_leaf(nodes) == "b"
    assert newest_leaf({"a": Node(None), "b": Node("a"), "c": Node("a")}) == "c"
    assert newest_leaf({}) is None


def test_a_leaf_without_a_time_has_that_of_the_messages_above() -> None:
    nodes = {"a": Node(None, at(0)), "b": Node("a", at(7)), "c": Node("b"), "d": Node("c"), "e": Node("a", at(5))}
    assert newest_leaf(nodes) == "d"


def test_on_a_circle_the_newest_message_stands_for_the_leaf() -> None:
    nodes = {"a": Node("b", at(1)), "b": Node("a", at(2))}
    assert newest_leaf(nodes) == "b"
    assert path_to("b", nodes) == ["a", "b"]
    assert newest_leaf({"a": Node("a")}) == "a"
    assert newest_leaf({"a": Node(None, at(0)), "b": Node("b", at(5))}) == "b"


def test_a_long_path_is_walked_once() -> None:
    nodes = {str(one): Node(str(one - 1) if one else None) for one in range(50_000)}
    nodes |= {f"leaf {one}": Node("49999") for one in range(50_000)}
    assert newest_leaf(nodes) == "leaf 49999"
    assert len(path_to("leaf 7", nodes)) == 50_001


@given(
    st.dictionaries(
        st.integers(0, 8).map(str), st.tuples(st.none() | st.integers(0, 9).map(str), st.none() | st.integers(0, 5))
    )
)
def test_any_tree_has_a_path_without_repeats(tree: dict[str, tuple[str | None, int | None]]) -> None:
    nodes = {name: Node(parent, at(minute)) for name, (parent, minute) in tree.items()}
    leaf = newest_leaf(nodes)
    assert (leaf is None) == (not nodes)
    if leaf is not None:
        path = path_to(leaf, nodes)
        assert path[-1] == leaf
        assert len(set(path)) == len(path)
        assert all(nodes[later].parent == earlier for earlier, later in pairwise(path))
