"""Messages and conversations: list, send, answer again, answer an offer to forget, forget."""

from __future__ import annotations

import asyncio
import base64
import binascii
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from app.api.rest import forgetting
from app.api.rest.forgetting import Forgotten
from app.api.rest.inputs import EntryId, Text
from app.api.rest.models import Turn
from app.api.rest.paging import Cursor, Limit, Page, Since, Until, cursor_of, place_of, time_of, window_of
from app.api.rest.person import Me, Person, failures
from app.events import Answered
from graph.context import MessageOptions
from memory.browse.memories import Talk
from memory.browse.pages import Pages, TurnPlace
from memory.core import records
from memory.core.errors import InvalidInput

if TYPE_CHECKING:
    from app.events import Event

    Deliver = Callable[[Event | Exception], None]

router = APIRouter(tags=["messages"])

_LARGEST_SESSION = 2**31 - 1


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


class OfferAnswer(BaseModel):
    """The person's answer to an offer to forget."""

    model_config = ConfigDict(extra="forbid", strict=True)

    forget: bool = Field(description="True: forget everything that it names, with the request. False: keep it.")


class OfferOutcome(BaseModel):
    """What became of an offer to forget."""

    message: str = Field(description="The sentence for the person.")
    undo_id: str | None = Field(description="The id that restores it within 10 minutes; null: nothing was forgotten.")


class Conversation(BaseModel):
    """One conversation: messages without a gap of an hour."""

    session: int = Field(description="Its number.")
    begun: datetime = Field(description="The time of its first message.")
    turns: int = Field(description="The number of its messages.")
    first: str = Field(description="Its first message.")
    topic: str | None = Field(description="Its topic, once it is summarised.")

    @classmethod
    def of(cls, talk: Talk) -> Conversation:
        """Return a stored conversation as an answer."""
        return cls(session=talk.session, begun=talk.begun, turns=talk.turns, first=talk.first, topic=talk.topic)


@router.get("/conversations", summary="List conversations", operation_id="list_conversations", responses=failures())
def list_conversations(me: Me, limit: Limit = 50, cursor: Cursor = "") -> Page[Conversation]:
    """List conversations, newest first. `GET /turns?session=` lists the messages of one."""
    place = place_of(cursor, int)
    found = me.memory.browse.talks(me.id, limit=limit + 1, before=place[0] if place else None)
    more = len(found) > limit
    return Page(
        items=[Conversation.of(one) for one in found[:limit]],
        total=Pages(me.memory.browse).talks(me.id),
        next=cursor_of(found[limit - 1].session) if more else None,
    )


@router.get("/turns", summary="List messages", operation_id="list_turns", responses=failures())
def list_turns(
    me: Me,
    session: Annotated[int | None, Query(ge=1, le=_LARGEST_SESSION, description="Only this conversation.")] = None,
    since: Since = "",
    until: Until = "",
    limit: Limit = 50,
    cursor: Cursor = "",
) -> Page[Turn]:
    """List messages with their replies, newest first, without traces."""
    place = place_of(cursor, datetime, int)
    found, total = Pages(me.memory.browse).turns(
        me.id, window_of(since, until), session=session, limit=limit + 1, after=TurnPlace(*place) if place else None
    )
    last = found[limit - 1] if len(found) > limit else None
    return Page(
        items=[Turn.of(one) for one in found[:limit]], total=total, next=cursor_of(last.time, last.seq) if last else None
    )


@router.get("/turns/{entry_id}", summary="Get a message", operation_id="get_turn", responses=failures(404))
def get_turn(me: Me, entry_id: EntryId) -> Turn:
    """Return one message with its reply and how that came about."""
    return Turn.of(me.turn(entry_id))


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


@router.post("/turns/{entry_id}/offer", summary="Forget what was named", operation_id="answer_offer", responses=failures(404))
def answer_offer(me: Me, entry_id: EntryId, answer: OfferAnswer) -> OfferOutcome:
    """Answer the offer of a request to forget (`trace.forget`)."""
    turn = me.turn(entry_id)
    offer = turn.trace.forget if turn.trace else None
    if offer is None or offer.state != "open":
        raise InvalidInput(f"The message {entry_id!r} has no open offer to forget something.")
    if not answer.forget:
        return OfferOutcome(message=me.service.keep_offered(turn), undo_id=None)
    return OfferOutcome(message=me.service.forget_offered(turn), undo_id=turn.id)


@router.delete("/turns/{entry_id}", summary="Forget a message", operation_id="forget_turn", responses=failures(404))
def forget_turn(
    me: Me, entry_id: EntryId, *, now: forgetting.Now = False, personality_too: forgetting.PersonalityToo = False
) -> Forgotten:
    """Forget a message with everything that is based on it. `POST /memories/{id}/undo` restores it within 10 minutes."""
    return forgetting.forget(me, entry_id, now=now, personality_too=personality_too)


def _send(me: Person, message: NewMessage, deliver: Deliver) -> None:
    options = MessageOptions(
        force_retrieve=message.force_retrieve,
        reasoning=message.reasoning,
        off_the_record=message.off_the_record,
        personality_override=message.personality,
        instructions=message.instructions,
    )
    time = time_of(message.time, message.zone) if message.time is not None else None
    pictures = [_decoded(number, picture) for number, picture in enumerate(message.pictures, start=1)]
    me.service.start(deliver, me.id, message.text, pictures, time, zone=message.zone, options=options)


def _again(me: Person, turn_id: str, deliver: Deliver) -> None:
    me.turn(turn_id)
    events = me.service.answer_again(me.id, turn_id)

    def follow() -> None:
        try:
            for event in events:
                deliver(event)
        except Exception as error:  # noqa: BLE001 - it is raised to the one who waits for the reply
            deliver(error)

    threading.Thread(target=follow, name="persona-again", daemon=True).start()


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
