"""Ids, texts and options that requests give, checked before a database sees them."""

from __future__ import annotations

from typing import Annotated

from fastapi import FastAPI, Path, Request
from pydantic import AfterValidator

from memory.core.errors import InvalidInput, NotFound


def _storable(entry_id: str) -> str:
    # No id has such a character, and PostgreSQL refuses it.
    if "\x00" in entry_id:
        raise NotFound(f"There is nothing with the id {entry_id!r}.")
    return entry_id


def _is_text(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        # JSON can spell half of a surrogate pair, which no database and no model takes.
        raise InvalidInput(
            f"The request contains bytes that are not text (at character {error.start + 1}). Send it as UTF-8."
        ) from error
    return text


EntryId = Annotated[
    str, AfterValidator(_storable), Path(description="An id from a list or a search.", examples=["sem_0123456789abcdef0123"])
]
"""The id of a memory, a message or a picture. Another person's id is answered like one that does not exist."""

OptionalId = Annotated[str, AfterValidator(_storable)]
"""An id in an option; empty: none."""

Text = Annotated[str, AfterValidator(_is_text)]
"""Valid Unicode."""


def only_known_options(request: Request) -> None:
    """Refuse a query parameter that the operation does not have (a FastAPI dependency).

    A misspelt one would have no effect in silence: `?personality=true` would forget less than was asked for.

    Raises:
        InvalidInput: There is no such query parameter.
    """
    state = request.app.state
    if not hasattr(state, "rest_options"):
        state.rest_options = _options(request.app)
    known = state.rest_options.get(request.scope["route"].operation_id, frozenset())
    if unknown := sorted(set(request.query_params) - known):
        raise InvalidInput(f"There is no option {unknown[0]!r} here. There are: {', '.join(sorted(known))}.")


def _options(app: FastAPI) -> dict[str, frozenset[str]]:
    """Return the names of the query parameters of each operation."""
    return {
        operation["operationId"]: frozenset(one["name"] for one in operation.get("parameters", ()) if one["in"] == "query")
        for operations in app.openapi()["paths"].values()
        for operation in operations.values()
    }
