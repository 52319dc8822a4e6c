"""Indexes what the journal holds: full text and vectors in one file per user, and Chroma behind it."""

__all__ = [
    "bm25",
    "chroma",
    "documents",
    "filters",
    "photo_index",
    "recovery",
    "renamed_users",
    "search_index",
    "turn_traits",
    "vectors",
]
