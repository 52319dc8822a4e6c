"""A room (a package inside ours) says by its `__all__` which of its modules others import; tests may import any."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PACKAGES = ("app", "evals", "graph", "memory", "training")
RUN_BY_OTHERS = ("app.ui.views", "memory.storage.migrations", "evals.data", "evals.perf", "app.example")
"""Streamlit and alembic run these; benchmarks of speed and the example are no rooms."""


def rooms() -> list[str]:
    found = [path.parent for package in PACKAGES for path in (ROOT / package).rglob("*/__init__.py")]
    names = [".".join(path.relative_to(ROOT).parts) for path in found]
    return sorted(name for name in names if not name.startswith(RUN_BY_OTHERS))


def modules() -> Iterator[tuple[str, Path]]:
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            yield ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"), path
    yield "streamlit_app", ROOT / "streamlit_app.py"


def imported(path: Path) -> Iterator[str]:
    """Every module that a file imports by name, and every name of a package that may be one."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@cache
def used_from_outside() -> dict[str, set[str]]:
    """By room, the modules of it that something outside imports."""
    known = {name for name, _ in modules()}
    used: dict[str, set[str]] = {room: set() for room in rooms()}
    for name, path in modules():
        for target in imported(path):
            room, _, module = target.rpartition(".")
            if target in known and room in used and not f"{name}.".startswith(f"{room}.") and target not in used:
                used[room].add(module)
    return used


@pytest.mark.parametrize("room", rooms())
def test_a_room_says_what_it_is_for_and_what_others_may_import(room):
    package = importlib.import_module(room)
    assert package.__doc__, f"{room} has no docstring"
    exported = list(package.__all__)
    assert exported == sorted(exported)
    modules_here = {name for name in exported if (ROOT / room.replace(".", "/") / f"{name}.py").exists()}
    assert used_from_outside()[room] <= modules_here, "others import what this room keeps to itself"
    assert all(name in modules_here or hasattr(package, name) for name in exported)
