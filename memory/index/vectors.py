"""Vectors of one kind of one user's entries, in memory and in 8 bits, compared one by one and exactly (no I/O).

Half a millisecond for the 30,000 documents of 10,000 turns, and nothing to be trained, tuned or rebuilt (docs/decisions/032).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import simsimd
from numpy.typing import NDArray

from memory.core.passages import turn_of
from memory.embedding.token_vectors import Bytes, Vectors, packed
from memory.index.filters import Scope

FACETS = ("content", "keywords", "turn", "whole", "before", "sentence", "exchange", "reply")
"""What of an entry is embedded: `content` and `keywords` of a memory; a `turn` without its speaker's name, the `whole` of it
with that name, with the turn `before` it, each `sentence`, and the `exchange`, the message with its reply; of a long turn, a
passage of its `reply`. The first facet of an entry is what it says."""
NONE = -2.0
"""Instead of a cosine, where an entry has no such facet."""
_FIRST_ROOM = 64
_FAR = np.inf
_WASTED = 1_000
_MANY = 10_000
"""Documents from which on those that are likely near are chosen by a sample."""
_SAMPLE = 4_096
_SPARE = 8
"""So many times as many documents as entries are asked for: several are of one entry, and some may not be found."""


@dataclass(frozen=True)
class Placed:
    """One entry's vectors.

    Attributes:
        name: The entry's id.
        at: When it was said, in seconds since 1970.
        happened: The time that it tells of, from and until, where it names one.
        facets: What each row is of; never empty.
        rows: The vectors as `packed` makes them; shape (facets, size).
    """

    name: str
    at: float
    happened: tuple[float, float] | None
    facets: Sequence[str]
    rows: Bytes


class Nearness:
    """How near each entry is to each of some questions.

    Args:
        names: The entries' ids; they stand in places, by number.
        allowed: Which of them may be found.
        scores: Cosines of questions and documents; shape (questions, documents).
        facets: What each document is of, as a place in `FACETS`.
        starts: Where each entry's documents begin.
        places: Where each id stands, of these and maybe of later ones.
    """

    def __init__(
        self,
        names: Sequence[str],
        allowed: NDArray[np.bool_],
        scores: NDArray[np.float32],
        facets: NDArray[np.uint8],
        starts: NDArray[np.int64],
        places: dict[str, int],
    ) -> None:
        self._names = names
        self._allowed = allowed
        self._scores = scores
        self._facets = facets
        self._starts = starts
        self._places = places

    def content(self, question: int) -> NDArray[np.float32]:
        """Return how near each entry's first facet is."""
        content: NDArray[np.float32] = self._scores[question, self._starts]
        return content

    def best(self, question: int) -> NDArray[np.float32]:
        """Return how near each entry's nearest facet is."""
        return np.maximum.reduceat(self._scores[question], self._starts) if len(self._starts) else self._scores[question]

    def of(self, facet: str, question: int, places: Sequence[int] | None = None) -> NDArray[np.float32]:
        """Return how near each entry's nearest facet of one kind is, or of those in some places; `NONE` where there is none."""
        starts, facets = self._starts, self._facets
        scores: NDArray[np.float32] = self._scores[question]
        if not len(starts):
            return scores
        if places is not None:
            sizes = np.diff(starts, append=len(facets))[places]
            ends = np.cumsum(sizes)
            # The documents of these entries, one entry after another.
            chosen = np.arange(ends[-1]) + np.repeat(starts[places] - ends + sizes, sizes)
            starts, facets, scores = ends - sizes, facets[chosen], scores[chosen]
        return np.maximum.reduceat(np.where(facets == FACETS.index(facet), scores, np.float32(NONE)), starts)

    def top(self, question: int, limit: int, facet: str | None = None) -> dict[str, float]:
        """Return the entries that may be found and whose nearest facet, or nearest one of a kind, is nearest; nearest first.

        What `nearest` makes of `best` or `of`, but of many documents only those that are likely near enough are looked at
        one by one; where they turn out to be too few, all are.
        """
        scores = self._scores[question]
        near = scores >= _likely(scores, limit) if len(scores) > _MANY else None
        if near is not None:
            if facet is not None:
                near &= self._facets == FACETS.index(facet)
            chosen = np.flatnonzero(near)
            entries = np.searchsorted(self._starts, chosen, side="right") - 1
            found = self._allowed[entries]
            chosen, entries = chosen[found], entries[found]
            heads = np.flatnonzero(np.diff(entries, prepend=-1))
            if len(heads) >= limit:
                best = np.maximum.reduceat(scores[chosen], heads)
                order = np.argsort(-best, kind="stable")[:limit]
                return {self._names[entries[heads[place]]]: float(best[place]) for place in order.tolist()}
        return self.nearest(self.best(question) if facet is None else self.of(facet, question), limit)

    def nearest(self, scores: NDArray[np.floating[Any]], limit: int) -> dict[str, float]:
        """Return the entries that may be found and are nearest by these scores, nearest first."""
        scores = np.where(self._allowed, scores, NONE)
        some = np.argpartition(scores, -limit)[-limit:] if limit < len(scores) else np.arange(len(scores))
        some.sort()
        ordered = some[np.argsort(-scores[some], kind="stable")]
        return {self._names[place]: score for place in ordered.tolist() if (score := float(scores[place])) > NONE}

    def best_passages(self, name: str, limit: int) -> list[str]:
        """Return the entries of a long turn's further passages that are nearest to any of the questions."""
        first = self._places.get(name, len(self._allowed)) + 1
        end = first
        while end < len(self._starts) and turn_of(self._names[end]) == name:
            end += 1
        near = self._scores[:, self._starts[first:end]].max(axis=0) if end > first else np.zeros(0)
        return [self._names[first + place] for place in np.argsort(-near, kind="stable")[:limit].tolist()]

    def where(self, names: Iterable[str]) -> dict[str, int]:
        """Return where those of these entries stand that are here and may be found."""
        end = len(self._allowed)
        there = ((name, self._places.get(name, end)) for name in names)
        return {name: place for name, place in there if place < end and self._allowed[place]}


class VectorIndex:
    """The vectors of one kind.

    Whoever changes it holds a lock of theirs, and so does whoever calls `near`; what that returned needs none.

    Args:
        size: Numbers of a vector.
    """

    def __init__(self, size: int) -> None:
        self._names: list[str] = []
        self._places: dict[str, int] = {}
        self._times = np.zeros((3, _FIRST_ROOM))
        self._alive = np.zeros(_FIRST_ROOM, dtype=np.bool_)
        self._starts = np.zeros(_FIRST_ROOM, dtype=np.int64)
        self._rows = np.zeros((_FIRST_ROOM, size), dtype=np.int8)
        self._scales = np.zeros(_FIRST_ROOM, dtype=np.float32)
        self._facets = np.zeros(_FIRST_ROOM, dtype=np.uint8)
        self._documents = 0
        self._gone = 0

    def __len__(self) -> int:
        return len(self._places)

    @property
    def bytes(self) -> int:
        """Say how much memory it takes, about."""
        entry = 3 * 8 + 8 + 1 + 250
        arrays = (self._rows, self._scales, self._facets)
        return sum(array.nbytes for array in arrays) + entry * len(self._names)

    @property
    def is_wasteful(self) -> bool:
        """Say whether most of it is of entries that were removed or replaced: it is read anew then."""
        return self._gone > _WASTED and self._gone > len(self._places)

    def put(self, entries: Sequence[Placed]) -> None:
        """Add entries; those that are there are replaced."""
        self.remove([entry.name for entry in entries])
        entries = [entry for entry in entries if entry.facets]
        if not entries:
            return
        first, end = len(self._names), self._documents + sum(len(entry.facets) for entry in entries)
        self._make_room(first + len(entries), end)
        rows = np.concatenate([entry.rows for entry in entries])
        self._rows[self._documents : end] = rows
        self._scales[self._documents : end] = _scales(rows)
        self._facets[self._documents : end] = [FACETS.index(facet) for entry in entries for facet in entry.facets]
        for place, entry in enumerate(entries, start=first):
            # What tells of no time happened never: after its end, before its beginning.
            self._times[:, place] = (entry.at, *(entry.happened or (_FAR, -_FAR)))
            self._starts[place] = self._documents
            self._alive[place] = True
            self._documents += len(entry.facets)
            self._names.append(entry.name)
            self._places[entry.name] = place

    def remove(self, names: Iterable[str]) -> None:
        """Remove entries; unknown ones are passed over."""
        for name in names:
            place = self._places.pop(name, None)
            if place is not None:
                end = self._starts[place + 1] if place + 1 < len(self._names) else self._documents
                self._alive[place] = False
                self._rows[self._starts[place] : end] = 0
                self._gone += 1

    def near(self, vectors: Vectors, scope: Scope) -> Nearness:
        """Compare unit vectors (questions, size) with everything, and say which of it the scope allows."""
        count, documents = len(self._names), self._documents
        asked = packed(vectors)
        scores = self._compared(asked)
        return Nearness(
            self._names,
            self._allowed(scope, count),
            scores,
            self._facets[:documents],
            self._starts[:count],
            self._places,
        )

    def _compared(self, asked: Bytes) -> NDArray[np.float32]:
        """Return the cosines of some vectors and all documents."""
        rows = self._rows[: self._documents]
        if not len(asked) or not len(rows):
            return np.zeros((len(asked), len(rows)), dtype=np.float32)
        scores = np.asarray(simsimd.cdist(asked, rows, metric="dot", out_dtype="float32")).reshape(len(asked), len(rows))
        scores *= self._scales[: self._documents]
        scores *= _scales(asked)[:, None]
        return scores

    def _allowed(self, scope: Scope, count: int) -> NDArray[np.bool_]:
        allowed = self._alive[:count].copy()
        at, first, last = self._times[:, :count]
        if scope.latest is not None:
            allowed &= at <= scope.latest
        if scope.windowed:
            low = -_FAR if scope.since is None else scope.since
            high = _FAR if scope.until is None else scope.until
            allowed &= ((at >= low) & (at <= high)) | ((first <= high) & (last > low))
        places = (self._places.get(name, count) for name in scope.seen)
        allowed[[place for place in places if place < count]] = False
        return allowed

    def _make_room(self, entries: int, documents: int) -> None:
        # New arrays: whoever looks at the old ones goes on with these.
        if entries > len(self._alive):
            room = max(entries, 2 * len(self._alive))
            self._times = _grown(self._times.T, room).T
            self._alive = _grown(self._alive, room)
            self._starts = _grown(self._starts, room)
        if documents > len(self._rows):
            room = max(documents, len(self._rows) * 3 // 2)
            self._rows = _grown(self._rows, room)
            self._scales = _grown(self._scales, room)
            self._facets = _grown(self._facets, room)


def _likely(scores: NDArray[np.float32], limit: int) -> np.float32:
    """Return a cosine that several times `limit` of the documents reach, as a sample of them has it."""
    sample = scores[:: max(len(scores) // _SAMPLE, 1)]
    reached = min(-(-_SPARE * limit * len(sample) // len(scores)), len(sample))
    at: np.float32 = np.partition(sample, -reached)[-reached]
    return at


def _scales(rows: Bytes) -> NDArray[np.float32]:
    """Return what makes a product of rows a cosine: one over the length of each."""
    squares = np.asarray(simsimd.dot(rows, rows), dtype=np.float32).reshape(len(rows))
    return np.reciprocal(np.sqrt(np.maximum(squares, np.float32(1.0))))


def _grown(array: NDArray[Any], room: int) -> NDArray[Any]:
    grown = np.zeros((room, *array.shape[1:]), dtype=array.dtype)
    grown[: len(array)] = array
    return grown
