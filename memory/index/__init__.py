"""The search indexes of the journal: full text and vectors in one file per user, and their copy in Chroma."""

__all__ = [
    "bm25",
    "chroma",
    "documents",
    "embedded",
    "entries",
    "filters",
    "host_indexer",
    "imported",
    "indexer",
    "marker",
    "photo_index",
    "position",
    "recovery",
    "renamed_users",
    "search_index",
    "turn_traits",
    "user_files",
    "vectors",
]
