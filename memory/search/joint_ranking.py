"""One ranking of raw turns, facts, topics, habits and profile lines, by how much they help to answer a message.

The person's own words come before what a model made from them: a fact or a topic brings the turn that it came from, and a line
that says no more than a shown turn is left out. An entry's score is its relevance (`memory.search.relevance`), which has the
same scale for all types.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from memory.core.passages import turn_of
from memory.core.query import Query, SearchBudget
from memory.core.records import SPOKEN, Episode, Procedure, ProfileEntry, Recalled, SemanticMemory, Turn, make_id
from memory.core.tokenize import COMMON, terms
from memory.facts.change_words import asks_about_the_past
from memory.index.bm25 import stems
from memory.index.documents import NOW, PAST
from memory.index.filters import Filters
from memory.search.asked_subject import Subject, subject_of
from memory.search.excerpts import talk_text
from memory.search.notes import Asked, note_of
from memory.search.relevance import FLOOR, asked_words, relevance, shared
from memory.search.turn_ranking import best_passages
from memory.storage.memory_rows import MemoryRecord

if TYPE_CHECKING:
    from memory.search.parts import SearchParts

_MAX_TURNS = 24
"""At most this many raw turns take part."""
_MAX_RECORDS = 8
"""At most this many entries of each other type take part."""
_MIN_SAME_SHARE = 0.7
"""A note with this share of the words of a fact, a habit or a profile line says the same as that line."""
_SUPERSEDED_FACTOR = 0.5
"""The factor on the relevance of a superseded fact."""
_SURE_RELEVANCE = 0.1
"""From this relevance on, a note is shown even if it does not name the person whom the message asks about."""
_NAME = "name"
_OF_EVERY_LINE = {"user"}


class JointRanking:
    """One search over all types for one message.

    Args:
        parts: The stores, the index and the embedder.
        query: The query.
        filters: The user, the time window, and what was shown before.
        room: How much may be shown.
    """

    def __init__(self, parts: SearchParts, query: Query, filters: Filters, room: SearchBudget) -> None:
        self._parts = parts
        self._query = query
        self._filters = filters
        self._user = filters.user_id
        self._room = room
        self._read: dict[str, Turn | None] = {}

    def search(self) -> list[Recalled]:
        """Return the entries to show, the most relevant first."""
        if not self._texts:
            # The message is a picture without words, which `PhotoSearch` handles.
            return []
        turns = self._turn_scores()
        lines: dict[str, float] = {}
        records: dict[str, MemoryRecord] = {}
        for kind in (NOW, PAST, "episodic", "procedural", "core"):
            for record, score in self._records(kind):
                source = self._source_of(record, turns)
                if source is not None:
                    turns[source] = max(turns.get(source, 0.0), score)
                else:
                    records[record.id], lines[record.id] = record, score
        entries = _said_once(self._notes(turns), [_line(records[name], score) for name, score in lines.items()])
        return self._as_it_is_now(self._fitted(self._of_subject(entries)))

    def _as_it_is_now(self, shown: Sequence[Recalled]) -> list[Recalled]:
        """Mark the turns whose fact is superseded."""
        ids = {make_id(self._user, NOW, entry.id): entry.id for entry in shown if entry.kind == "turn"}
        facts = self._parts.memories.entries(self._user, kind="semantic", ids=ids) if ids else []
        over = {
            ids[fact.id]: f"(No longer true since {fact.valid_until:%Y-%m-%d}.)"
            for fact in facts
            if isinstance(fact, SemanticMemory) and fact.valid_until is not None
        }
        return [_marked(entry, over[entry.id]) if entry.id in over else entry for entry in shown]

    def _turn_scores(self) -> dict[str, float]:
        """Return the scores of raw turns in the order of their ranking: the n-th turn gets the n-th highest relevance."""
        best = list(best_passages(self._passages))[:_MAX_TURNS]
        if not best:
            return {}
        cosines = self._cosines("turn")
        texts = {turn.id: f"{turn.text}\n{turn.reply}" for turn in self._turns(best)}
        scores = sorted((self._relevance(cosines.get(name, -1.0), texts.get(name, "")) for name in best), reverse=True)
        return dict(zip(best, scores, strict=True))

    @cached_property
    def _passages(self) -> dict[str, float]:
        query, filters = self._query, self._filters
        scores = self._parts.turns.search_passages([query.message, query.keywords, query.previous_message], filters)
        return {
            name: score
            for name, score in scores.items()
            if turn_of(name) not in filters.excluded and name not in query.shown_passages
        }

    def _records(self, kind: str) -> list[tuple[MemoryRecord, float]]:
        """Return the records of a type that are nearest to the query, with their relevance."""
        cosines = self._cosines(kind)
        best = sorted(cosines, key=lambda name: (-cosines[name], name))[:_MAX_RECORDS]
        found = self._entries(kind, best) if best else []
        over = kind == PAST and not (self._asks_what_was or self._filters.window.is_bounded or self._filters.named)
        share = _SUPERSEDED_FACTOR if over else 1.0
        shown = [one for one in found if not _is_always_shown(one) and not self._was_shown(one)]
        return [(one, share * self._relevance(cosines[one.id], text_of(one))) for one in shown]

    def _was_shown(self, record: MemoryRecord) -> bool:
        """Return whether the turn that a fact came from was shown before. That turn carries the mark of any edit."""
        return isinstance(record, SemanticMemory) and (
            record.turn_id in self._filters.excluded or record.turn_id in self._query.shown_turns
        )

    def _entries(self, kind: str, ids: Sequence[str]) -> list[MemoryRecord]:
        if kind == "core":
            # The profile as it is valid now, without items superseded since they were written.
            return [line for line in self._parts.memories.profile(self._user).entries if line.id in ids]
        return self._parts.memories.entries(self._user, kind="semantic" if kind == PAST else kind, ids=ids)

    def _cosines(self, kind: str) -> dict[str, float]:
        """Return the cosine of the query and each entry's nearest facet."""
        scores = self._parts.index.score(self._filters, kind, self._vectors)
        cosines = np.max([scores.best(number) for number in range(len(self._vectors))], axis=0)
        found = scores.nearest(cosines, _MAX_TURNS * 10)
        best: dict[str, float] = {}
        for name, cosine in found.items():
            best[turn_of(name)] = max(cosine, best.get(turn_of(name), -1.0))
        return best

    @cached_property
    def _texts(self) -> list[str]:
        query = self._query
        return [text for text in dict.fromkeys((query.message, query.keywords, query.previous_message)) if text.strip()]

    @cached_property
    def _vectors(self) -> np.ndarray:
        return np.stack([embedding.vector for embedding in self._parts.embedder.embed(self._texts)])

    @cached_property
    def _asked(self) -> Mapping[str, float]:
        text = " ".join(self._texts)
        having, count = self._parts.index.in_turns(self._user, terms(text))
        return asked_words(text, having, count)

    def _relevance(self, cosine: float, text: str) -> float:
        return relevance(cosine, shared(self._asked, text))

    @cached_property
    def _asks_what_was(self) -> bool:
        return asks_about_the_past(self._query.message) or asks_about_the_past(self._query.keywords)

    def _source_of(self, record: MemoryRecord, turns: Mapping[str, float]) -> str | None:
        """Return the turn that is shown instead of a record; None if the record itself is shown."""
        match record:
            case SemanticMemory(edited=False) if record.turn_ids:
                return record.turn_id
            case Episode():
                return next((name for name in turns if name in record.turn_ids), record.turn_ids[0])
            case _:
                return None

    def _turns(self, names: Iterable[str]) -> list[Turn]:
        names = list(names)
        if missing := [name for name in names if name not in self._read]:
            said = self._parts.journal.turns(self._user, ids=missing, traces=False)
            self._read |= dict.fromkeys(missing) | {turn.id: turn for turn in said if self._may_show(turn)}
        return [turn for name in names if (turn := self._read[name]) is not None]

    def _notes(self, scores: Mapping[str, float]) -> list[Recalled]:
        """Return the best turns as notes, without turns of which everything was shown before."""
        # If the message asks about a person, turns that tell of them may rank low.
        most = 2 * _MAX_TURNS if self._subject else 2 * self._room.most
        made = (
            note_of(turn, scores[turn.id], self._wanted, self._room)
            for turn in self._turns(sorted(scores, key=lambda name: -scores[name]))
        )
        return list(islice((note for note in made if note is not None), most))

    def _may_show(self, turn: Turn) -> bool:
        spoken = turn.state in SPOKEN and turn.held is None
        return spoken and turn.time <= self._query.time and turn.id not in self._filters.excluded

    @cached_property
    def _wanted(self) -> Asked:
        return Asked(self._query.message, self._asked, self._passages, self._query.shown_passages)

    def _of_subject(self, entries: Sequence[Recalled]) -> list[Recalled]:
        """Return only the entries about the subject, if the message asks about one; see `Subject.is_name`."""
        subject = self._subject
        if subject is None:
            return list(entries)
        subject = subject.with_names([entry.text for entry in entries])
        told = [entry for entry in entries if subject.is_in(entry.text)]
        return told or ([] if subject.is_name else [entry for entry in entries if entry.score >= _SURE_RELEVANCE])

    @cached_property
    def _subject(self) -> Subject | None:
        """The person, animal or name that the whole message asks about; None if it asks about none."""
        subject = subject_of(self._query.message)
        return subject if subject is not None and (subject.is_name or subject.is_somebody) else None

    def _fitted(self, entries: Sequence[Recalled]) -> list[Recalled]:
        """Return the entries that are relevant enough and fit; only few if few are good."""
        room, size = self._room, self._room.size
        floor = FLOOR if room.floor is None else room.floor
        kept: list[Recalled] = []
        best = max((entry.score for entry in entries), default=0.0)
        if best < room.best:
            return []
        for entry in sorted(entries, key=lambda one: (-one.score, one.id)):
            # If no entry is surely relevant, a distance to the best one says nothing about the others.
            gap = room.gap if len(kept) >= room.least else room.gap_at_all
            enough = best >= _SURE_RELEVANCE and entry.score < gap * best
            if len(kept) == room.most or entry.score < floor or enough:
                break
            cost = len(entry.text.encode())
            if cost <= size:
                kept.append(entry)
                size -= cost
        return kept


def text_of(record: MemoryRecord) -> str:
    """Return the text of a record, with its corrections."""
    match record:
        case SemanticMemory():
            return record.told
        case Episode():
            return record.summary
        case Procedure():
            return " ".join([record.text, *record.corrected])
        case ProfileEntry():
            return " ".join([f"{record.key}: {record.value}", *record.corrected])
        case _:
            return ""


def _marked(entry: Recalled, mark: str) -> Recalled:
    talk = tuple(one.model_copy(update={"corrected": (*one.corrected, mark)}) for one in entry.talk)
    return entry.model_copy(update={"talk": talk, "text": talk_text(talk)})


def _is_always_shown(record: MemoryRecord) -> bool:
    return isinstance(record, ProfileEntry) and (record.edited or record.key == _NAME)


def _line(record: MemoryRecord, score: float) -> Recalled:
    kind = {SemanticMemory: "semantic", Procedure: "procedural", ProfileEntry: "core"}.get(type(record), "semantic")
    turn_ids = record.turn_ids if isinstance(record, SemanticMemory) else ()
    return Recalled(id=record.id, kind=kind, text=text_of(record), time=record.time, score=score, turn_ids=turn_ids)  # type: ignore[arg-type]


def _said_once(notes: Sequence[Recalled], lines: Sequence[Recalled]) -> list[Recalled]:
    """Return notes and lines without lines that a note repeats. Such a note gets the line's relevance if that is higher."""
    relevant = {note.id: note.score for note in notes}
    apart: list[Recalled] = []
    words = {note.id: _stems(note.text) for note in notes} if lines else {}
    for line in lines:
        its = _stems(line.text) - _OF_EVERY_LINE
        same = [name for name, there in words.items() if len(its & there) >= _MIN_SAME_SHARE * len(its)]
        if same:
            best = max(same, key=lambda name: relevant[name])
            relevant[best] = max(relevant[best], line.score)
        else:
            apart.append(line)
    return [*(note.model_copy(update={"score": relevant[note.id]}) for note in notes), *apart]


def _stems(text: str) -> set[str]:
    return {stem for word in terms(text) if word not in COMMON for stem in stems(word)}
