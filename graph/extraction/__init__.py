"""Decides which facts, profile lines and habits the person said, and in which words they are kept."""

__all__ = ["fidelity", "grounding", "kept_habits", "kept_profile", "own_fact", "said_words"]
