"""Decides which facts, profile lines and habits are kept, and in which words: only those that the person said."""

__all__ = ["fidelity", "grounding", "kept_habits", "kept_profile", "own_fact", "said_words"]
