"""Compares facts, and marks those that a newer one supersedes."""
