"""Searches turns, facts, topics, habits, the profile and photos, and ranks the results."""

__all__ = [
    "asked_relation",
    "asked_subject",
    "excerpts",
    "from_chroma",
    "parts",
    "photo_search",
    "relevance",
    "retriever",
    "searches",
    "turn_scoring",
]
