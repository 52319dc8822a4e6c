"""Whether the servers that a memory is stored on answer now; for a host that says whether it is ready."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from urllib.parse import urlsplit

from memory.core.errors import PersonaError

_TIMEOUT_S = 2.0
_HEARTBEAT = "/api/v2/heartbeat"


def looks_at(
    journal: Callable[[], str], chroma_url: str | None, objects: Callable[[], object] | None
) -> dict[str, Callable[[], str]]:
    """Return, by its name, what says in a sentence why a part of the storage cannot be used now; empty if it can.

    Args:
        journal: Says it of the journal.
        chroma_url: A Chroma server; None: Chroma's files are in the data folder.
        objects: Checks the object store, and raises an error; None: there is none.
    """
    looks = {"journal": journal}
    if chroma_url:
        looks["chroma"] = partial(chroma_obstacle, chroma_url)
    if objects is not None:
        looks["object store"] = partial(obstacle_of, objects)
    return looks


def chroma_obstacle(url: str) -> str:
    """Return in a sentence why a Chroma server cannot be used now; empty if it answers."""
    import httpx

    parts = urlsplit(url)
    try:
        answer = httpx.get(f"{parts.scheme}://{parts.netloc}{_HEARTBEAT}", timeout=_TIMEOUT_S, trust_env=False)
    except httpx.HTTPError as error:
        return f"Chroma does not answer ({type(error).__name__}). Start it again, or correct PERSONA_CHROMA_URL."
    return "" if answer.is_success else f"Chroma answers with the status {answer.status_code}. Look at its log."


def obstacle_of(check: Callable[[], object]) -> str:
    """Return the sentence of the error that a check raises; empty if it raises none."""
    try:
        check()
    except PersonaError as error:
        return error.message
    return ""
