"""Searches all types of memory for a message, within its time window and without anything that was shown already.

Each type has dense and lexical rankings, which are fused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from itertools import islice

from memory.core.passages import turn_of
from memory.core.query import Query, SearchBudget, SearchLimits, SearchResult
from memory.core.records import SPOKEN, Episode, PhotoMemory, Procedure, Recalled, SemanticMemory, Turn, make_id
from memory.core.time_ranges import asked_window
from memory.core.time_window import ALL_TIME, TimeWindow
from memory.facts.acceptance import FAR, ScoredFact, later_facts, worth_asking
from memory.facts.change_words import asks_about_the_past
from memory.index.documents import NOW, PAST
from memory.index.filters import Filters, Rule
from memory.search.asked_subject import Subject, subject_of
from memory.search.excerpts import Dialogue
from memory.search.fusion import reciprocal_rank, regroup
from memory.search.joint_ranking import JointRanking
from memory.search.notes import whole_note
from memory.search.parts import SearchParts
from memory.search.photo_search import recalled_photo
from memory.search.turn_ranking import best_passages
from memory.storage.memory_rows import MemoryRecord

MEASURED = "all-minilm-l6-v2"
"""The embedder with whose cosines the thresholds for the same meaning were measured."""
_TURN_RANKING_WEIGHT = 3
"""The ranking of raw turns counts as this many rankings, because it already combines dense and lexical ones."""
_MAX_PLACES = 24
"""At most this many places of each ranking are used."""
_SUBJECT_SEARCH_FACTOR, _SUBJECT_RESULT_FACTOR = 4, 2
"""If a question names a subject, 4 times as many entries are searched for it, and up to 2 times as many facts returned."""
_SUPERSEDED_FACTOR = 0.1
"""The factor on the score of a superseded fact beside valid ones."""
_MIN_NOTE_BYTES = 40
"""The UTF-8 bytes of the shortest note. A history with more turns than would fit at this size need not be loaded."""
_REPEAT_BONUS, _MAX_REPEATS = 0.02, 5
"""Each of at most 5 repetitions raises a fact's score by this share: about one place of reciprocal rank."""


class Retriever:
    """Searches one user's memory.

    Args:
        parts: The stores, the index and the embedder.

    Example:
        >>> [best] = memory.retriever.search("ada", "cello", ["turn"], limit=1)
        >>> print(best.text)
        [2026-03-02 19:30 (Monday)]
        User: I play the cello in a quartet on Thursdays.
        Assistant: Since when?
    """

    def __init__(self, parts: SearchParts) -> None:
        self._parts = parts
        self.turns = parts.turns

    def search_by_kind(self, user_id: str, query: Query, limits: SearchLimits | None = None) -> SearchResult:
        """Search each type of memory separately. If the time window contains nothing, search without it.

        Returns:
            The entries in the order of their times, and whether the window was dropped.
        """
        limits = limits or SearchLimits()

        def _windowed(query: Query, filters: Filters) -> list[Recalled]:
            return _SearchRun(self._parts, query, filters, limits).facts_and_talk()

        found, widened, last = self._search(user_id, query, _windowed)
        # Habits and goals are valid until they are replaced, so the time window does not apply to them.
        always = _SearchRun(self._parts, query, Filters(user_id, excluded=_excluded(user_id, query)), limits)
        found += always.habits()
        found += self._parts.pictures.search(user_id, last if widened else query, limits.photos)
        return _in_time_order(found, widened=widened)

    def search_jointly(self, user_id: str, query: Query, budget: SearchBudget | None = None) -> SearchResult:
        """Search all types in one ranking by relevance; see `search_by_kind` and `memory.search.joint_ranking`."""
        chosen = budget or SearchBudget()

        def _windowed(query: Query, filters: Filters) -> list[Recalled]:
            found = JointRanking(self._parts, query, filters, chosen).search()
            return found + self._parts.pictures.search(user_id, query, SearchLimits().photos)

        found, widened, _ = self._search(user_id, query, _windowed)
        return _in_time_order(found, widened=widened)

    def _search(
        self, user_id: str, query: Query, windowed: Callable[[Query, Filters], list[Recalled]]
    ) -> tuple[list[Recalled], bool, Query]:
        """Search in the time window of the query, and without it if nothing is in it.

        Returns:
            The entries, whether the window was dropped, and the query that was asked last.
        """
        filters = Filters(user_id, query.window, TimeWindow.between(None, query.time), _excluded(user_id, query))
        if query.window.is_bounded and (found := windowed(query, filters)):
            return found, False, query
        named = asked_window(query.message, query.time) or asked_window(query.keywords, query.time)
        everywhen = replace(query, window=ALL_TIME)
        return windowed(everywhen, replace(filters, window=ALL_TIME, named=named)), query.window.is_bounded, everywhen

    def whole(self, user_id: str, query: Query, size: int) -> SearchResult | None:
        """Return everything that was said before a message, as notes, if it fits into `size` UTF-8 bytes; else None."""
        most = size // _MIN_NOTE_BYTES
        turns = self._parts.journal.turns(user_id, limit=most + 1, traces=False)
        notes = [
            whole_note(turn)
            for turn in turns
            if turn.state in SPOKEN and turn.held is None and turn.time <= query.time and turn.id not in query.prompt_turns
        ]
        fits = len(turns) <= most and sum(len(note.text.encode()) for note in notes) <= size
        return SearchResult(tuple(notes)) if fits else None

    def search_turns(
        self, user_id: str, text: str, limit: int, *, asked: datetime, rule: Rule = "hybrid"
    ) -> list[tuple[str, float]]:
        """Return the `limit` best-scoring raw turns as (turn id, score), best first."""
        return list(self._parts.turns.search([text], Filters(user_id, named=asked_window(text, asked)), rule).items())[:limit]

    def search(self, user_id: str, text: str, kinds: Sequence[str], limit: int = 10) -> list[Recalled]:
        """Return the `limit` best-scoring entries of some types, best first, whether or not a prompt has shown them."""
        # The query has no time of its own, so a word like `yesterday` in it must not be resolved.
        far = datetime.max.replace(tzinfo=UTC)
        run = _SearchRun(self._parts, Query(text, text, far), Filters(user_id), SearchLimits())
        results: list[Recalled] = []
        for kind in kinds:
            # Turns are no records.
            results += run.records(kind, limit) if kind != "turn" else []
        if "photo" in kinds:
            # Photos that look like the text come before photos that were described by its words.
            by_image = {one.id: one for one in self._parts.pictures.search_by_text(user_id, text, limit)}
            results = [*by_image.values(), *(one for one in results if one.id not in by_image)]
        if "episodic" in kinds or "turn" in kinds:
            results += run.raw_turns(limit)
        return sorted(results, key=lambda item: -item.score)[:limit]

    def cosines(self, user_id: str, kind: str, text: str) -> dict[str, float]:
        """Return the cosines of the records of a type that are nearest to a text; empty for any embedder but `MEASURED`."""
        if self._parts.embedder.name != MEASURED:
            return {}
        return self._parts.records.cosines(kind, text, Filters(user_id))

    def turn_cosines(self, user_id: str, texts: Sequence[str]) -> dict[str, float]:
        """Return how near turns are to a thing that several texts name, best first; empty for any embedder but `MEASURED`."""
        if self._parts.embedder.name != MEASURED:
            return {}
        return self._parts.turns.cosines(texts, Filters(user_id))

    def similar_facts(
        self, user_id: str, memory: SemanticMemory, besides: Sequence[SemanticMemory] = ()
    ) -> tuple[list[ScoredFact], list[ScoredFact]]:
        """Return the facts that a new fact may repeat or supersede, and the later facts that may repeat or supersede it.

        See `memory.facts.acceptance.worth_asking` and `later_facts`.

        Args:
            user_id: The user.
            memory: The new fact.
            besides: Facts that the index does not contain yet, or not in their current form.
        """
        embedding = self._parts.embedder.embed([memory.content])[0]
        cosines = self._parts.records.cosines("semantic", memory.content, Filters(user_id))
        for one in besides:
            cosines[one.id] = float(self._parts.embedder.embed([one.content])[0].vector @ embedding.vector)
        has_later = self._parts.memories.newer_than(user_id, memory.time)
        if has_later:
            # A fact that is superseded today may have been valid then.
            cosines = self._parts.records.cosines("past", memory.content, Filters(user_id)) | cosines
        close = sorted((name for name, cosine in cosines.items() if cosine >= FAR), key=lambda name: -cosines[name])
        records = self._parts.memories.entries(user_id, kind="semantic", ids=close[:_MAX_PLACES])
        facts = [(one, cosines[one.id]) for one in records if isinstance(one, SemanticMemory)]
        if not has_later:
            return worth_asking(memory, facts), []
        again = [one for one in self._parts.memories.repeats_of(user_id, [one.id for one, _ in facts]) if one.id not in cosines]
        read = self._parts.embedder.embed([one.content for one in again]) if again else []
        both = [*facts, *((one, float(its.vector @ embedding.vector)) for one, its in zip(again, read, strict=True))]
        return worth_asking(memory, facts), later_facts(memory, both)


def _excluded(user_id: str, query: Query) -> AbstractSet[str]:
    """Return the ids that a search for a prompt leaves out: what it shows, and the facts extracted from turns that it shows."""
    return query.shown | query.prompt_turns | {make_id(user_id, NOW, turn_id) for turn_id in query.prompt_turns}


def _in_time_order(found: Sequence[Recalled], *, widened: bool) -> SearchResult:
    ordered = tuple(sorted(found, key=lambda item: (item.time.timestamp(), item.id)))
    return SearchResult(ordered, widened and bool(ordered))


class _SearchRun:
    """One query for one user with one time window. Rankings are computed once and shared."""

    def __init__(self, parts: SearchParts, query: Query, filters: Filters, limits: SearchLimits) -> None:
        self._parts = parts
        self._query = query
        self._filters = filters
        self._user = filters.user_id
        self._limits = limits

    def facts_and_talk(self) -> list[Recalled]:
        """Return the types that a time window applies to: facts, and topics with their raw turns."""
        subject, limits = self._subject, self._limits
        if subject is None:
            return self.records("semantic", limits.semantic) + self.episodic(limits.episodic)
        facts = self.records("semantic", _SUBJECT_SEARCH_FACTOR * limits.semantic)
        subject = subject.with_names([entry.text for entry in facts])
        facts.sort(key=lambda entry: not subject.is_in(entry.text))
        if subject.is_name or subject.is_somebody:
            talk = self.episodic(_SUBJECT_SEARCH_FACTOR * limits.episodic)
            told = [entry for entry in facts if subject.is_in(entry.text)][: _SUBJECT_RESULT_FACTOR * limits.semantic]
            told += [entry for entry in talk if subject.is_in(entry.text)][: limits.episodic]
            return told if told or subject.is_name else facts[: limits.semantic] + talk[: limits.episodic]
        return facts[: limits.semantic] + self.episodic(limits.episodic)

    def habits(self) -> list[Recalled]:
        """Return habits and goals; if the message asks about a person or a name, only those that mention it."""
        found = self.records("procedural", self._limits.procedural)
        subject = self._subject
        if subject is None or not (subject.is_name or subject.is_somebody):
            return found
        return [entry for entry in found if subject.is_in(entry.text)]

    @cached_property
    def _subject(self) -> Subject | None:
        return subject_of(self._query.message)

    def records(self, kind: str, limit: int) -> list[Recalled]:
        """Return the best records of a type. Superseded facts come last, unless the query asks about the past.

        A time window asks for what was said or happened in it, so superseded facts keep their rank there.
        """
        scores = self._facts(limit) if kind == "semantic" else self._scores(kind)
        names = sorted(scores, key=lambda name: -scores[name])
        by_id = {record.id: record for record in self._parts.memories.entries(self._user, kind=kind, ids=names[: 4 * limit])}
        ranked = sorted((by_id[name] for name in names if name in by_id), key=lambda one: _rank_key(one, scores[one.id]))
        if not self._filters.window.is_bounded:
            if self._asks_what_was:
                ranked = self._with_what_was(ranked)
            else:
                ranked.sort(key=self._is_over)
        least = min(scores.values(), default=0.0)
        return [_recalled(record, scores.get(record.id, least)) for record in ranked[:limit]]

    @cached_property
    def _asks_what_was(self) -> bool:
        return asks_about_the_past(self._query.message) or asks_about_the_past(self._query.keywords)

    def _scores(self, kind: str) -> dict[str, float]:
        return self._parts.records.search(kind, self._query.message, self._query.keywords, self._filters)

    def _facts(self, limit: int) -> dict[str, float]:
        """Return the scores of valid facts, and of superseded ones if the question is about a time or too few are valid."""
        scores = self._scores(NOW)
        if self._asks_what_was or self._filters.window.is_bounded or self._filters.named:
            return scores | self._scores(PAST)
        if len(scores) < limit:
            scores |= {name: score * _SUPERSEDED_FACTOR for name, score in self._scores(PAST).items()}
        return scores

    def _with_what_was(self, ranked: Sequence[MemoryRecord]) -> list[MemoryRecord]:
        """Return the records with the facts that each one superseded, and that superseded it, next to it."""
        facts = [record for record in ranked if isinstance(record, SemanticMemory)]
        others = self._parts.memories.linked(self._user, facts)
        together: dict[str, MemoryRecord] = {}
        for record in ranked:
            together[record.id] = record
            for other in others:
                if other.superseded_by == record.id or getattr(record, "superseded_by", None) == other.id:
                    together.setdefault(other.id, other)
        seen, time = self._filters.excluded, self._query.time
        return [record for record in together.values() if record.id not in seen and record.time <= time]

    def _is_over(self, record: MemoryRecord) -> bool:
        """Return whether a fact was superseded before the time that the question names, or by now if it names none."""
        if not isinstance(record, SemanticMemory) or record.valid_until is None:
            return False
        return self._filters.named is None or record.valid_until.timestamp() <= self._filters.named.start

    def episodic(self, limit: int) -> list[Recalled]:
        """Return topics, ranked by their best turn, and turns without a topic. Matching summaries only fill the places left.

        A summary says less than its turns. With a ranking of its own, it would hide the right turns (decision 017).
        """
        places = self.turns()
        best = list(places)[:_MAX_PLACES]
        topics = self._topics_of(set(best))
        group_of = {turn_id: name for name, turn_ids in topics.items() for turn_id in turn_ids}
        found = self._dialogues(reciprocal_rank([regroup(best, group_of)] * _TURN_RANKING_WEIGHT), topics, places, limit)
        if len(found) < limit:
            summed_up = self._scores("episodic")
            shown = {entry.id for entry in found}
            rest = {name: score for name, score in summed_up.items() if name not in shown}
            records = self._parts.memories.entries(self._user, kind="episodic", ids=rest)
            topics = {record.id: record.turn_ids for record in records if isinstance(record, Episode)}
            found += self._dialogues(rest, topics, places, limit - len(found))
        return found

    def raw_turns(self, limit: int) -> list[Recalled]:
        """Return the best raw turns without topics, with scores that are comparable with those of records."""
        scores = reciprocal_rank([list(self.turns())[:limit]] * _TURN_RANKING_WEIGHT)
        entries = self._dialogues(scores, {}, scores, limit)
        return [entry.model_copy(update={"kind": "turn"}) for entry in entries]

    def turns(self) -> dict[str, float]:
        """Return the scores of raw turns, best first: by the message, and by the keywords if there are any."""
        return best_passages(self._passages)

    @cached_property
    def _passages(self) -> dict[str, float]:
        scores = self._parts.turns.search_passages([self._query.message, self._query.keywords], self._filters)
        seen, parts = self._filters.excluded, self._query.shown_passages
        return {name: score for name, score in scores.items() if turn_of(name) not in seen and name not in parts}

    def _topics_of(self, turn_ids: set[str]) -> dict[str, tuple[str, ...]]:
        # The index has these traits in memory, because the turns were scored a moment ago.
        traits = [traits for traits, _ in self._parts.index.read(self._user, list(turn_ids)).values()]
        return self._parts.memories.topics(self._user, {one.session for one in traits}, turn_ids)

    def _dialogues(
        self, scores: dict[str, float], topics: dict[str, tuple[str, ...]], places: dict[str, float], limit: int
    ) -> list[Recalled]:
        """Return the `limit` best topics and single turns that have something to show."""
        shown: list[Recalled] = []
        groups = {name: topics.get(name, (name,)) for name in scores}
        names = iter(scores)
        # Load as many at a time as are still wanted: most have something to show.
        while len(shown) < limit and not self._dialogue.full and (some := list(islice(names, limit))):
            said = self._parts.journal.turns(self._user, ids=[turn for name in some for turn in groups[name]], traces=False)
            by_id = {turn.id: turn for turn in said if self._may_show(turn)}
            for name in some:
                turns = [by_id[turn] for turn in groups[name] if turn in by_id]
                # Of a topic, only the turns inside the time window; all of them if none is inside.
                turns = [turn for turn in turns if self._filters.window.contains(turn.time.timestamp())] or turns
                entry = self._dialogue.show(name, turns, places, scores[name])
                shown += [entry] if entry else []
        return shown[:limit]

    @cached_property
    def _dialogue(self) -> Dialogue:
        query = self._query
        return Dialogue(self._passages, [query.message, query.keywords], query.shown_passages, self._limits)

    def _may_show(self, turn: Turn) -> bool:
        spoken = turn.state in SPOKEN and turn.held is None
        return spoken and turn.time <= self._query.time and turn.id not in self._filters.excluded


def _rank_key(record: MemoryRecord, score: float) -> tuple[float, float]:
    """Return the sort key: by score, about one place higher for each repetition; of equal scores the newer first."""
    again = min(record.strength - 1, _MAX_REPEATS) if isinstance(record, SemanticMemory) else 0
    return -score * (1.0 + _REPEAT_BONUS * again), -record.time.timestamp()


def _recalled(record: MemoryRecord, score: float) -> Recalled:
    match record:
        case SemanticMemory():
            return Recalled(
                id=record.id, kind="semantic", text=record.told, time=record.time, score=score, turn_ids=record.turn_ids
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
