"""What every search needs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from memory.embedding.text_embedder import Embedder
from memory.index.search_index import SearchIndex
from memory.search.photo_search import PhotoSearch
from memory.search.record_ranking import RecordSearch
from memory.search.turn_ranking import TurnSearch
from memory.stores.journal import Journal
from memory.stores.memories import Memories


@dataclass(frozen=True)
class SearchParts:
    """What a search needs: the stores, the index, and the embedder for the query."""

    journal: Journal
    memories: Memories
    index: SearchIndex
    embedder: Embedder
    pictures: PhotoSearch

    @cached_property
    def turns(self) -> TurnSearch:
        """The ranking of raw turns."""
        return TurnSearch(self.index, self.embedder)

    @cached_property
    def records(self) -> RecordSearch:
        """The ranking of all other types of memory."""
        return RecordSearch(self.index, self.embedder)
