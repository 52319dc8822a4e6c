"""Replies: send a message and wait for the reply, answer again, stop a reply."""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from app.api.rest.inputs import EntryId, Text
from app.api.rest.paging import time_of
from app.api.rest.person import Me, Person, failures
from app.api.rest.traces import Turn
from app.events import Answered, Deliver, Event
from graph.context import MessageOptions
from memory.core import records
from memory.core.errors import InvalidInput
from memory.core.records import TurnState

router = APIRouter(tags=["messages"])


_FIRST_YEAR, _LAST_YEAR = 1000, 9000


class NewMessage(BaseModel):
    """A message to the assistant."""

    model_config = ConfigDict(extra="forbid", strict=True)

    text: Text = Field(
        default="",
        description="The message, at most 20,000 characters; may be empty beside a picture.",
        examples=["When does my quartet rehearse?"],
    )
    pictures: list[str] = Field(
        default=[],
        description="At most 8 pictures (PNG, JPEG, WebP or GIF, 20 MB each), each as base64 or as a data URL.",
    )
    time: Text | None = Field(
        default=None,
        description="When it is said, not before the last message; null: now.",
        examples=["2026-03-01T09:30+01:00"],
    )
    zone: Text | None = Field(
        default=None, description="The time zone of `time`, if it names none, and of the present.", examples=["Europe/Berlin"]
    )
    off_the_record: bool = Field(default=False, description="Use memory, but write nothing anywhere.")
    force_retrieve: bool = Field(default=False, description="Search memory at least once before the reply.")
    reasoning: bool = Field(default=True, description="False: search once with the message, then answer without thinking.")
    personality: dict[Text, float] | None = Field(
        default=None, description="Scores from 1 to 5 by trait, for this reply alone.", examples=[{"openness": 4.0}]
    )
    instructions: Text = Field(
        default="", description="Instructions of your program for this reply alone; never remembered.", max_length=20_000
    )


class Stopped(BaseModel):
    """What became of a request to stop a reply."""

    id: str = Field(description="The id of the message.")
    stopped: bool = Field(description="Whether a reply was being written, and stops.")
    message: str = Field(description="The same in a sentence.")


@router.post("/turns", summary="Send a message", operation_id="send_message", responses=failures(409, 500, 502))
async def send_message(me: Me, message: NewMessage) -> Turn:
    """Send a message, and wait for the whole reply. It is in the journal before the reply begins.

    If the reply fails, the message is kept as unanswered. If you close the connection, the reply is completed all the same.
    To see a reply while it is written, use `POST /v1/chat/completions`.
    """
    return Turn.of(await _answered(partial(_send, me, message)))


@router.post("/turns/{entry_id}/again", summary="Answer again", operation_id="answer_again", responses=failures(404, 500, 502))
async def answer_again(me: Me, entry_id: EntryId) -> Turn:
    """Write a new reply to the last message, after a failure or because another one is wanted. The new turn replaces it."""
    return Turn.of(await _answered(partial(_again, me, entry_id)))


@router.post("/turns/{entry_id}/stop", summary="Stop a reply", operation_id="stop_reply", responses=failures(404))
def stop_reply(me: Me, entry_id: EntryId) -> Stopped:
    """Stop a reply while it is written. The part that is written becomes the reply, also for the request that waits for it.

    `GET /turns` has the id of a message whose reply is on its way (`received`).
    """
    turn = me.turn(entry_id)
    if me.service.stop(turn.id):
        return Stopped(id=turn.id, stopped=True, message="The reply stops. The part that is written becomes the reply.")
    if turn.state is TurnState.RECEIVED:
        told = "Another program writes this reply, or it has just ended. Look at the message again, or stop it there."
    else:
        told = "No reply to this message is being written, so there is nothing to stop."
    return Stopped(id=turn.id, stopped=False, message=told)


def _send(me: Person, message: NewMessage, deliver: Deliver) -> None:
    options = MessageOptions(
        force_retrieve=message.force_retrieve,
        reasoning=message.reasoning,
        off_the_record=message.off_the_record,
        personality_override=message.personality,
        instructions=message.instructions,
    )
    time = time_of(message.time, message.zone) if message.time is not None else None
    if time is not None and not _FIRST_YEAR <= time.year <= _LAST_YEAR:
        # A prompt names days before and after it, which must exist too.
        raise InvalidInput(f"The year {time.year} is too far away. Give one from {_FIRST_YEAR} to {_LAST_YEAR}.")
    pictures = [_decoded(number, picture) for number, picture in enumerate(message.pictures, start=1)]
    me.service.start(deliver, me.id, message.text, pictures, time, zone=message.zone, options=options)


def _again(me: Person, turn_id: str, deliver: Deliver) -> None:
    me.turn(turn_id)
    me.service.start_again(deliver, me.id, turn_id)


async def _answered(begin: Callable[[Deliver], None]) -> records.Turn:
    """Wait for a whole reply. No thread is kept waiting: many people may be answered at once."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[records.Turn] = loop.create_future()

    def settle(event: Event | Exception) -> None:
        if done.done():
            return
        if isinstance(event, Exception):
            done.set_exception(event)
        elif isinstance(event, Answered):
            done.set_result(event.turn)

    def deliver(event: Event | Exception) -> None:
        # The loop is closed if the server ended meanwhile.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(settle, event)

    await run_in_threadpool(begin, deliver)
    return await done


def _decoded(number: int, picture: str) -> bytes:
    data = picture.partition(",")[2] if picture.startswith("data:") else picture
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidInput(f"Picture {number} is not base64 ({error}). Send it as base64 or as a data URL.") from error
