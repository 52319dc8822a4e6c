"""Scores replies by letters, words and rules."""

__all__ = ["asked", "scorers"]
