"""Loads benchmarks, as distributed and of our own, as people and questions."""
