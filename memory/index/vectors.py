"""The 8-bit vectors of one user's entries of one kind, in memory, with exhaustive and exact search (no I/O).

A search takes 0.5 ms for the 30,000 documents of 10,000 turns. The index needs no training, tuning or rebuilding
(docs/decisions/032).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import simsimd
from numpy.typing import NDArray

from memory.core.passages import turn_of
from memory.core.time_window import TimeWindow
from memory.embedding.token_vectors import Bytes, Vectors, packed
from memory.index.filters import Filters

FACETS = ("content", "keywords", "turn", "whole", "before", "sentence", "exchange", "reply")
"""The embedded texts of an entry; the first facet of an entry is its content.

| facet | text |
|---|---|
| `content`, `keywords` | of a memory |
| `turn` | the message without its speaker's name |
| `whole` | the message with its speaker's name |
| `before` | the message after the previous turn |
| `sentence` | each sentence of the message |
| `exchange` | the message with its reply |
| `reply` | a passage of a long turn's reply |
"""
NONE = -2.0
"""The score of an entry that does not have the facet."""
_INITIAL_CAPACITY = 64
_MAX_REMOVED_ENTRIES = 1_000
_MIN_SAMPLED_DOCUMENTS = 10_000
"""With more documents than this, a sample of the scores is used to preselect the likely results."""
_SAMPLE_DOCUMENTS = 4_096
_CANDIDATES_PER_RESULT = 8
"""Preselected documents per wanted entry: several may belong to the same entry, and some may be outside the filters."""


@dataclass(frozen=True)
class Placed:
    """One entry's vectors.

    Attributes:
        name: The entry's id.
        at: When it was said, in seconds since 1970.
        happened: The time window that it names, if any.
        facets: The facet of each row; never empty.
        rows: The vectors as `packed` returns them; shape (facets, size).
    """

    name: str
    at: float
    happened: TimeWindow | None
    facets: Sequence[str]
    rows: Bytes


class VectorScores:
    """The cosines of all entries with one or more questions. An entry's place is its index in `names`.

    Args:
        names: The entries' ids, by place.
        allowed: Whether each entry is visible to the search, by place.
        scores: Cosines of questions and documents; shape (questions, documents).
        facets: The facet of each document, as an index into `FACETS`.
        starts: The index of each entry's first document, by place.
        places: The place of each id; it may include entries added later.
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
        """Return the score of each entry's first facet."""
        content: NDArray[np.float32] = self._scores[question, self._starts]
        return content

    def best(self, question: int) -> NDArray[np.float32]:
        """Return the score of each entry's best facet."""
        return np.maximum.reduceat(self._scores[question], self._starts) if len(self._starts) else self._scores[question]

    def of(self, facet: str, question: int, places: Sequence[int] | None = None) -> NDArray[np.float32]:
        """Return the best score among each entry's facets of one kind (all entries, or those in `places`); else `NONE`."""
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
        """Return the `limit` best-scoring visible entries, best first; an entry scores as its best facet, or best `facet`.

        The result is the same as `nearest` with the scores of `best` or `of`. If there are many documents, only likely results
        are examined first, and all documents only if these are too few.
        """
        scores = self._scores[question]
        near = scores >= _likely_threshold(scores, limit) if len(scores) > _MIN_SAMPLED_DOCUMENTS else None
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
        """Return the `limit` best visible entries by these scores, as {id: score}, best first."""
        scores = np.where(self._allowed, scores, NONE)
        some = np.argpartition(scores, -limit)[-limit:] if limit < len(scores) else np.arange(len(scores))
        some.sort()
        ordered = some[np.argsort(-scores[some], kind="stable")]
        return {self._names[place]: score for place in ordered.tolist() if (score := float(scores[place])) > NONE}

    def best_passages(self, name: str, limit: int) -> list[str]:
        """Return the ids of a long turn's further passages that score best for any question, best first."""
        first = self._places.get(name, len(self._allowed)) + 1
        end = first
        while end < len(self._starts) and turn_of(self._names[end]) == name:
            end += 1
        if end == first:
            return []
        near = self._scores[:, self._starts[first:end]].max(axis=0)
        return [self._names[first + place] for place in np.argsort(-near, kind="stable")[:limit].tolist()]

    def where(self, names: Iterable[str]) -> dict[str, int]:
        """Return the places of those of the entries that exist and are visible."""
        end = len(self._allowed)
        there = ((name, self._places.get(name, end)) for name in names)
        return {name: place for name, place in there if place < end and self._allowed[place]}


class VectorIndex:
    """The vectors of one user's entries of one kind.

    Callers of `score` and of methods that change the index must hold a common lock; the result of `score` needs no lock.

    Args:
        size: Dimensions of a vector.
    """

    def __init__(self, size: int) -> None:
        self._names: list[str] = []
        self._places: dict[str, int] = {}
        self._times = np.zeros((3, _INITIAL_CAPACITY))
        self._alive = np.zeros(_INITIAL_CAPACITY, dtype=np.bool_)
        self._starts = np.zeros(_INITIAL_CAPACITY, dtype=np.int64)
        self._rows = np.zeros((_INITIAL_CAPACITY, size), dtype=np.int8)
        self._scales = np.zeros(_INITIAL_CAPACITY, dtype=np.float32)
        self._facets = np.zeros(_INITIAL_CAPACITY, dtype=np.uint8)
        self._documents = 0
        self._gone = 0

    def __len__(self) -> int:
        return len(self._places)

    @property
    def bytes(self) -> int:
        """Approximate memory size in bytes."""
        entry = 3 * 8 + 8 + 1 + 250
        arrays = (self._rows, self._scales, self._facets)
        return sum(array.nbytes for array in arrays) + entry * len(self._names)

    @property
    def is_wasteful(self) -> bool:
        """Whether removed or replaced entries take up most of the memory, so that the index should be loaded again."""
        return self._gone > _MAX_REMOVED_ENTRIES and self._gone > len(self._places)

    def put(self, entries: Sequence[Placed]) -> None:
        """Add entries, or replace those with the same id."""
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
            self._times[:, place] = (entry.at, *_span(entry.happened))
            self._starts[place] = self._documents
            self._alive[place] = True
            self._documents += len(entry.facets)
            self._names.append(entry.name)
            self._places[entry.name] = place

    def remove(self, names: Iterable[str]) -> None:
        """Remove entries; unknown ids are ignored."""
        for name in names:
            place = self._places.pop(name, None)
            if place is not None:
                end = self._starts[place + 1] if place + 1 < len(self._names) else self._documents
                self._alive[place] = False
                self._rows[self._starts[place] : end] = 0
                self._gone += 1

    def score(self, vectors: Vectors, filters: Filters) -> VectorScores:
        """Compare unit vectors, shape (questions, size), with all entries, and mark those that the filters allows."""
        count, documents = len(self._names), self._documents
        asked = packed(vectors)
        scores = self._compared(asked)
        return VectorScores(
            self._names,
            self._allowed(filters, count),
            scores,
            self._facets[:documents],
            self._starts[:count],
            self._places,
        )

    def _compared(self, asked: Bytes) -> NDArray[np.float32]:
        """Return the cosines of the vectors with all documents."""
        rows = self._rows[: self._documents]
        if not len(asked) or not len(rows):
            return np.zeros((len(asked), len(rows)), dtype=np.float32)
        scores = np.asarray(simsimd.cdist(asked, rows, metric="dot", out_dtype="float32")).reshape(len(asked), len(rows))
        scores *= self._scales[: self._documents]
        scores *= _scales(asked)[:, None]
        return scores

    def _allowed(self, filters: Filters, count: int) -> NDArray[np.bool_]:
        allowed = self._alive[:count].copy()
        at, first, last = self._times[:, :count]
        if filters.said.is_bounded:
            allowed &= (at >= filters.said.start) & (at < filters.said.end)
        if filters.window.is_bounded:
            allowed &= filters.window.mask(at, first, last)
        places = (self._places.get(name, count) for name in filters.excluded)
        allowed[[place for place in places if place < count]] = False
        return allowed

    def _make_room(self, entries: int, documents: int) -> None:
        # New arrays, since earlier results of `score` still use the old ones.
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


def _span(happened: TimeWindow | None) -> tuple[float, float]:
    """Return start and end of a window; for none, a start after the end, so that it overlaps no window."""
    return (np.inf, -np.inf) if happened is None else (happened.start, happened.end)


def _likely_threshold(scores: NDArray[np.float32], limit: int) -> np.float32:
    """Return a cosine that several times `limit` documents reach, estimated from a sample of the scores."""
    sample = scores[:: max(len(scores) // _SAMPLE_DOCUMENTS, 1)]
    reached = min(-(-_CANDIDATES_PER_RESULT * limit * len(sample) // len(scores)), len(sample))
    at: np.float32 = np.partition(sample, -reached)[-reached]
    return at


def _scales(rows: Bytes) -> NDArray[np.float32]:
    """Return one over the length of each row: the factors that turn products of rows into cosines."""
    squares = np.asarray(simsimd.dot(rows, rows), dtype=np.float32).reshape(len(rows))
    return np.reciprocal(np.sqrt(np.maximum(squares, np.float32(1.0))))


def _grown(array: NDArray[Any], room: int) -> NDArray[Any]:
    grown = np.zeros((room, *array.shape[1:]), dtype=array.dtype)
    grown[: len(array)] = array
    return grown
