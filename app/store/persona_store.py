"""`PersonaStore`: LangGraph's `BaseStore` over a `Memory`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from langgraph.store.base import (
    BaseStore,
    GetOp,
    Item,
    ListNamespacesOp,
    Op,
    PutOp,
    Result,
    SearchItem,
    SearchOp,
    validate_op_namespace,
)

from app.store.filters import is_listed, matches
from app.store.namespaces import OWN, Namespaces, Place
from memory.core.errors import InvalidInput, NotFound
from memory.core.records import Episode, PhotoMemory, Procedure, ProfileEntry, SemanticMemory

if TYPE_CHECKING:
    from memory.memory import Memory
    from memory.storage.memory_rows import MemoryRecord
    from memory.stores.items import StoredItem

_KINDS: dict[type, str] = {
    ProfileEntry: "core",
    SemanticMemory: "semantic",
    Episode: "episodic",
    Procedure: "procedural",
    PhotoMemory: "photo",
}
_MAX_RESULTS = 100
"""Results of a search before namespace and filter."""
_READ_ONLY = (
    f"The namespace {OWN!r} has what the assistant remembers, and can only be read. Put items under another name; the person "
    "edits and forgets memories on the Memory page or in a chat."
)


class PersonaStore(BaseStore):
    """Items of an agent in a person's memory, and that memory as items.

    What an agent puts is remembered like a fact: searches find it, replies use it, the Memory page shows it, and the person can
    edit, forget and export it. What the assistant itself remembers can be read in the namespace `persona`.

    Args:
        memory: The memory.
        user_id: The person to whom every namespace belongs; None: a label of the namespace names the person.
        label: Which label that is, counted from 0. It may be percent-encoded, since LangGraph allows no period in a label.

    Example:
        >>> store = PersonaStore(memory)
        >>> store.put(("ada", "notes"), "tea", {"content": "Ada drinks her tea without sugar."})
        >>> [found] = store.search(("ada",), query="sugar", limit=1)
        >>> found.namespace, found.value["content"]
        (('ada', 'notes'), 'Ada drinks her tea without sugar.')
    """

    supports_ttl = False

    def __init__(self, memory: Memory, *, user_id: str | None = None, label: int = 0) -> None:
        self._memory = memory
        self._names = Namespaces(user_id, label)

    def batch(self, ops: Iterable[Op]) -> list[Result]:
        """Do operations one after another.

        Raises:
            InvalidInput: An operation asks for something that is not supported, or is refused.
        """
        return [self._do(op) for op in ops]

    async def abatch(self, ops: Iterable[Op]) -> list[Result]:
        """Do operations one after another, in a thread."""
        return await asyncio.to_thread(self.batch, list(ops))

    def _do(self, op: Op) -> Result:
        validate_op_namespace(op)
        match op:
            case GetOp():
                return self._get(op)
            case PutOp():
                self._put(op)
                return None
            case SearchOp():
                found = (one for one in self._search(op) if not op.filter or matches(one.value, op.filter))
                return list(islice(found, op.offset, op.offset + op.limit))
            case ListNamespacesOp():
                return self._namespaces(op)

    def _get(self, op: GetOp) -> Item | None:
        place = self._names.place(op.namespace)
        if not place.is_own:
            item = self._memory.items.get(place.user_id, place.labels, op.key)
            return Item(**self._fields(place.user_id, item)) if item else None
        try:
            record = self._memory.memories.get(place.user_id, op.key)
        except NotFound:
            return None
        return Item(**self._fields_of(place.user_id, record)) if place.labels == _labels(record) else None

    def _put(self, op: PutOp) -> None:
        place = self._names.place(op.namespace)
        if op.ttl is not None:
            raise InvalidInput("A time to live is not supported: the person decides how long something is remembered.")
        if op.index is not None:
            raise InvalidInput("The argument index is not supported: a value is always searched as a whole. Leave it out.")
        if place.is_own:
            raise InvalidInput(_READ_ONLY)
        if op.value is None:
            self._memory.items.delete(place.user_id, place.labels, op.key)
        else:
            self._memory.items.put(place.user_id, place.labels, op.key, op.value)

    def _search(self, op: SearchOp) -> Iterator[SearchItem]:
        """Yield what is in a namespace: for a query the best first, else items, the last stored first, and own memories."""
        place = self._names.place(op.namespace_prefix)
        if op.query:
            yield from self._by_query(place, op.query)
            return
        for item in self._memory.items.of(place.user_id, place.labels):
            yield SearchItem(**self._fields(place.user_id, item))
        if place.is_own or not place.labels:
            for record in reversed(self._records(place)):
                yield SearchItem(**self._fields_of(place.user_id, record))

    def _by_query(self, place: Place, query: str) -> Iterator[SearchItem]:
        """Yield the results of a search, best first; then the items that it does not reach, so that a filter misses none."""
        kind = "semantic" if place.labels and not place.is_own else None
        results = self._memory.search(place.user_id, query, kind=kind, limit=_MAX_RESULTS)
        scores = {one.id: one.score for one in results}
        found = self._fields_by_id(place, scores)
        yield from (SearchItem(**found[name], score=score) for name, score in scores.items() if name in found)
        for item in self._memory.items.of(place.user_id, place.labels):
            if item.id not in scores:
                yield SearchItem(**self._fields(place.user_id, item), score=0.0)

    def _fields_by_id(self, place: Place, ids: Iterable[str]) -> dict[str, dict[str, Any]]:
        """Return the fields of the items and memories among `ids` that are in a place, by id; a message is neither."""
        items = self._memory.items.by_ids(place.user_id, ids)
        found = {one.id: self._fields(place.user_id, one) for one in items.values() if place.holds(one.namespace)}
        others = [name for name in ids if name not in items]
        records = self._memory.memories.entries(place.user_id, ids=others) if others else []
        return found | {
            one.id: self._fields_of(place.user_id, one) for one in records if place.holds(_labels(one))
        }  # fmt: skip

    def _records(self, place: Place) -> list[MemoryRecord]:
        """Return the assistant's own memories in a place, oldest first."""
        records = self._memory.memories.entries(place.user_id)
        return [one for one in records if not _is_item(one) and place.holds(_labels(one))]

    def _namespaces(self, op: ListNamespacesOp) -> list[tuple[str, ...]]:
        own = self._names.user_id
        people = [one["id"] for one in self._memory.journal.users()] if own is None else [own]
        found = {
            self._names.full(user_id, labels)
            for user_id in people
            for labels in (
                *(one.namespace for one in self._memory.items.of(user_id)),
                *(_labels(one) for one in self._records(Place(user_id, ()))),
            )
        }
        listed = {one[: op.max_depth] for one in found if is_listed(one, op.match_conditions or ())}
        return sorted(listed)[op.offset : op.offset + op.limit]

    def _fields(self, user_id: str, item: StoredItem) -> dict[str, Any]:
        return {
            "namespace": self._names.full(user_id, item.namespace),
            "key": item.key,
            "value": item.value,
            "created_at": item.created,
            "updated_at": item.updated,
        }

    def _fields_of(self, user_id: str, record: MemoryRecord) -> dict[str, Any]:
        return {
            "namespace": self._names.full(user_id, _labels(record)),
            "key": record.id,
            "value": {"content": _content(record), "kind": _KINDS[type(record)], "time": record.time.isoformat()},
            "created_at": record.time,
            "updated_at": record.time,
        }


def _content(record: MemoryRecord) -> str:
    """Return what a memory says, with later corrections."""
    match record:
        case ProfileEntry():
            told = f"{record.key}: {record.value}"
        case Episode():
            told = record.summary
        case Procedure():
            told = record.text
        case PhotoMemory():
            told = record.told
        case SemanticMemory():
            return record.told
    return " ".join([told, *record.corrected])


def _labels(record: MemoryRecord) -> tuple[str, str]:
    """Return the namespace of one of the assistant's own memories."""
    return OWN, _KINDS[type(record)]


def _is_item(record: MemoryRecord) -> bool:
    return isinstance(record, SemanticMemory) and not record.turn_ids
