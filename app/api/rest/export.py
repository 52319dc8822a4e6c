"""Everything of a person as one file."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from app.api.rest.person import Me, failures
from memory.core import clock

router = APIRouter(tags=["everything of a person"])

_CHUNK_BYTES = 256 * 1024
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_MAX_NAME_CHARACTERS = 60


@router.get(
    "/export", summary="Export everything", operation_id="export", response_class=StreamingResponse,
    responses={
        200: {"content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}, "description": "The file."},
        **failures(404),
    },
)  # fmt: skip
def export(me: Me) -> StreamingResponse:
    """Return messages, memories, pictures, personality and consent choices as one ZIP file, without what was forgotten.

    `POST /import` and `persona user import` take it in. It is not encrypted, so keep it safe.
    """
    file = _archive(me)
    size = file.seek(0, 2)
    file.seek(0)
    headers = {
        "Content-Disposition": f'attachment; filename="{_file_name(me.id)}"',
        "Content-Length": str(size),
        "Cache-Control": "private, no-store",
    }
    return StreamingResponse(_chunks(file), media_type="application/zip", headers=headers)


def _archive(me: Me) -> IO[bytes]:
    """Return the archive as an open file without a name: it is gone when it is closed, even if this program is killed."""
    # Windows keeps a file that is open: there, the folder goes at its next cleaning.
    with tempfile.TemporaryDirectory(prefix="persona-export-", ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "archive.zip"
        me.memory.export_user(me.id, path)
        return path.open("rb")


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk


def _file_name(user: str) -> str:
    safe = _UNSAFE.sub("-", user)[:_MAX_NAME_CHARACTERS].strip("-.") or "user"
    return f"{safe}-{clock.now():%Y-%m-%d}.zip"
