"""Compares facts and marks those that a newer one repeats or supersedes."""

__all__ = [
    "acceptance",
    "change_phrases",
    "change_words",
    "other_languages",
    "profile_validity",
    "slots",
    "statement",
    "supersession_rows",
]
