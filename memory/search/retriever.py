"""Finding what a message needs: dense and lexical rankings, fused; a time window; nothing that was shown already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from itertools import islice

from memory.core.passages import turn_of
from memory.core.query import Found, Limits, Query, Room
from memory.core.records import SPOKEN, Episode, PhotoMemory, Procedure, Recalled, SemanticMemory, Turn, make_id
from memory.core.temporal import named_period
from memory.embedding.text_embedder import Embedder
from memory.facts.acceptance import FAR, Near, said_since, worth_asking
from memory.facts.change_words import asks_about_the_past
from memory.index.documents import NOW, PAST
from memory.index.filters import Rule, Scope
from memory.index.search_index import SearchIndex
from memory.search.asked_subject import Subject, subject_of
from memory.search.excerpts import Dialogue
from memory.search.fusion import reciprocal_rank, regroup
from memory.search.joint_ranking import JointRanking
from memory.search.notes import whole_note
from memory.search.photo_search import PhotoSearch, recalled_photo
from memory.search.record_ranking import RecordSearch
from memory.search.turn_ranking import TurnSearch, best_passages
from memory.storage.memory_rows import MemoryRecord
from memory.stores.journal import Journal
from memory.stores.memories import Memories

MEASURED = "all-minilm-l6-v2"
"""The embedder by whose cosines it was measured what means the same."""
_VOICES = 3
"""Rankings that the one of raw turns counts for: it is made of dense and lexical ones already."""
_DEPTH = 24
"""Places of each ranking that are looked at."""
_OF_SUBJECT, _MORE_OF_SUBJECT = 4, 2
"""Times as many entries are looked through for what a question names; times as many facts of it are returned."""
_OVER = 0.1
"""Of a score that is left to what is no longer true, where it stands beside what is."""
_LEAST_NOTE = 40
"""UTF-8 bytes of the shortest note: a history of more turns than fit so need not be read."""
_REPEAT, _MOST_REPEATS = 0.02, 5
"""Of a score by reciprocal rank, about one place; for so many repetitions at most."""


@dataclass(frozen=True)
class SearchParts:
    """What a search draws on: the record, the index, and what embeds the query."""

    journal: Journal
    memories: Memories
    index: SearchIndex
    embedder: Embedder
    pictures: PhotoSearch

    @cached_property
    def turns(self) -> TurnSearch:
        """What ranks raw turns."""
        return TurnSearch(self.index, self.embedder)

    @cached_property
    def records(self) -> RecordSearch:
        """What ranks everything else."""
        return RecordSearch(self.index, self.embedder)


class Retriever:
    """Searches one user's memory.

    Args:
        parts: What it searches in.
    """

    def __init__(self, parts: SearchParts) -> None:
        self._parts = parts
        self.turns = parts.turns

    def find(self, user_id: str, query: Query, limits: Limits | None = None) -> Found:
        """Look into all types; a window that holds nothing is left out rather than answered with nothing."""
        limits = limits or Limits()
        since, until = (stamp.timestamp() if stamp else None for stamp in (query.since, query.until))
        # What was made of a turn that the prompt shows whole is in the prompt as well.
        facts = {make_id(user_id, NOW, turn_id) for turn_id in query.talk}
        scope = Scope(user_id, since, until, query.time.timestamp(), query.seen | query.talk | facts)
        found: list[Recalled] = []
        if scope.windowed:
            found = _Look(self._parts, query, scope, limits).facts_and_talk()
        widened = scope.windowed and not found
        if not found:
            period = named_period(query.message, query.time) or named_period(query.keywords, query.time)
            scope = replace(scope, since=None, until=None, period=period)
            found = _Look(self._parts, query, scope, limits).facts_and_talk()
        # Habits and goals hold until they are replaced: when they were noted says nothing about their use.
        always = _Look(self._parts, query, Scope(user_id, seen=scope.seen), limits)
        found += always.habits()
        seen = replace(query, since=None, until=None) if widened else query
        found += self._parts.pictures.find(user_id, seen, limits.photos)
        return Found(tuple(sorted(found, key=lambda item: (item.time.timestamp(), item.id))), widened and bool(found))

    def evidence(self, user_id: str, query: Query, room: Room | None = None) -> Found:
        """Search all types at once: what is most relevant is shown, whatever its type; see `memory.search.joint_ranking`."""
        room = room or Room()
        since, until = (stamp.timestamp() if stamp else None for stamp in (query.since, query.until))
        facts = {make_id(user_id, NOW, turn_id) for turn_id in query.talk}
        scope = Scope(user_id, since, until, query.time.timestamp(), query.seen | query.talk | facts)
        found: list[Recalled] = []
        if scope.windowed:
            found = JointRanking(self._parts, query, scope, room).find()
            found += self._parts.pictures.find(user_id, query, Limits().photos)
        widened = scope.windowed and not found
        if not found:
            period = named_period(query.message, query.time) or named_period(query.keywords, query.time)
            scope = replace(scope, since=None, until=None, period=period)
            found = JointRanking(self._parts, query, scope, room).find()
            found += self._parts.pictures.find(user_id, replace(query, since=None, until=None), Limits().photos)
        return Found(tuple(sorted(found, key=lambda item: (item.time.timestamp(), item.id))), widened and bool(found))

    def whole(self, user_id: str, query: Query, size: int) -> Found | None:
        """Return everything that was said before a message, as notes, where it fits into so many UTF-8 bytes; else None."""
        most = size // _LEAST_NOTE
        turns = self._parts.journal.turns(user_id, limit=most + 1, traces=False)
        notes = [
            whole_note(turn)
            for turn in turns
            if turn.state in SPOKEN and turn.held is None and turn.time <= query.time and turn.id not in query.talk
        ]
        fits = len(turns) <= most and sum(len(note.text.encode()) for note in notes) <= size
        return Found(tuple(notes)) if fits else None

    def rank_turns(
        self, user_id: str, text: str, limit: int, *, asked: datetime, rule: Rule = "hybrid"
    ) -> list[tuple[str, float]]:
        """Return (turn id, score) of the raw turns that answer a question best, best first."""
        return list(self._parts.turns.rank([text], Scope(user_id, period=named_period(text, asked)), rule).items())[:limit]

    def search(self, user_id: str, text: str, kinds: Sequence[str], limit: int = 10) -> list[Recalled]:
        """Search as a person does, in some types, best first; without the rules of a turn."""
        # It is made at no time that `yesterday` could be of, so no time is read from it.
        far = datetime.max.replace(tzinfo=UTC)
        look = _Look(self._parts, Query(text, text, far), Scope(user_id), Limits())
        results: list[Recalled] = []
        for kind in kinds:
            results += look.records(kind, limit)
        if "photo" in kinds:
            # What looks like it comes before what was called so.
            by_sight = {one.id: one for one in self._parts.pictures.like_words(user_id, text, limit)}
            results = [*by_sight.values(), *(one for one in results if one.id not in by_sight)]
        if "episodic" in kinds or "turn" in kinds:
            results += look.raw_turns(limit)
        return sorted(results, key=lambda item: -item.score)[:limit]

    def near(self, user_id: str, kind: str, text: str) -> dict[str, float]:
        """Return the cosines of the records of a kind that are nearest to a text; none for an embedder of another scale."""
        if self._parts.embedder.name != MEASURED:
            return {}
        return self._parts.records.near(kind, text, Scope(user_id))

    def alike(
        self, user_id: str, memory: SemanticMemory, besides: Sequence[SemanticMemory] = ()
    ) -> tuple[list[Near], list[Near]]:
        """Return the facts that a new one may repeat or replace, and those of a later time that may do so to it.

        See `memory.facts.acceptance.worth_asking` and `said_since`.

        Args:
            user_id: Whose.
            memory: The new one.
            besides: Facts that are not in the index yet, or not as they are now.
        """
        reading = self._parts.embedder.read([memory.content])[0]
        near = self._parts.records.near("semantic", memory.content, Scope(user_id))
        for one in besides:
            near[one.id] = float(self._parts.embedder.read([one.content])[0].vector @ reading.vector)
        late = self._parts.memories.newer_than(user_id, memory.time)
        if late:
            # What is no longer true today may have been so then.
            near = self._parts.records.near("past", memory.content, Scope(user_id)) | near
        close = sorted((name for name, cosine in near.items() if cosine >= FAR), key=lambda name: -near[name])
        records = self._parts.memories.entries(user_id, kind="semantic", ids=close[:_DEPTH])
        facts = [(one, near[one.id]) for one in records if isinstance(one, SemanticMemory)]
        if not late:
            return worth_asking(memory, facts), []
        again = [one for one in self._parts.memories.said_again(user_id, [one.id for one, _ in facts]) if one.id not in near]
        read = self._parts.embedder.read([one.content for one in again]) if again else []
        both = [*facts, *((one, float(its.vector @ reading.vector)) for one, its in zip(again, read, strict=True))]
        return worth_asking(memory, facts), said_since(memory, both)


class _Look:
    """One query on one user with one window: rankings are made once and shared."""

    def __init__(self, parts: SearchParts, query: Query, scope: Scope, limits: Limits) -> None:
        self._parts = parts
        self._query = query
        self._scope = scope
        self._user = scope.user_id
        self._limits = limits

    def facts_and_talk(self) -> list[Recalled]:
        """Return what a window is about: facts, and topics with their raw turns."""
        subject, limits = self._subject, self._limits
        if subject is None:
            return self.records("semantic", limits.semantic) + self.episodic(limits.episodic)
        facts = self.records("semantic", _OF_SUBJECT * limits.semantic)
        subject = subject.with_names([entry.text for entry in facts])
        facts.sort(key=lambda entry: not subject.is_in(entry.text))
        if subject.is_name or subject.is_somebody:
            talk = self.episodic(_OF_SUBJECT * limits.episodic)
            told = [entry for entry in facts if subject.is_in(entry.text)][: _MORE_OF_SUBJECT * limits.semantic]
            told += [entry for entry in talk if subject.is_in(entry.text)][: limits.episodic]
            return told if told or subject.is_name else facts[: limits.semantic] + talk[: limits.episodic]
        return facts[: limits.semantic] + self.episodic(limits.episodic)

    def habits(self) -> list[Recalled]:
        """Return habits and goals; where the message asks about a name, those that hold it."""
        found = self.records("procedural", self._limits.procedural)
        subject = self._subject
        if subject is None or not (subject.is_name or subject.is_somebody):
            return found
        return [entry for entry in found if subject.is_in(entry.text)]

    @cached_property
    def _subject(self) -> Subject | None:
        return subject_of(self._query.message)

    def records(self, kind: str, limit: int) -> list[Recalled]:
        """Rank the records of a kind; what is no longer true comes last, unless the message asks for what was.

        A window asks for what was said or happened in it, true today or not; what it holds stands as it ranks.
        """
        scores = self._facts(limit) if kind == "semantic" else self._rank(kind)
        names = sorted(scores, key=lambda name: -scores[name])
        by_id = {record.id: record for record in self._parts.memories.entries(self._user, kind=kind, ids=names[: 4 * limit])}
        ranked = sorted((by_id[name] for name in names if name in by_id), key=lambda one: _standing(one, scores[one.id]))
        if not self._scope.windowed:
            if self._asks_what_was:
                ranked = self._with_what_was(ranked)
            else:
                ranked.sort(key=self._is_over)
        least = min(scores.values(), default=0.0)
        return [_recalled(record, scores.get(record.id, least)) for record in ranked[:limit]]

    @cached_property
    def _asks_what_was(self) -> bool:
        return asks_about_the_past(self._query.message) or asks_about_the_past(self._query.keywords)

    def _rank(self, kind: str) -> dict[str, float]:
        return self._parts.records.rank(kind, self._query.message, self._query.keywords, self._scope)

    def _facts(self, limit: int) -> dict[str, float]:
        """Score facts that hold; those that do not beside them where the question is of a time, else only to fill up."""
        scores = self._rank(NOW)
        if self._asks_what_was or self._scope.windowed or self._scope.period:
            return scores | self._rank(PAST)
        if len(scores) < limit:
            scores |= {name: score * _OVER for name, score in self._rank(PAST).items()}
        return scores

    def _with_what_was(self, ranked: Sequence[MemoryRecord]) -> list[MemoryRecord]:
        """Put beside each fact what it replaced, and what replaced it."""
        facts = [record for record in ranked if isinstance(record, SemanticMemory)]
        others = self._parts.memories.linked(self._user, facts)
        together: dict[str, MemoryRecord] = {}
        for record in ranked:
            together[record.id] = record
            for other in others:
                if other.superseded_by == record.id or getattr(record, "superseded_by", None) == other.id:
                    together.setdefault(other.id, other)
        seen, time = self._scope.seen, self._query.time
        return [record for record in together.values() if record.id not in seen and record.time <= time]

    def _is_over(self, record: MemoryRecord) -> bool:
        """Say whether a fact was no longer true at the time that the question names, or is not today."""
        if not isinstance(record, SemanticMemory) or record.valid_until is None:
            return False
        return self._scope.period is None or record.valid_until.timestamp() <= self._scope.period.first

    def episodic(self, limit: int) -> list[Recalled]:
        """Rank topics by their best turn, and a turn that is in none by itself; summaries only fill up what turns leave.

        A summary says less than the turns that it is made of: with a voice of its own it hides the right ones (decision 017).
        """
        places = self.turns()
        best = list(places)[:_DEPTH]
        topics = self._topics_of(set(best))
        group_of = {turn_id: name for name, turn_ids in topics.items() for turn_id in turn_ids}
        found = self._dialogues(reciprocal_rank([regroup(best, group_of)] * _VOICES), topics, places, limit)
        if len(found) < limit:
            summed_up = self._rank("episodic")
            shown = {entry.id for entry in found}
            rest = {name: score for name, score in summed_up.items() if name not in shown}
            records = self._parts.memories.entries(self._user, kind="episodic", ids=rest)
            topics = {record.id: record.turn_ids for record in records if isinstance(record, Episode)}
            found += self._dialogues(rest, topics, places, limit - len(found))
        return found

    def raw_turns(self, limit: int) -> list[Recalled]:
        """Rank raw turns alone, with scores that stand beside those of records."""
        scores = reciprocal_rank([list(self.turns())[:limit]] * _VOICES)
        entries = self._dialogues(scores, {}, scores, limit)
        return [entry.model_copy(update={"kind": "turn"}) for entry in entries]

    def turns(self) -> dict[str, float]:
        """Score raw turns, best first: by what the message says, and by the keywords as well where there are some."""
        return best_passages(self._passages)

    @cached_property
    def _passages(self) -> dict[str, float]:
        scores = self._parts.turns.rank_passages([self._query.message, self._query.keywords], self._scope)
        seen, parts = self._scope.seen, self._query.parts
        return {name: score for name, score in scores.items() if turn_of(name) not in seen and name not in parts}

    def _topics_of(self, turn_ids: set[str]) -> dict[str, tuple[str, ...]]:
        # As the index has it, in memory by now: they were weighed a moment ago.
        traits = [traits for traits, _ in self._parts.index.read(self._user, list(turn_ids)).values()]
        return self._parts.memories.topics(self._user, {one.session for one in traits}, turn_ids)

    def _dialogues(
        self, scores: dict[str, float], topics: dict[str, tuple[str, ...]], places: dict[str, float], limit: int
    ) -> list[Recalled]:
        """Show the best so many topics and single turns that have something to show."""
        shown: list[Recalled] = []
        groups = {name: topics.get(name, (name,)) for name in scores}
        names = iter(scores)
        # As many at a time as are wanted: most have something to show.
        while len(shown) < limit and not self._dialogue.full and (some := list(islice(names, limit))):
            said = self._parts.journal.turns(self._user, ids=[turn for name in some for turn in groups[name]], traces=False)
            by_id = {turn.id: turn for turn in said if self._may_show(turn)}
            for name in some:
                turns = [by_id[turn] for turn in groups[name] if turn in by_id]
                # Of a topic that reaches out of the window, what was said inside it; all of one that tells of that time.
                turns = [turn for turn in turns if self._scope.holds(turn.time.timestamp())] or turns
                entry = self._dialogue.show(name, turns, places, scores[name])
                shown += [entry] if entry else []
        return shown[:limit]

    @cached_property
    def _dialogue(self) -> Dialogue:
        query = self._query
        return Dialogue(self._passages, [query.message, query.keywords], query.parts, self._limits)

    def _may_show(self, turn: Turn) -> bool:
        spoken = turn.state in SPOKEN and turn.held is None
        return spoken and turn.time <= self._query.time and turn.id not in self._scope.seen


def _standing(record: MemoryRecord, score: float) -> tuple[float, float]:
    """Order by score; what was said again stands about a place higher for each time, the newer of two equals first."""
    again = min(record.strength - 1, _MOST_REPEATS) if isinstance(record, SemanticMemory) else 0
    return -score * (1.0 + _REPEAT * again), -record.time.timestamp()


def _recalled(record: MemoryRecord, score: float) -> Recalled:
    match record:
        case SemanticMemory():
            return Recalled(
                id=record.id, kind="semantic", text=record.told, time=record.time, score=score, turn_ids=(record.turn_id,)
            )
        case Episode():
            return Recalled(
                id=record.id, kind="episodic", text=record.summary, time=record.time, score=score, turn_ids=record.turn_ids
            )
        case PhotoMemory():
            return recalled_photo(record, score)
        case Procedure():
            text = " ".join([f"{record.key}: {record.text}", *record.corrected])
            return Recalled(id=record.id, kind="procedural", text=text, time=record.time, score=score)
        case _:
            text = " ".join([f"{record.key}: {record.value}", *record.corrected])
            return Recalled(id=record.id, kind="core", text=text, time=record.time, score=score)
