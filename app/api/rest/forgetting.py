"""Forgetting one thing, or several together; undo; and the receipts of what was deleted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from app.api.rest.inputs import EntryId
from app.api.rest.models import Memory
from app.api.rest.paging import Cursor, Limit, Page, page_by_number
from app.api.rest.person import Me, Person, failures
from app.api.rest.related import memory_of
from memory.browse.memories import Undoable
from memory.forgetting.cascade import Together
from memory.forgetting.purge import ForgetReceipt

router = APIRouter(tags=["forgetting"])

Now = Annotated[bool, Query(description="Delete it at once and for good. Otherwise it can be restored for 10 minutes.")]
PersonalityToo = Annotated[
    bool, Query(description="Also remove what its messages changed in the personality, for good, even after an undo.")
]
Also = Annotated[
    Sequence[str], Query(description="Ids of more things that are forgotten, restored and deleted with it.", max_length=100)
]


class Receipt(BaseModel):
    """The result of deleting something for good. It holds no word of what was deleted."""

    subject: str = Field(description="The id that was named.")
    kind: str = Field(description="Its kind.")
    forgotten_at: datetime = Field(description="When it was hidden.")
    purged_at: datetime = Field(description="When it was deleted for good.")
    removed: dict[str, int] = Field(description="How many things of each kind were deleted.")
    sessions: list[int] = Field(description="The conversations that are summarised again without it.")
    found: dict[str, int] = Field(description="How much each store still had afterwards; all zeros is correct.")
    clean: bool = Field(description="Whether nothing is left in any store or file.")
    mentioned: list[str] = Field(description="Ids of what mentions it in other words, and stays.")
    hosts: dict[str, str] = Field(
        description="Where several hosts share the memory, by host: `purged`, `waiting`, or `down` (at its next start)."
    )

    @classmethod
    def of(cls, receipt: ForgetReceipt) -> Receipt:
        """Return a stored receipt as an answer."""
        return cls(
            subject=receipt.subject, kind=receipt.kind, forgotten_at=receipt.forgotten_at, purged_at=receipt.purged_at,
            removed=receipt.removed, sessions=list(receipt.sessions), found=receipt.found, clean=receipt.is_clean,
            mentioned=list(receipt.mentioned), hosts={one.host: one.state for one in receipt.hosts},
        )  # fmt: skip


class Forgotten(BaseModel):
    """What was forgotten."""

    id: str = Field(description="The id that was named, also for the undo.")
    kind: str = Field(description="Its kind.")
    counts: dict[str, int] = Field(description="How many things of each kind were forgotten with it.")
    mentioned: list[str] = Field(description="Ids of what mentions it in other words, and stays.")
    receipt: Receipt | None = Field(description="The receipt, if it was deleted at once.")


class Restorable(BaseModel):
    """Something that was forgotten and can still be restored."""

    id: str = Field(description="The id that restores it.")
    kind: str = Field(description="Its kind.")
    until: datetime = Field(description="When it is deleted for good.")
    counts: dict[str, int] = Field(description="How many things of each kind were forgotten with it.")

    @classmethod
    def of(cls, one: Undoable) -> Restorable:
        """Return a stored forgetting as an answer."""
        return cls(id=one.subject, kind=one.kind, until=one.until, counts=one.counts)


class Restored(BaseModel):
    """What was restored."""

    id: str = Field(description="The id that was named.")
    memory: Memory | None = Field(description="The memory as it is now; null: it was a message or a picture.")


def forget(me: Person, subject: str, *, now: bool, personality_too: bool = False, also: Sequence[str] = ()) -> Forgotten:
    """Forget a memory, a message or a picture with everything that is based on it.

    Raises:
        NotFound: The person has nothing with that id.
    """
    together = Together([name for name in also if "\x00" not in name]) if also else None
    done = me.memory.forget(me.id, subject, now=now, personality_too=personality_too, together=together)
    return told(subject, done)


def told(subject: str, done: object) -> Forgotten:
    """Return the result of a forgetting as an answer."""
    from memory.forgetting.cascade import Cascade

    if isinstance(done, ForgetReceipt):
        receipt = Receipt.of(done)
        return Forgotten(id=subject, kind=done.kind, counts=done.removed, mentioned=receipt.mentioned, receipt=receipt)
    assert isinstance(done, Cascade)
    return Forgotten(id=subject, kind=done.kind, counts=done.counts(), mentioned=list(done.mentioned), receipt=None)


@router.get("/memories/forgotten", summary="What can still be restored", operation_id="list_forgotten", responses=failures())
def list_forgotten(me: Me, limit: Limit = 50, cursor: Cursor = "") -> Page[Restorable]:
    """List what was forgotten in the last 10 minutes, newest first."""
    return page_by_number([Restorable.of(one) for one in me.memory.browse.undoable(me.id)], cursor, limit)


@router.post("/memories/{entry_id}/undo", summary="Undo", operation_id="undo", responses=failures(404))
def undo(me: Me, entry_id: EntryId) -> Restored:
    """Restore something forgotten within 10 minutes, or at any time a fact that a newer one replaced or that was outdated."""
    record = me.memory.undo(me.id, entry_id)
    return Restored(id=entry_id, memory=memory_of(me, record) if record else None)


@router.get("/receipts", summary="Receipts of what was deleted", operation_id="list_receipts", responses=failures())
def list_receipts(me: Me, limit: Limit = 50, cursor: Cursor = "") -> Page[Receipt]:
    """List the receipts, oldest first."""
    return page_by_number([Receipt.of(one) for one in me.memory.receipts(me.id)], cursor, limit)
