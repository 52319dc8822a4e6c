"""Optional packages: the extra that installs each, the purpose of each extra, and the command that installs it.

All messages about missing packages are written here. This module only checks whether a package can be found; it imports none.
"""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from memory.core.errors import ExtraMissing

_DISTRIBUTION = "personavlm-langgraph"
_CHECKOUT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Extra:
    """An optional part of the installation.

    Attributes:
        purpose: The feature that needs it, as the subject of "… needs the extra": one clause in the singular.
        packages: The top-level modules that it installs; it counts as installed only if all of them are there.
        size: The disk space that it adds on Linux; extras with torch share almost all of the same 5.6 GB.
        target: The `make` command that installs it in a checkout; None: `pip` installs it.
    """

    purpose: str
    packages: tuple[str, ...]
    size: str
    target: str | None = None


EXTRAS: Mapping[str, Extra] = {
    "photos": Extra(
        "Finding photos by what they show",
        ("torch", "torchvision", "open_clip", "transformers"),
        "5.6 GB",
        "make chat PHOTOS=1",
    ),
    "embedders": Extra(
        "Another text embedder than MiniLM and its kind",
        ("torch", "transformers", "sentence_transformers", "onnxscript"),
        "5.7 GB",
    ),
    "train": Extra("Training", ("torch", "transformers", "trl", "peft", "langchain_openai", "plotly"), "5.6 GB"),
    "serve": Extra("Serving a model with vLLM", ("vllm",), "6 GB or more"),
    "server": Extra("A database on a server", ("psycopg",), "12 MB"),
    # Not cryptography, which other extras bring too.
    "hosts": Extra("Memory on several hosts (an object store, encryption)", ("s3fs",), "60 MB"),
    "auth": Extra("Signing in to the page", ("authlib",), "17 MB"),
    "api": Extra(
        "Serving the memory to other programs (persona api, persona mcp)",
        ("fastapi", "mcp", "prometheus_client", "uvicorn"),
        "16 MB",
    ),
    # Not the SDK, which Chroma brings too.
    "telemetry": Extra("Sending traces to an OpenTelemetry collector", ("opentelemetry.exporter.otlp.proto.http",), "1 MB"),
    "studio": Extra("Looking at the graphs in LangGraph Studio", ("langgraph_cli", "langgraph_api"), "41 MB", "make studio"),
    "evals": Extra("Measuring answers", ("plotly", "scipy", "sklearn", "snowballstemmer"), "190 MB"),
}


def installed() -> dict[str, bool]:
    """Return for each extra whether all of its packages are installed."""
    return {name: not _absent(name) for name in EXTRAS}


def told() -> list[str]:
    """Return one line per extra: whether it is installed and, if not, its purpose, size and install command."""
    lines = []
    for name, extra in EXTRAS.items():
        what = extra.purpose[0].lower() + extra.purpose[1:]
        off = f"off: {what} needs it ({extra.size}): `{command(name)}`"
        lines.append(f"[{name}] {off if _absent(name) else f'on: {what}'}")
    return lines


def missing(name: str, purpose: str | None = None) -> str | None:
    """Return a message that says how to install an extra, or None if it is installed.

    Args:
        name: A key of `EXTRAS`.
        purpose: The feature that needs the extra, if it is more specific than the extra's own purpose.
    """
    absent = _absent(name)
    if not absent:
        return None
    needs = purpose or EXTRAS[name].purpose
    verb = "is" if len(absent) == 1 else "are"
    return f"{needs} needs the extra [{name}] ({', '.join(absent)} {verb} not installed): run `{command(name)}`."


def require(name: str, purpose: str | None = None) -> None:
    """Raise `ExtraMissing` with the message of `missing` if an extra is not installed.

    Raises:
        ExtraMissing: The extra is not installed; the message names its purpose and the install command.
    """
    sentence = missing(name, purpose)
    if sentence is not None:
        raise ExtraMissing(sentence)


def command(
    name: str,
    *,
    checkout: Path = _CHECKOUT,
    python: Path | None = None,
    has: Callable[[str], bool] | None = None,
) -> str:
    """Return the command that installs an extra into this environment.

    The command never asks a package index for this project by name. The project is on no index, so a package of that name would
    be another project.

    Args:
        name: A key of `EXTRAS`.
        checkout: The folder that contains the packages; it is a checkout if it contains `pyproject.toml`.
        python: The environment's interpreter; None: the running interpreter.
        has: Returns whether a package is installed. An environment that uv created has no pip.
    """
    pip, python = (has or _has)("pip"), python or Path(sys.executable)
    if not is_checkout(checkout):
        origin = _origin()
        wanted = [f"{_DISTRIBUTION}[{name}] @ {origin}"] if origin else _requirements(name)
        return _install(wanted, python, pip=pip)
    if not pip:
        # Not `uv sync`: it removes every other extra.
        return f"uv pip install -e '.[{name}]'"
    target = EXTRAS[name].target
    if python.parents[1] != checkout / ".venv":
        return f"{shlex.quote(str(python))} -m pip install -e '.[{name}]'"
    return target or f".venv/bin/pip install -e '.[{name}]'"


def missing_package(package: str, purpose: str) -> str:
    """Return a message that says how to install a package that belongs to no extra.

    Args:
        package: The package's name for `pip`.
        purpose: The feature that needs it, as the subject of the sentence.
    """
    how = _install([package], Path(sys.executable), pip=_has("pip"))
    return f"{purpose} needs {package}, which is not installed: run `{how}`."


def is_checkout(folder: Path = _CHECKOUT) -> bool:
    """Return whether the program runs from a checkout; otherwise it was installed as a package."""
    return (folder / "pyproject.toml").is_file()


def removal() -> str:
    """Return the command that uninstalls the program if it was installed as a package."""
    prefix = Path(sys.prefix)
    if (prefix / "uv-receipt.toml").is_file():
        return f"uv tool uninstall {_DISTRIBUTION}"
    if _has("pip"):
        return f"{shlex.quote(sys.executable)} -m pip uninstall {_DISTRIBUTION}"
    return f"uv pip uninstall --python {shlex.quote(sys.executable)} {_DISTRIBUTION}"


def _install(wanted: Sequence[str], python: Path, *, pip: bool) -> str:
    """Return the command that installs requirements into an interpreter's environment."""
    words, prefix = shlex.join(wanted), python.parents[1]
    if wanted[0].startswith(_DISTRIBUTION):
        if (prefix / "uv-receipt.toml").is_file():
            return f"uv tool install --force {words}"
        if "archive-v0" in prefix.parts or any(part.startswith("environments-v") for part in prefix.parts):
            # uvx creates one environment in uv's cache per set of packages: a package added to one of them would be lost.
            return f"uvx --from {words} persona"
    if pip:
        return f"{shlex.quote(str(python))} -m pip install {words}"
    return f"uv pip install --python {shlex.quote(str(python))} {words}"


def _origin() -> str | None:
    """Return the URL that the program was installed from (PEP 610); None if unknown, or if the file no longer exists."""
    try:
        stated = json.loads(metadata.distribution(_DISTRIBUTION).read_text("direct_url.json") or "{}")
        url = str(stated.get("url") or "")
        vcs = stated.get("vcs_info")
    except (metadata.PackageNotFoundError, ValueError, AttributeError):
        return None
    if url.startswith("file:") and not Path(url2pathname(urlsplit(url).path)).exists():
        return None
    return f"{vcs['vcs']}+{url}@{vcs['commit_id']}" if vcs else url or None


def _requirements(name: str) -> list[str]:
    """Return an extra's requirements in `pip` format, as stated in the metadata of this installation."""
    try:
        stated = metadata.requires(_DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        stated = []
    of_extra = [one.partition(";") for one in stated]
    found = [what.strip() for what, _, marker in of_extra if f"extra == '{name}'" in marker.replace('"', "'")]
    return found or list(EXTRAS[name].packages)


def _absent(name: str) -> list[str]:
    return [package for package in EXTRAS[name].packages if not _has(package)]


def _has(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except (ImportError, ValueError):
        # A broken import hook, or a package that is only partly removed.
        return False
