"""What pyproject.toml asks for is what the code imports, and each of it is accounted for in decision 001."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from functools import cache
from importlib.metadata import PackageNotFoundError, metadata, packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
ROOMS = ("app", "evals", "graph", "memory", "training")
TOOLS = {"dev", "dev-all", "docs"}
EXTRAS = {name: wanted for name, wanted in PROJECT["optional-dependencies"].items() if name not in TOOLS}
NAMES = {
    "alembic": "alembic", "authlib": "authlib", "dateutil": "python-dateutil", "dotenv": "python-dotenv", "open_clip": "open-clip-torch",
    "PIL": "pillow", "opentelemetry": "opentelemetry-sdk", "sklearn": "scikit-learn", "yaml": "pyyaml",
}  # fmt: skip
"""Distributions that are not called as what is imported of them."""
IN_BROWSER_TOOLS = {"playwright"}
"""`persona bench pages` says itself how to install it."""
PEERS = "evals/peers/*/adapter.py"
"""They run in environments of their own (`make peers`)."""


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def named(requirements: list[str]) -> set[str]:
    return {plain(re.match(r"[\w.-]+", one).group()) for one in requirements}


CORE = named(PROJECT["dependencies"])
ALL = CORE.union(*map(named, EXTRAS.values()))


@cache
def imports() -> dict[str, set[str]]:
    """Return what is imported from outside, with the rooms that do, imports for type checkers included."""
    found: dict[str, set[str]] = {}
    for room in ROOMS:
        for path in [*(ROOT / room).rglob("*.py"), *([ROOT / "streamlit_app.py"] if room == "app" else [])]:
            for node in [] if path.match(PEERS) else ast.walk(ast.parse(path.read_text())):
                names = (
                    [alias.name for alias in node.names]
                    if isinstance(node, ast.Import)
                    else [node.module or ""]
                    if isinstance(node, ast.ImportFrom) and not node.level
                    else []
                )
                for name in names:
                    found.setdefault(name.split(".")[0], set()).add(room)
    return {name: rooms for name, rooms in found.items() if name not in {*sys.stdlib_module_names, *ROOMS, ""}}


def rows() -> dict[str, list[str]]:
    table = [
        line for line in (ROOT / "docs" / "decisions" / "001-libraries.md").read_text().splitlines() if line.startswith("| ")
    ]
    return {cells[0]: cells for cells in ([cell.strip() for cell in line.strip("|").split("|")] for line in table[1:])}


def distribution(module: str) -> str:
    return NAMES.get(module, plain(module))


def test_everything_that_is_imported_is_asked_for() -> None:
    assert {name for name in imports() if distribution(name) not in ALL} <= IN_BROWSER_TOOLS


def test_rooms_of_a_conversation_import_the_core_and_what_an_extra_is_for() -> None:
    theirs = {distribution(name) for name, rooms in imports().items() if rooms & {"app", "graph", "memory"}}
    assert theirs - CORE == {
        "cryptography", "fastapi", "fsspec", "mcp", "open-clip-torch", "opentelemetry-sdk", "prometheus-client", "sentence-transformers", "starlette", "torch", "transformers", "uvicorn",
    }  # fmt: skip


def test_everything_that_is_asked_for_is_imported_here_or_used_by_what_is() -> None:
    used = {distribution(name) for name in imports()}
    # Streamlit signs in with authlib; open_clip loads pictures with torchvision; torch exports with onnxscript; vLLM runs by itself;
    # SQLAlchemy speaks to PostgreSQL with psycopg, and fsspec to S3 with s3fs; `make studio` starts langgraph-cli.
    # The exporter shares its module's name with OpenTelemetry's SDK; `zoneinfo` reads zones from tzdata.
    assert ALL - used == {
        "authlib",
        "langgraph-cli",
        "onnxscript",
        "opentelemetry-exporter-otlp-proto-http",
        "psycopg",
        "s3fs",
        "torchvision",
        "tzdata",
        "vllm",
    }


def test_decision_001_has_a_line_for_each_and_says_where_it_is() -> None:
    found = rows()
    assert set(found) == ALL
    for name, cells in found.items():
        wanted = ["core"] if name in CORE else [extra for extra, requirements in EXTRAS.items() if name in named(requirements)]
        assert cells[1].split(", ") == wanted, name
        assert all(cells[:5]), name


@pytest.mark.parametrize("name", sorted(CORE))
def test_the_licence_of_decision_001_is_the_package_s_own(name: str) -> None:
    try:
        found = metadata(name)
    except PackageNotFoundError:
        pytest.fail(f"{name} belongs to the core and is not installed")
    of_classifiers = {
        "Apache Software License": "Apache-2.0",
        # Beside the extra for object stores there is an older python-dateutil, whose classifiers do not number the clauses.
        "BSD License": "BSD-3-Clause",
        "MIT License": "MIT",
        "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    }
    classified = [line.split("::")[-1].strip() for line in found.get_all("Classifier", []) if line.startswith("License ::")]
    said = [
        found.get("License-Expression") or "",
        *(of_classifiers.get(one, one) for one in classified),
        found.get("License") or "",
    ]
    assert any(rows()[name][3].removesuffix(" and others") in one for one in said), said


def test_no_name_is_two_distributions() -> None:
    known = packages_distributions()
    assert {module for module in NAMES if module in known and NAMES[module] not in map(plain, known[module])} == set()
