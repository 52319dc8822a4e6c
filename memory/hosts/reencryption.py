"""Encrypts what is in the object store with the first key, so that older keys are not needed any more."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

from sqlalchemy import delete, select

from memory.core.errors import InvalidInput, KeyMissing, NotFound, ObjectDamaged
from memory.core.records import Record, user_key
from memory.hosts import orphans
from memory.objects.encrypted_store import EncryptedStore
from memory.photos.store import objects_of
from memory.storage.engine import Database
from memory.storage.host_schema import snapshots
from memory.storage.schema import photos

_AT_ONCE = 8
_BATCH = 64
"""Photos between two reports of progress, after which an interrupted command ends."""
_Outcome = Literal["rewritten", "current", "missing", "unreadable"]


class Reencrypted(Record):
    """What was done.

    Attributes:
        rewritten: Objects that are encrypted with the first key now, and were not.
        current: Objects that were already.
        unreadable: Objects that are damaged, or encrypted with a key that is not set; they are as they were.
        copies: Copies of index files that were deleted, because they were not encrypted with the first key.
    """

    rewritten: int = 0
    current: int = 0
    unreadable: int = 0
    copies: int = 0


def reencrypt(database: Database, objects: EncryptedStore, on_progress: Callable[[int, int], None]) -> Reencrypted:
    """Encrypt all objects that a row names with the first key; hosts may serve meanwhile. It may be interrupted and repeated.

    Args:
        database: The journal's database.
        objects: The object store.
        on_progress: Called with the number of photos that were looked at, and how many are left.

    Raises:
        InvalidInput: There is no key.
        StorageError: The object store or the database cannot be used.
    """
    if not objects.encrypts:
        raise InvalidInput("There is no key to encrypt with. Set PERSONA_OBJECTS_KEY.")

    def _both(photo: tuple[str, str]) -> list[_Outcome]:
        return [_rewritten(database, objects, *photo, name) for name in objects_of(*photo)]

    counts: dict[str, int] = dict.fromkeys(Reencrypted.model_fields, 0)
    with database.read() as connection:
        all_ = [(row.user_id, row.id) for row in connection.execute(select(photos.c.user_id, photos.c.id))]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for first in range(0, len(all_), _BATCH):
            batch = all_[first : first + _BATCH]
            for outcomes in pool.map(_both, batch):
                for outcome in outcomes:
                    counts[outcome] = counts.get(outcome, 0) + 1
            on_progress(first + len(batch), len(all_) - first - len(batch))
    counts["copies"] = _drop_copies(database, objects)
    _renewed(objects, orphans.MARK)
    return Reencrypted(**{name: counts[name] for name in Reencrypted.model_fields})


def _renewed(objects: EncryptedStore, name: str) -> _Outcome:
    try:
        if objects.is_current(name):
            return "current"
        objects.put(name, objects.get(name))
    except NotFound:
        return "missing"
    except (ObjectDamaged, KeyMissing):
        return "unreadable"
    return "rewritten"


def _rewritten(database: Database, objects: EncryptedStore, user_id: str, photo_id: str, name: str) -> _Outcome:
    outcome = _renewed(objects, name)
    if outcome == "rewritten":
        mine = (photos.c.user_id == user_id) & (photos.c.id == photo_id)
        with database.glance() as connection:
            is_known = connection.execute(select(photos.c.id).where(mine)).first() is not None
        if not is_known:
            # It was forgotten between the reading and the writing, which must not bring it back.
            orphans.remove_unknown(database, objects, user_key(user_id), [name], user_id)
    return outcome


def _drop_copies(database: Database, objects: EncryptedStore) -> int:
    """Delete the copies of index files that are not encrypted with the first key: hosts make them again."""
    with database.read() as connection:
        names = list(connection.execute(select(snapshots.c.name).where(snapshots.c.whole)).scalars())
    dropped = 0
    for name in names:
        try:
            if objects.is_current(name):
                continue
        except NotFound:
            continue
        # The row first, as ever: what no row names is not loaded.
        with database.write() as connection:
            connection.execute(delete(snapshots).where(snapshots.c.name == name))
        objects.delete([name])
        dropped += 1
    return dropped
