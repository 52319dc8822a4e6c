"""Every search of a person: over the index file, or over Chroma while that is not there yet."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import TypeVar

from memory.core.counts import Counts
from memory.core.errors import InvalidInput, StorageError
from memory.core.query import Query, SearchBudget, SearchLimits, SearchResult
from memory.core.records import Recalled, SemanticMemory
from memory.core.spans import span
from memory.core.time_ranges import asked_window
from memory.core.time_window import TimeWindow
from memory.core.validation import check_text
from memory.facts.acceptance import ScoredFact
from memory.index.recovery import IndexRecovery
from memory.search.from_chroma import ChromaSearch
from memory.search.parts import SearchParts
from memory.search.retriever import Retriever

_log = logging.getLogger(__name__)
_CHROMA_BATCH_ENTRIES = 48
_MOST_COPIED = 1_000
_MAX_UNINDEXED_FACTS = 12
"""From this number of unindexed facts on, they are indexed first; fewer are compared one by one."""
SEARCHABLE = ("core", "semantic", "episodic", "procedural", "photo")
T = TypeVar("T")


class Searches:
    """Searches that first bring the index up to the journal.

    Args:
        parts: The stores that a search needs.
        indexes: The index files, and what keeps them up to date.
        retriever: Searches the index files.
        chroma: Searches Chroma.
        counts: Counts the searches.
    """

    def __init__(
        self, parts: SearchParts, indexes: IndexRecovery, retriever: Retriever, chroma: ChromaSearch, counts: Counts
    ) -> None:
        self._journal = parts.journal
        self._memories = parts.memories
        self._indexes = indexes
        self._retriever = retriever
        self._chroma = chroma
        self._counts = counts

    def by_kind(self, user_id: str, query: Query, limits: SearchLimits | None = None) -> SearchResult:
        """Search for a turn, one type of memory after the other; see `Retriever.search_by_kind`."""
        return self._found(user_id, query, lambda retriever: retriever.search_by_kind(user_id, query, limits))

    def jointly(self, user_id: str, query: Query, budget: SearchBudget | None = None) -> SearchResult:
        """Search all types at once, within one budget. A history no longer than `SearchBudget.whole` is returned complete."""
        budget = budget or SearchBudget()
        if budget.whole and not query.shown and (whole := self._retriever.whole(user_id, query, budget.whole)):
            return whole
        return self._found(user_id, query, lambda retriever: retriever.search_jointly(user_id, query, budget))

    def by_words(self, user_id: str, text: str, *, kind: str | None = None, limit: int = 10) -> list[Recalled]:
        """Return the `limit` best memories for a person's search text, of one type or of all, best first.

        Raises:
            InvalidInput: The text is empty, longer than a message, or not valid Unicode.
        """
        if not text.strip():
            raise InvalidInput("The search text is empty. Enter one or more words.")
        check_text(text)
        if not self._journal.knows(user_id):
            return []

        def _search(retriever: Retriever) -> list[Recalled]:
            return retriever.search(user_id, text, [kind] if kind else SEARCHABLE, limit)

        def _searched() -> list[Recalled]:
            if not self._is_near(user_id, None) and (found := self._in_chroma(user_id, [text], _search)) is not None:
                return found
            # After an index recovery, Chroma is filled again too; the rest of a long history is copied in the background.
            self._indexes.indexer.mirror(user_id, at_least=_CHROMA_BATCH_ENTRIES, most=_MOST_COPIED)
            return _search(self._retriever)

        return self._indexes.recovering(_searched)

    def similar_facts(self, user_id: str, memory: SemanticMemory) -> tuple[list[ScoredFact], list[ScoredFact]]:
        """Return the facts that the new fact may repeat or supersede; and the later facts that may do so to the new fact."""
        besides = self._memories.not_indexed(user_id) if self._indexes.knows_what_it_lacks else None
        if besides is None or len(besides) >= _MAX_UNINDEXED_FACTS:
            # Many facts wait, for example while an index is rebuilt: comparing them one by one would take too long.
            self._indexes.recovering(lambda: self._indexes.indexer.run(user_id))
            besides = []
        return self._indexes.recovering(lambda: self._retriever.similar_facts(user_id, memory, besides))

    def bring_up(self, user_id: str) -> None:
        """Bring the index file up to the journal, for `in_turns`; not within a transaction, see `Indexer`."""
        self._indexes.indexer.run(user_id, pictures=False)

    def in_turns(self, user_id: str, words: Sequence[str]) -> tuple[dict[str, int], int]:
        """Return the number of indexed turns that contain each word (in any of its forms), and the number of all of them."""
        return self._indexes.search.in_turns(user_id, words)

    def cosines(self, user_id: str, kind: str, text: str) -> dict[str, float]:
        """Return the cosines of the records of a type that are nearest to a text; see `Retriever.cosines`."""
        self.bring_up(user_id)
        return self._retriever.cosines(user_id, kind, text)

    def turn_cosines(self, user_id: str, texts: Sequence[str]) -> dict[str, float]:
        """Return how near turns are to a thing that several texts name; see `Retriever.turn_cosines`."""
        self.bring_up(user_id)
        return self._retriever.turn_cosines(user_id, texts)

    def _found(self, user_id: str, query: Query, search: Callable[[Retriever], SearchResult]) -> SearchResult:
        if not self._journal.knows(user_id):
            # A search must not create files: a new user who chats off the record leaves nothing behind.
            return SearchResult(())

        def _searched() -> SearchResult:
            # Turns that the prompt already shows need not be indexed yet.
            if not self._is_near(user_id, query.prompt_turns):
                texts = [query.message, query.keywords, query.previous_message]
                if (found := self._in_chroma(user_id, texts, search, _window(query))) is not None:
                    return replace(found, from_chroma=True)
            return search(self._retriever)

        with span("search"):
            return self._indexes.recovering(_searched)

    def _in_chroma(
        self, user_id: str, texts: Sequence[str], search: Callable[[Retriever], T], window: TimeWindow | None = None
    ) -> T | None:
        """Search Chroma; without it, bring the index file up to the journal now, and return None."""
        try:
            found = self._chroma.run(user_id, texts, search, window)
        except StorageError:
            _log.warning("Chroma could not answer a search: the index file is brought up to the journal first")
            self._indexes.indexer.run(user_id, pictures=False)
            self._counts.searched("index")
            return None
        self._counts.searched("chroma")
        return found

    def _is_near(self, user_id: str, shown: AbstractSet[str] | None) -> bool:
        near = self._indexes.indexer.bring_near(user_id, shown)
        if near:
            self._counts.hit()
            self._counts.searched("index")
        else:
            self._counts.miss()
            self._indexes.follower.ask(user_id)
        return near


def _window(query: Query) -> TimeWindow | None:
    """Return the time window that a search asks for, or that its words name."""
    if query.window.is_bounded:
        return query.window
    return asked_window(query.message, query.time) or asked_window(query.keywords, query.time)
