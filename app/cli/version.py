"""`persona --version`: one line for bug reports."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

PACKAGE = "personavlm-langgraph"
_LIBRARIES = ("langgraph", "xllamacpp", "onnxruntime", "chromadb", "streamlit")
"""Libraries for the graphs, the embedded model, the text embedder, the vectors and the page."""


def line() -> str:
    """Return our name and version, then Python, the platform and the libraries."""
    parts = [f"Python {platform.python_version()}", f"{platform.system()} {platform.machine()}"]
    parts += [f"{name} {_version(name)}" for name in _LIBRARIES]
    return f"persona {_version(PACKAGE)} ({', '.join(parts)})"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
