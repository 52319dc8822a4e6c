"""History from other programs: staged in a file, written in batches, listed, and undone as a whole."""

__all__ = ["facts", "foreseeing", "lines", "reading", "reasons", "service", "staging", "taken_as"]
