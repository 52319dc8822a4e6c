"""Items of other programs: a JSON value under a namespace and a key, remembered as a fact that has no message.

An item is a row of the semantic memories, so it is searched, shown, forgotten, exported and deleted like any other.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select, update

from memory.consent.consent_rule import Marker
from memory.consent.sensitive import NAMED
from memory.core import clock
from memory.core.errors import InvalidInput
from memory.core.validation import check_text
from memory.facts import supersession_rows
from memory.forgetting import soft_delete
from memory.storage import tombstones, user_rows
from memory.storage.engine import Database
from memory.storage.memory_rows import item_id
from memory.storage.schema import memories

_MAX_JSON_CHARACTERS = 20_000
_TEXT_KEYS = ("content", "text", "memory")
"""Keys whose text is what a value says, where it has one of them."""
_ITEMS = (memories.c.kind == "semantic") & (memories.c.source == memories.c.id)


@dataclass(frozen=True)
class StoredItem:
    """An item.

    Attributes:
        id: Its id as a memory.
        namespace: Where it is, without the person.
        key: Its key there.
        value: What was stored; with the person's own text where they edited it.
        created: When it was first stored.
        updated: When it was last stored.
    """

    id: str
    namespace: tuple[str, ...]
    key: str
    value: dict[str, Any]
    created: datetime
    updated: datetime


class Items:
    """The items of all users. Every public method is one transaction.

    Args:
        database: The database that stores them.
        marker: Finds the sensitive topic of a text, and knows what each person chose. None: no text is judged.
        index: Indexes what has changed of a user.
    """

    def __init__(self, database: Database, marker: Marker | None, index: Callable[[str], object]) -> None:
        self._db = database
        self._marker = marker
        self._index = index

    def put(self, user_id: str, namespace: Sequence[str], key: str, value: Mapping[str, Any]) -> None:
        """Store an item, and index it; see `store`."""
        self.store(user_id, namespace, key, value)
        self._index(user_id)

    def store(
        self, user_id: str, namespace: Sequence[str], key: str, value: Mapping[str, Any], time: datetime | None = None
    ) -> str:
        """Store an item; it replaces the one with the same key, even if the person edited that.

        Args:
            user_id: The user.
            namespace: Where it is, without the person.
            key: Its key there.
            value: What to store.
            time: When it was learned; None: now.

        Returns:
            Its id as a memory.

        Raises:
            InvalidInput: The value is no JSON or too long, the person had it forgotten, or it is sensitive and the person
                wants to be asked, or wants no such thing kept.
        """
        text = as_text(value)
        check_text(text)
        name = item_id(user_id, namespace, key)
        topic = self._marker.judge(text) if self._marker else None
        now = clock.instant()
        with self._db.write(user_id) as connection:
            if topic is not None and self._marker and self._marker.pending(connection, user_id, topic):
                raise InvalidInput(
                    f"This is about {NAMED[topic]}, and the person has to agree before it is kept. Let them say it in a chat."
                )
            user_rows.ensure(connection, user_id)
            row = connection.execute(select(memories).where(memories.c.user_id == user_id, memories.c.id == name)).first()
            is_hidden = row is not None and row.hidden_at is not None and not row.extra.get("replaced")
            if tombstones.is_forgotten(connection, user_id, name, text) or (row is not None and is_hidden and row.text == text):
                raise InvalidInput("The person had this forgotten, so it is not stored again.")
            there = row is not None and row.hidden_at is None
            created = row.extra["item"]["created"] if row is not None and there else now.isoformat()
            item = {"namespace": list(namespace), "key": key, "value": dict(value), "created": created}
            values: dict[str, Any] = {
                "at": time or now, "zone": clock.zone_name(clock.now()), "text": text, "keywords": [], "edited": False,
                "extra": {"reason": "", "photo_ids": [], "item": item}, "hidden_at": None, "sensitive": topic,
            }  # fmt: skip
            if row is None:
                fixed = {"id": name, "user_id": user_id, "kind": "semantic", "source": name}
                connection.execute(insert(memories).values(**values, **fixed, revision=1, indexed_revision=0))
            else:
                # With its new text it no longer repeats another fact.
                supersession_rows.part(connection, user_id, name)
                changed = update(memories).where(memories.c.id == name)
                connection.execute(changed.values(**values, revision=memories.c.revision + 1))
        return name

    def delete(self, user_id: str, namespace: Sequence[str], key: str) -> bool:
        """Delete an item, but nothing that was said or made besides; returns whether there was one.

        It can be undone for 10 minutes, and it may be stored again: only the person has things forgotten for good.
        """
        name = item_id(user_id, namespace, key)
        with self._db.write(user_id) as connection:
            mine = (memories.c.user_id == user_id) & (memories.c.id == name) & memories.c.hidden_at.is_(None)
            if connection.execute(select(memories.c.id).where(mine)).first() is None:
                return False
            # What the person said stays, also where it only repeats the item.
            repeats = (memories.c.user_id == user_id) & (memories.c.same_as == name)
            connection.execute(update(memories).where(repeats).values(same_as=None, revision=memories.c.revision + 1))
            soft_delete.hide(connection, user_id, name, clock.instant())
            row = connection.execute(select(memories.c.extra).where(memories.c.id == name)).one()
            connection.execute(update(memories).where(memories.c.id == name).values(extra={**row.extra, "replaced": True}))
        self._index(user_id)
        return True

    def get(self, user_id: str, namespace: Sequence[str], key: str) -> StoredItem | None:
        """Return an item; None if there is none."""
        return self.by_ids(user_id, [item_id(user_id, namespace, key)]).get(item_id(user_id, namespace, key))

    def by_ids(self, user_id: str, ids: Iterable[str]) -> dict[str, StoredItem]:
        """Return the items among some memories, by id."""
        return {one.id: one for one in self._read(user_id, list(ids))}

    def of(self, user_id: str, prefix: Sequence[str] = ()) -> list[StoredItem]:
        """Return the items in all namespaces that begin with a prefix, the last stored first."""
        found = [one for one in self._read(user_id, None) if one.namespace[: len(prefix)] == tuple(prefix)]
        return sorted(found, key=lambda one: one.updated, reverse=True)

    def users(self) -> list[str]:
        """Return the users who have items."""
        query = select(memories.c.user_id).where(_ITEMS, memories.c.hidden_at.is_(None)).distinct()
        with self._db.read() as connection:
            return sorted(connection.execute(query).scalars())

    def _read(self, user_id: str, ids: list[str] | None) -> list[StoredItem]:
        mine = select(memories).where(memories.c.user_id == user_id, _ITEMS)
        mine = mine.where(memories.c.hidden_at.is_(None), memories.c.held.is_(None))
        with self._db.read() as connection:
            rows = connection.execute(mine if ids is None else mine.where(memories.c.id.in_(ids))).all()
        return [_item(row) for row in rows]


def as_text(value: Mapping[str, Any]) -> str:
    """Return what a value says, for search and for the person.

    Raises:
        InvalidInput: It is no JSON, or too long.
    """
    try:
        size = len(json.dumps(value, ensure_ascii=False, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInput("A value must be JSON: a mapping of texts, numbers, lists and mappings.") from error
    if size > _MAX_JSON_CHARACTERS:
        raise InvalidInput(f"A value has at most {_MAX_JSON_CHARACTERS:,} characters as JSON; this has {size:,}.")
    said = next((key for key in _TEXT_KEYS if isinstance(value.get(key), str) and value[key].strip()), None)
    rest = {key: one for key, one in value.items() if key != said}
    parts = [] if said is None else [value[said]]
    return "\n".join([*parts, *_lines(rest)]) or "(empty)"


def _lines(value: object, path: str = "") -> list[str]:
    match value:
        case Mapping():
            return [line for key, one in value.items() for line in _lines(one, f"{path}.{key}" if path else str(key))]
        case list() | tuple() if any(isinstance(one, Mapping | list | tuple) for one in value):
            return [line for number, one in enumerate(value) for line in _lines(one, f"{path}[{number}]")]
        case list() | tuple():
            return [f"{path}: {', '.join(map(str, value))}"]
        case _:
            return [f"{path}: {value}"]


def _item(row: Row[Any]) -> StoredItem:
    item = row.extra["item"]
    value = dict(item["value"])
    if row.edited:
        # The person's own words instead of the program's.
        said = next((key for key in _TEXT_KEYS if isinstance(value.get(key), str)), _TEXT_KEYS[0])
        value = {said: row.text}
    zone = clock.zone_of(row.zone)
    created = datetime.fromisoformat(item["created"]).astimezone(zone)
    return StoredItem(row.id, tuple(item["namespace"]), item["key"], value, created, row.at.astimezone(zone))
