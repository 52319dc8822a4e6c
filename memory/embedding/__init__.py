"""Turns text into vectors, without torch where that is possible."""
