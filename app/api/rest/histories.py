"""Histories of other programs: look into a file, import it, list imports, undo one as a whole."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any, get_args

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from app.api.rest.inputs import EntryId, Text
from app.api.rest.paging import Cursor, Limit, Page, cursor_of, place_of
from app.api.rest.person import Failure, Me, Person, failures
from app.background_steps import BackgroundSteps
from app.importers import preview
from app.importers.conversations import Choices
from app.importers.importing import Wanted
from app.importers.person import person_of
from app.importers.upload import Upload
from memory.core import clock
from memory.core.errors import InvalidInput, NotFound, PersonaError, StorageError
from memory.imports import lines
from memory.imports.lines import ReadingDepth
from memory.storage.work_queue import steps_by_import

router = APIRouter(tags=["imports"])

_FORM = "multipart/"
_UNDO_COMMAND = re.compile(r"`persona imports undo (\S+)[^`]*`")
_AS_OPTIONS = {
    "--me": "`me=NAME`", "--day-first": "`day_first=true`", "--month-first": "`day_first=false`", "--format": "`format=`",
    "--since": "`since=`",
}  # fmt: skip
"""Options of the command line, which errors name, as options of a request."""
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            kind: {"schema": {"type": "string", "format": "binary"}} for kind in ("application/zip", "application/octet-stream")
        },
    }
}

_RUNNING = {**failures(), 409: {"model": Failure, "description": "Another import of this person is running."}}


class Imported(BaseModel):
    """What an import did, as `persona import --json` prints it."""

    id: str | None = Field(description="The id of the import, for the undo; null if nothing was added.")
    format: str = Field(description="The program that the file comes from.", examples=["chatgpt"])
    conversations: int = Field(description="The number of conversations in it; 0 for a list of memories.")
    messages: int = Field(description="The number of messages in it, with those that were left out; for a list, of memories.")
    added: int = Field(description="The number of turns that were added: a message with the replies to it. Or of memories.")
    added_messages: int = Field(description="The number of messages in those turns.")
    skipped: dict[str, int] = Field(description="What was left out, by reason; each reason names what it counts.")
    me: str = Field(description="Who of a talk between people was taken for the person; empty if there is none.")
    waiting: int = Field(description="The number of added turns that wait for the person's approval.")
    first: datetime | None = Field(alias="from", description="The time of the oldest message.")
    last: datetime | None = Field(alias="to", description="The time of the newest message.")
    pending: int = Field(
        description="The steps that the model has to do for this person, of all imports and of what was said here, as "
        "`GET /backlog` counts them. `steps` of `GET /imports/{entry_id}` are those of this import alone."
    )
    seconds: float = Field(description="How long it took.")


class PreviewedConversation(BaseModel):
    """A conversation of a file."""

    id: str = Field(description="Its id in the file.")
    title: str = Field(description="Its title.")
    messages: int = Field(description="The number of its messages.")
    turns: int = Field(description="The number of turns that they become.")
    people: list[str] = Field(description="Who writes, in talk between people, the most talkative first.")
    language: str = Field(description="The code of its language; empty if that cannot be told.", examples=["en"])
    first: datetime | None = Field(alias="from", description="The time of the oldest message.")
    last: datetime | None = Field(alias="to", description="The time of the newest message.")


class Previewed(BaseModel):
    """What is in a file. Nothing was written."""

    format: str = Field(description="The program that the file comes from.", examples=["whatsapp"])
    label: str = Field(description="What people call that program.", examples=["WhatsApp"])
    messages: int = Field(description="The number of messages, with those that would be left out.")
    turns: int = Field(description="The number of turns that they become, with those that are here already.")
    would_add: int = Field(description="The number of turns that the import would add.")
    would_add_messages: int = Field(description="The number of messages in those.")
    sessions: int = Field(description="The number of sessions that it would add: a pause of an hour ends one.")
    facts: int = Field(description="The number of memories, in a list of memories of another program.")
    people: dict[str, int] = Field(description="Messages by the name of their writer, in talk between people.")
    me: str = Field(description="Who of them is taken for the person; empty if nobody, or if there are none.")
    asks_me: bool = Field(description="Whether the option `me` has to say which of them the person is.")
    model_calls: dict[ReadingDepth, int | None] = Field(
        description="How often the model would be asked, by value of `remember`; null: known once `me` says who the person is."
    )
    model_seconds: dict[ReadingDepth, float | None] = Field(
        description="About how long that takes with this model, by what it took here before; null: nothing was measured yet."
    )
    skipped: dict[str, int] = Field(description="What would be left out, by reason; each reason names what it counts.")
    places: list[str] = Field(description="Where some of them are, and how ambiguous dates were read.")
    first: datetime | None = Field(alias="from", description="The time of the oldest message.")
    last: datetime | None = Field(alias="to", description="The time of the newest message.")
    conversations: list[PreviewedConversation] = Field(description="The conversations, newest first.")

    @classmethod
    def of(cls, found: preview.Preview, steps: BackgroundSteps) -> Previewed:
        """Return a preview as an answer."""
        told = found.as_json()
        depths: tuple[ReadingDepth, ...] = get_args(ReadingDepth)
        calls = {depth: found.calls(depth) for depth in depths}
        seconds = {depth: steps.estimate_import(found, depth) for depth in depths}
        conversations = [PreviewedConversation(**one) for one in told["of"]]
        return cls(
            **{**told, "conversations": conversations}, label=found.label, facts=found.facts, people=found.people,
            asks_me=found.asks_me, model_calls=calls, model_seconds=seconds,
        )  # fmt: skip


class Import(BaseModel):
    """An import that was begun."""

    id: str = Field(description="Its id.")
    format: str = Field(description="The program that the file comes from.")
    name: str = Field(description="The name of the file.")
    at: datetime = Field(description="When it was begun.")
    state: str = Field(description="`writing` (it goes on, also after a restart), `done`, or `undoing`.")
    depth: ReadingDepth = Field(description="How much of it the model reads.")
    conversations: int = Field(description="The number of conversations in the file.")
    messages: int = Field(description="The number of messages in the file, with those that were left out.")
    added: int = Field(description="The number of turns (of memories, for a list) that were added so far.")
    added_messages: int = Field(description="The number of messages in all turns that it adds.")
    skipped: dict[str, int] = Field(description="What was left out, by reason; each reason names what it counts.")
    first: datetime | None = Field(
        alias="from", description="The time of the oldest message, in its zone; in UTC where nothing of it is stored."
    )
    last: datetime | None = Field(alias="to", description="The time of the newest message, in the same zone.")
    paused: bool = Field(description="Whether the model's reading of it is paused.")
    steps: int = Field(description="The steps that the model has left to read of it.")

    @classmethod
    def of(cls, one: lines.Import, steps: int) -> Import:
        """Return a stored import as an answer."""
        told = {**one.model_dump(), "added_messages": one.added_messages, "steps": steps}
        return cls(**told, **{"from": told.pop("first"), "to": told.pop("last")})


class Undone(BaseModel):
    """What was removed with an import."""

    id: str = Field(description="The id that was named.")
    messages: int = Field(description="The number of turns.")
    memories: int = Field(description="The number of memories that were made from them.")
    pictures: int = Field(description="The number of pictures that no other message has.")


def _wanted(
    me: Annotated[Text, Query(description="The person's own name in talk between people, if it cannot be found.")] = "",
    zone: Annotated[
        Text, Query(description="The zone of times that name none; left out: the server's.", examples=["Europe/Berlin"])
    ] = "",
    day_first: Annotated[
        bool | None, Query(description="How dates of two numbers are read, if the file does not tell.")
    ] = None,
    since: Annotated[str, Query(description="Only messages from this day or time on.", examples=["2025-01-01"])] = "",
    remember: Annotated[
        ReadingDepth,
        Query(description="What the model reads later: `none`, each session once (`sessions`), or every message (`all`)."),
    ] = "sessions",
    format_: Annotated[
        Text,
        Query(alias="format", description="The program that it comes from, if it is not recognised.", examples=["chatgpt"]),
    ] = "",
) -> Wanted:
    """Return what the options of a request say about a file (a FastAPI dependency)."""
    begin = clock.parse_start(since, zone or None) if since else None
    if zone:
        clock.zone_of(zone)
    return Wanted(Choices(zone or None, me, day_first), format_, begin, remember)


async def _upload(
    request: Request,
    name: Annotated[
        Text, Query(description="The name of the file. WhatsApp's says whom a chat is with.", examples=["chatgpt.zip"])
    ] = "export",
) -> Upload:
    """Write the body to a temporary file (a FastAPI dependency). An import removes it; otherwise it goes with the request."""
    if request.headers.get("content-type", "").lower().startswith(_FORM):
        raise InvalidInput("The body is a form. Send the file itself as the body, as `curl --data-binary @FILE` does.")
    upload = Upload(name)
    try:
        with upload.path.open("wb") as file:
            async for piece in request.stream():
                await run_in_threadpool(file.write, piece)
    except BaseException as error:
        upload.remove()
        if isinstance(error, OSError):
            raise StorageError(
                f"The file cannot be stored on the server ({error.strerror}). Free some space there, and send it again."
            ) from error
        raise
    return upload


async def _when_free(me: Me) -> None:
    """Refuse a second import before its file is sent (a FastAPI dependency)."""
    me.service.importing.check_free(me.id)


Choice = Annotated[Wanted, Depends(_wanted)]
File = Annotated[Upload, Depends(_upload)]


@router.post(
    "/imports", summary="Import a history", operation_id="import_history", responses=_RUNNING, openapi_extra=_BODY,
    dependencies=[Depends(_when_free)],
)  # fmt: skip
async def import_history(me: Me, wanted: Choice, file: File) -> Imported:
    """Import what the person said in another program, from the file that it exports, sent as the body.

    The server takes bodies of 40 MB, or what `persona api --max-body` says; `persona import` on the command line takes any
    size, and folders. What is here already is skipped. The answer comes when everything can be searched by its words; if the
    connection ends before, the import goes on, and `GET /imports` has it. One import of a person runs at a time.
    """
    job = me.service.importing.start(me.id, file, wanted)
    try:
        return Imported(**await asyncio.shield(asyncio.wrap_future(job.done)))
    except PersonaError as error:
        raise _for_requests(error) from error


@router.post(
    "/imports/preview", summary="Look into a history", operation_id="preview_import", responses=failures(), openapi_extra=_BODY,
)  # fmt: skip
def preview_import(me: Me, wanted: Choice, file: File) -> Previewed:
    """Say what `POST /imports` would do with the same body and options: the conversations, and what would be left out and why.

    Nothing is written.
    """
    try:
        return Previewed.of(preview.preview(file.path, wanted, person_of(me.memory, me.id)), me.service.steps)
    except PersonaError as error:
        raise _for_requests(file.in_words(error)) from error
    finally:
        file.remove()


@router.get("/imports", summary="List imports", operation_id="list_imports", responses=failures())
def list_imports(me: Me, limit: Limit = 50, cursor: Cursor = "") -> Page[Import]:
    """List what was imported, newest first."""
    place = place_of(cursor, datetime, str)
    every = sorted(me.memory.imports.of(me.id), key=lambda one: (one.at, one.id), reverse=True)
    found = [one for one in every if place is None or (one.at, one.id) < place]
    shown, left = found[:limit], steps_by_import(me.memory.work.left(me.id))
    return Page(
        items=[Import.of(one, left.get(one.id, 0)) for one in shown],
        total=len(every),
        next=cursor_of(shown[-1].at, shown[-1].id) if len(found) > limit else None,
    )


@router.get("/imports/{entry_id}", summary="Get an import", operation_id="get_import", responses=failures(404))
def get_import(me: Me, entry_id: EntryId) -> Import:
    """Return one import; while it is written, `added` grows."""
    return _shown(me, entry_id)


@router.post(
    "/imports/{entry_id}/pause", summary="Pause an import", operation_id="pause_import", responses=failures(404),
)  # fmt: skip
def pause_import(me: Me, entry_id: EntryId) -> Import:
    """Let the model leave an import unread until it is resumed, also after a restart.

    Conversations, and what is searched, go on. A step that runs now is done to its end.
    """
    with _missing_in_words():
        me.memory.imports.reading.pause(entry_id, me.id)
    return _shown(me, entry_id)


@router.post(
    "/imports/{entry_id}/resume", summary="Resume an import", operation_id="resume_import", responses=failures(404),
)  # fmt: skip
def resume_import(me: Me, entry_id: EntryId) -> Import:
    """Let the model go on with an import that was paused."""
    with _missing_in_words():
        me.memory.imports.reading.resume(entry_id, me.id)
    me.service.journaled(me.id)
    return _shown(me, entry_id)


@router.delete("/imports/{entry_id}", summary="Undo an import", operation_id="undo_import", responses=failures(404))
def undo_import(me: Me, entry_id: EntryId) -> Undone:
    """Take an import out of memory as a whole, for good, with everything that was made from it.

    The file can be imported again.
    """
    with _missing_in_words():
        return Undone(id=entry_id, **me.memory.imports.undo(me.id, entry_id))


def _shown(me: Person, import_id: str) -> Import:
    with _missing_in_words():
        found = me.memory.imports.get(me.id, import_id)
    return Import.of(found, steps_by_import(me.memory.work.left(me.id)).get(import_id, 0))


@contextmanager
def _missing_in_words() -> Iterator[None]:
    """Say of an import that is not there which request lists all, instead of which command."""
    try:
        yield
    except NotFound as error:
        raise NotFound(error.message.replace("`persona imports list` shows all", "`GET /api/v1/imports` lists all")) from error


def _for_requests(error: PersonaError) -> PersonaError:
    """Return an error that names the requests and their options instead of commands and theirs."""
    message = _UNDO_COMMAND.sub(r"`DELETE /api/v1/imports/\1`", error.message)
    for option, instead in _AS_OPTIONS.items():
        message = message.replace(option, instead)
    return type(error)(message)
