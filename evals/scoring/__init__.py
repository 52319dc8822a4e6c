"""Scores replies by letters, words and rules."""

__all__ = ["agreement", "asked", "letters", "rubric", "scorers"]
