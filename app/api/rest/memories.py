"""Memories: list, search, correct, mark as outdated, approve, reject, forget."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from app.api.rest import forgetting
from app.api.rest.forgetting import Forgotten
from app.api.rest.inputs import EntryId, OptionalId, Text
from app.api.rest.models import KINDS, Memory, MemoryKind, Recalled
from app.api.rest.paging import Cursor, Limit, Page, Since, Until, cursor_of, page_by_number, place_of, window_of
from app.api.rest.person import Me, Person, failures
from app.api.rest.related import memories_of, memory_of
from memory.browse.pages import MemoryPlace, Pages
from memory.core import records
from memory.core.time_window import TimeWindow
from memory.stores.approvals import PendingApproval

router = APIRouter(tags=["memories"])

_MOST_FOUND = 100

Kinds = Annotated[Sequence[MemoryKind], Query(alias="kind", description="Only these kinds; give it several times for several.")]
KindsToSearch = Annotated[
    Sequence[MemoryKind],
    Query(alias="kind", description="Only these kinds; give it several times for several. Left out: every kind, and messages."),
]


class Correction(BaseModel):
    """The text that replaces a memory's."""

    model_config = ConfigDict(extra="forbid", strict=True)

    text: Text = Field(
        description='The corrected text, at most 2,000 characters. Memories call the person "the user".',
        examples=["The user plays the cello."],
    )


class Outdated(BaseModel):
    """What became of a memory that is no longer true."""

    id: str = Field(description="Its id, also for the undo.")
    memory: Memory | None = Field(description="The fact, kept as history; null: a profile line or a habit, which was removed.")


class Pending(BaseModel):
    """A sensitive message that needs approval before it is remembered."""

    id: str = Field(description="The id of the message, for approving and rejecting.")
    topic: str = Field(description="The sensitive topic.")
    time: datetime = Field(description="When it was said.")
    text: str = Field(description="The message.")
    facts: list[str] = Field(description="What would be remembered; empty until the background work has read the message.")

    @classmethod
    def of(cls, one: PendingApproval) -> Pending:
        """Return a pending approval as an answer."""
        return cls(id=one.turn_id, topic=one.topic, time=one.time, text=one.text, facts=list(one.facts))


class Approved(BaseModel):
    """The message that was approved."""

    turn_id: str = Field(description="The id of the message.")


@router.get("/memories", summary="List memories", operation_id="list_memories", responses=failures(404))
def list_memories(
    me: Me,
    kinds: Kinds = KINDS,
    since: Since = "",
    until: Until = "",
    turn: Annotated[OptionalId, Query(description="Only what was taken from this message: a fact, and pictures.")] = "",
    limit: Limit = 50,
    cursor: Cursor = "",
) -> Page[Memory]:
    """List memories, newest first, those that need approval included.

    A memory that is added while you page appears on no later page, and no memory appears twice.
    """
    source = me.turn(turn).id if turn else None
    place = place_of(cursor, datetime, str)
    found, total = Pages(me.memory.browse).memories(
        me.id, kinds, window_of(since, until), turn_id=source, limit=limit + 1, after=MemoryPlace(*place) if place else None
    )
    last = found[limit - 1] if len(found) > limit else None
    return Page(items=memories_of(me, found[:limit]), total=total, next=cursor_of(last.time, last.id) if last else None)


@router.get("/memories/search", summary="Search memories and messages", operation_id="search_memories", responses=failures())
def search_memories(
    me: Me,
    text: Annotated[str, Query(description="The search text.", examples=["cello"])],
    kinds: KindsToSearch = (),
    since: Since = "",
    until: Until = "",
    limit: Annotated[int, Query(ge=1, le=_MOST_FOUND, description="Most results.")] = 10,
) -> Page[Recalled]:
    """Search, best match first. All results are on one page. With kinds or times, they are among the 100 best of each kind."""
    found = _found(me, text, kinds, window_of(since, until), limit)
    return Page(items=[Recalled.of(one) for one in found], total=len(found))


@router.get("/memories/pending", summary="List what needs approval", operation_id="list_pending", responses=failures())
def list_pending(me: Me, limit: Limit = 50, cursor: Cursor = "") -> Page[Pending]:
    """List the sensitive messages that need approval, oldest first."""
    return page_by_number([Pending.of(one) for one in me.memory.approvals.waiting(me.id)], cursor, limit)


@router.get("/memories/{entry_id}", summary="Get a memory", operation_id="get_memory", responses=failures(404))
def get_memory(me: Me, entry_id: EntryId) -> Memory:
    """Return one memory with all its fields."""
    return memory_of(me, me.memory.memories.get(me.id, entry_id))


@router.patch("/memories/{entry_id}", summary="Correct a memory", operation_id="edit_memory", responses=failures(404))
def edit_memory(me: Me, entry_id: EntryId, correction: Correction) -> Memory:
    """Replace the text of a memory. Later rewrites keep it."""
    return memory_of(me, me.memory.edit(me.id, entry_id, correction.text))


@router.delete("/memories/{entry_id}", summary="Forget a memory", operation_id="forget_memory", responses=failures(404))
def forget_memory(
    me: Me,
    entry_id: EntryId,
    also: forgetting.Also = (),
    *,
    now: forgetting.Now = False,
    personality_too: forgetting.PersonalityToo = False,
) -> Forgotten:
    """Forget a memory with everything that mentions it. `POST /memories/{id}/undo` restores it within 10 minutes."""
    return forgetting.forget(me, entry_id, now=now, personality_too=personality_too, also=also)


@router.post("/memories/{entry_id}/outdate", summary="Mark as no longer true", operation_id="outdate", responses=failures(404))
def outdate(me: Me, entry_id: EntryId) -> Outdated:
    """Mark a memory as no longer true: a fact is kept as history, a profile line or a habit is removed.

    A topic or a picture tells of one time: correct its text instead. `POST /memories/{id}/undo` reverts it: a fact at any
    time, a line within 10 minutes.
    """
    record = me.memory.outdate(me.id, entry_id, me.now())
    return Outdated(id=entry_id, memory=memory_of(me, record) if record else None)


@router.post("/memories/{entry_id}/approve", summary="Approve", operation_id="approve", responses=failures(404))
def approve(me: Me, entry_id: EntryId) -> Approved:
    """Approve a sensitive message, by its id or by the id of a memory from it: it is then remembered like any other."""
    return Approved(turn_id=me.memory.approvals.approve(me.id, entry_id))


@router.post("/memories/{entry_id}/reject", summary="Reject", operation_id="reject", responses=failures(404))
def reject(me: Me, entry_id: EntryId, *, now: forgetting.Now = False) -> Forgotten:
    """Reject a sensitive message: it is forgotten with everything that mentions it. You can undo this for 10 minutes."""
    subject = me.memory.approvals.turn_of(me.id, entry_id)
    return forgetting.told(subject, me.memory.reject(me.id, entry_id, now=now))


def _found(me: Person, text: str, kinds: Sequence[MemoryKind], window: TimeWindow, limit: int) -> list[records.Recalled]:
    # A kind or a time leaves out some of the best matches, so more are looked at.
    depth = _MOST_FOUND if kinds or window.is_bounded else limit
    found = [one for kind in kinds or (None,) for one in me.memory.search(me.id, text, kind=kind, limit=depth)]
    wanted = [one for one in found if (not kinds or one.kind in kinds) and window.contains(one.time.timestamp())]
    return sorted(wanted, key=lambda one: -one.score)[:limit]
