"""What a host does that shares a journal with others: it loads and saves index files, and removes what is purged."""

__all__ = ["files", "purges"]
