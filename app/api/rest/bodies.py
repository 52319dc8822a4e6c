"""Files that requests send as their whole body."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import Request
from starlette.concurrency import run_in_threadpool

from app.importers import upload
from memory.core.errors import InvalidInput, StorageError

_FORM = "multipart/"
_ANY_FILE = "application/octet-stream"


def described(*media_types: str) -> dict[str, Any]:
    """Return what OpenAPI says about an operation that takes a file of these types, or of one that the client does not know."""
    content = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in (*media_types, _ANY_FILE)}
    return {"requestBody": {"required": True, "content": content}}


async def whole(request: Request) -> bytes:
    """Return a small file (a FastAPI dependency).

    Raises:
        InvalidInput: The body is a form.
    """
    _check_is_no_form(request)
    return await request.body()


@asynccontextmanager
async def on_disk(request: Request, name: str) -> AsyncIterator[Path]:
    """Write a file of any size to a temporary folder, which is removed afterwards.

    Args:
        request: The request.
        name: The name of the file, for sentences about it.

    Raises:
        InvalidInput: The body is a form.
        StorageError: The disk is full.
    """
    _check_is_no_form(request)
    # Windows keeps a file that is open: there, the folder goes at its next cleaning.
    with tempfile.TemporaryDirectory(prefix=upload.prefix(), ignore_cleanup_errors=True) as folder:
        path = Path(folder) / name
        try:
            with path.open("wb") as file:
                async for piece in request.stream():
                    await run_in_threadpool(file.write, piece)
        except OSError as error:
            raise StorageError(
                f"The file cannot be stored on the server ({error.strerror}). Free some space there, and send it again."
            ) from error
        yield path


def _check_is_no_form(request: Request) -> None:
    if request.headers.get("content-type", "").lower().startswith(_FORM):
        raise InvalidInput("The body is a form. Send the file itself as the body, as `curl --data-binary @FILE` does.")
