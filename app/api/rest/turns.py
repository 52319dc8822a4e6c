"""Messages and conversations: list, answer an offer to forget, forget."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from app.api.rest import forgetting
from app.api.rest.forgetting import Forgotten
from app.api.rest.inputs import EntryId
from app.api.rest.paging import Cursor, Limit, Page, Since, Until, cursor_of, place_of, window_of
from app.api.rest.person import Me, failures
from app.api.rest.traces import Turn
from memory.browse.memories import Talk
from memory.browse.pages import Pages, TurnPlace
from memory.core.errors import InvalidInput

router = APIRouter(tags=["messages"])

_LARGEST_SESSION = 2**31 - 1


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
