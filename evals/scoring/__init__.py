"""Scores replies: letters, words, rules."""

__all__ = ["asked", "scorers"]
