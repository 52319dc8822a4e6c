"""Everything of a person, deleted at once and for good."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from app.api.rest.person import Me, Person, failures
from memory.core import clock
from memory.core.errors import InvalidInput
from memory.core.host_purge import HostPurge
from memory.core.records import TurnState
from memory.core.validation import user_name
from memory.storage.api_keys import ApiKey

router = APIRouter(tags=["everything of a person"])


class Deleted(BaseModel):
    """What was deleted. It holds no word of it."""

    user: str = Field(description="The person.")
    deleted_at: datetime = Field(description="When.")
    removed: dict[str, int] = Field(
        description="The number of messages (`turns`), memories, pictures (`photos`) and API keys (`keys`), which work no more."
    )
    found: dict[str, int] = Field(description="How much each store still had afterwards; all zeros is correct.")
    clean: bool = Field(description="Whether nothing is left in any store, and on no host.")
    hosts: list[HostPurge] = Field(
        description="Where several hosts share the journal: what each did with its index files. `down`: it removes them when "
        "it starts again, before it serves anyone."
    )


@router.delete("/me", summary="Delete everything", operation_id="delete_everything", responses=failures(404))
def delete_everything(
    me: Me,
    name: Annotated[
        str,
        Query(description="The person's name once more (`user` of `GET /me`), so that nothing is deleted by a slip. Required."),
    ] = "",
) -> Deleted:
    """Delete messages, memories, pictures, personality, choices and API keys from every store, at once and for good.

    There is no undo, but `POST /import` takes in a file that was exported before.
    """
    if user_name(name) != me.id:
        raise InvalidInput(
            f"Nothing was deleted. To delete everything about {me.id!r} at once and for good, repeat that name as the option "
            "`name`."
        )
    if any(turn.state is TurnState.RECEIVED for turn in me.memory.journal.newest(me.id).values()):
        raise InvalidInput(
            "A reply is being written. Stop it (`POST /api/v1/turns/{id}/stop`) or wait for it, then delete everything."
        )
    keys = me.memory.api_keys.list()
    _check_that_others_stay_closed(me, keys)
    own = sum(key.user == me.id and key.revoked is None for key in keys)
    removed = me.memory.delete_user(me.id)
    found = me.memory.left_of(me.id)
    return Deleted(
        user=me.id,
        deleted_at=clock.now(),
        removed={**removed, "keys": own},
        found=found,
        clean=not any(found.values()),
        hosts=me.memory.deletion.hosts_of(me.id),
    )


def _check_that_others_stay_closed(me: Person, keys: Sequence[ApiKey]) -> None:
    """Refuse to delete the only keys of the machine while others have a memory there, which would need no key then."""
    if keys and all(key.user == me.id for key in keys) and any(one["id"] != me.id for one in me.memory.journal.users()):
        raise InvalidInput(
            "Your API keys are the only ones of this machine, and without any key its programs could read the memory of "
            f"others. Make a key for someone else first, or run `persona user delete {me.id}` on the machine."
        )
