"""`persona --version`: one line for a report of what went wrong."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

PACKAGE = "personavlm-langgraph"
_BESIDE = ("langgraph", "xllamacpp", "onnxruntime", "chromadb", "streamlit")
"""What a conversation runs on: the graphs, the embedded model, the text embedder, the vectors, the page."""


def line() -> str:
    """Return our name and version, then what it runs on."""
    parts = [f"Python {platform.python_version()}", f"{platform.system()} {platform.machine()}"]
    parts += [f"{name} {_version(name)}" for name in _BESIDE]
    return f"persona {_version(PACKAGE)} ({', '.join(parts)})"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
