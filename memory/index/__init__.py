"""The search indexes of the journal: full text and vectors in one file per user, and their copy in Chroma."""

__all__ = [
    "bm25",
    "chroma",
    "documents",
    "entries",
    "filters",
    "imported",
    "indexer",
    "photo_index",
    "recovery",
    "renamed_users",
    "search_index",
    "turn_traits",
    "vectors",
]
