#!/usr/bin/env bash
# Surprise: in FastAPI a dependency that checks the key runs after the whole body was read and decoded. A caller without a key makes the server
# take in and parse any JSON, and one whose JSON is broken is told so (422) instead of being refused (401). `dependencies=` of a router or of the
# application changes nothing.
# Seen with fastapi 0.165.0, starlette 1.10.0.
# What follows: refuse callers without a key in a middleware, before the route, if they must not send bodies.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet fastapi==0.165.0 starlette==1.10.0
"$folder/venv/bin/python" - <<'PYTHON'
import asyncio

from fastapi import Depends, FastAPI, HTTPException
from pydantic import BaseModel


class Note(BaseModel):
    text: str


def refuse() -> None:
    raise HTTPException(401)


app = FastAPI(dependencies=[Depends(refuse)])


@app.post("/notes")
def keep(note: Note) -> None:
    pass


async def post(*parts: bytes) -> tuple[int, int]:
    """Return the status, and how many parts of the body were taken before it."""
    taken, statuses = 0, []

    async def receive():
        nonlocal taken
        taken += 1
        return {"type": "http.request", "body": parts[taken - 1], "more_body": taken < len(parts)}

    async def send(message):
        statuses.extend([message["status"]] if message["type"] == "http.response.start" else [])

    scope = {"type": "http", "method": "POST", "path": "/notes", "raw_path": b"/notes", "query_string": b"", "root_path": "",
             "headers": [(b"content-type", b"application/json")], "http_version": "1.1", "scheme": "http"}
    await app(scope, receive, send)
    return statuses[0], taken


valid, broken = asyncio.run(post(b'{"text":', b'"hello', b'"}')), asyncio.run(post(b'{"text":', b'"hello'))
print("valid JSON:", valid, "broken JSON:", broken)
assert valid == (401, 3)
assert broken == (422, 2)
PYTHON
