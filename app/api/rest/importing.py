"""Everything of a person taken in from one file, and the example person."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from app import example
from app.api.rest import bodies
from app.api.rest.person import Me, Person, failures
from memory.archive.zip_file import ArchiveReader
from memory.core.errors import InvalidInput, PersonaError
from memory.core.validation import user_name

router = APIRouter(tags=["everything of a person"])


class Imported(BaseModel):
    """What was imported."""

    user: str = Field(description="The person.")
    counts: dict[str, int] = Field(description="The number of messages (`turns`), memories and pictures (`photos`).")


async def _archive(me: Me, request: Request) -> AsyncIterator[Path]:
    # Nobody should send a gigabyte to hear this.
    await run_in_threadpool(_check_is_new, me)
    async with bodies.on_disk(request, "archive.zip") as file:
        yield file


@router.post(
    "/import", summary="Import everything", operation_id="import_archive", responses=failures(),
    openapi_extra=bodies.described("application/zip"),
)  # fmt: skip
def import_archive(me: Me, file: Annotated[Path, Depends(_archive)]) -> Imported:
    """Import a file from `GET /export` or `persona user export`, completely or not at all.

    It must be the person's own, and the person must have no data yet: an archive is not merged. At most 1 GB.
    """
    try:
        _check_is_own(me, file)
        user, counts = me.memory.import_user(file)
    except PersonaError as error:
        # The temporary folder means nothing to the person.
        raise type(error)(error.message.replace(f"{file.parent}{os.sep}", "")) from error
    me.service.journaled(user)
    return Imported(user=user, counts=counts)


@router.post("/example", summary="Load the example person", operation_id="load_example", responses=failures())
def load_example(me: Me) -> Imported:
    """Load a month in the life of an invented person, called `example`, to try everything with. No model is asked.

    Call it as that person: with `?user=example`, or with an API key of `example`.
    """
    if me.id != example.USER:
        raise InvalidInput(
            f"This loads the invented person {example.USER!r}, and you are {me.id!r}. Call it with `?user={example.USER}`, or "
            f"with a key of that person (`persona key create --user {example.USER}`)."
        )
    return Imported(user=me.id, counts=example.load(me.memory))


def _check_is_new(me: Person) -> None:
    if me.memory.journal.knows(me.id):
        raise InvalidInput(
            f"There is a user {me.id!r} already, and an archive is not merged into existing data. Delete everything first "
            "(`DELETE /api/v1/me`), then import it."
        )


def _check_is_own(me: Person, file: Path) -> None:
    archive = ArchiveReader(file)
    owner = user_name(archive.manifest.user)
    archive.close()
    if owner != me.id:
        raise InvalidInput(
            "This archive belongs to another person. You can import only your own: use that person's API key or, as long as "
            "this machine has no key, `?user=`."
        )
