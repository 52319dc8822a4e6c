"""Stores of turns and memories: the journal, what is extracted from it, corrections, threads and pending approvals."""

__all__ = ["approvals", "arrivals", "corrections", "items", "journal", "memories", "memory_edits", "threads"]
