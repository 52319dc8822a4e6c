"""Reads benchmarks, as they are distributed and of our own, into people and questions."""
