"""Imports history from files."""

__all__ = ["ingest"]
