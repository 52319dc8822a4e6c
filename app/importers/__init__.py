"""Imports history from files: our own transcripts, and what other programs export."""

__all__ = ["conversations", "importing", "ingest", "person", "preview", "recognition", "upload"]
