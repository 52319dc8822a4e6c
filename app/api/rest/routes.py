"""The operations under `/api/v1`."""

from __future__ import annotations

from fastapi import APIRouter, Depends, FastAPI, Security
from fastapi.security import HTTPBearer

from app.api.callers import caller_of
from app.api.rest import (
    consent,
    deletion,
    export,
    forgetting,
    histories,
    importing,
    memories,
    personality,
    photos,
    profile,
    replies,
    turns,
)
from app.api.rest.inputs import only_known_options

PREFIX = "/api/v1"
_KEY = HTTPBearer(
    auto_error=False,
    description="An API key of this machine (`persona key create`). Without any key, programs on this machine may connect.",
)
"""It documents the key alone; `caller_of` checks it."""


def install(app: FastAPI) -> None:
    """Add the operations to an application."""
    every = APIRouter(prefix=PREFIX, dependencies=[Security(_KEY), Depends(caller_of), Depends(only_known_options)])
    # `/memories/forgotten` is no memory's id, so it comes first.
    for part in (
        forgetting, memories, turns, replies, profile, personality, photos, consent, export, importing, histories,
        deletion,
    ):  # fmt: skip
        every.include_router(part.router)
    app.include_router(every)
