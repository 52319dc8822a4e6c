"""What a host does that shares a journal with others: it loads and saves index files, and removes what nobody may find."""

__all__ = ["files", "orphans", "purges", "reencryption"]
