"""Takes in history from files."""

__all__ = ["ingest"]
