"""`persona eval …` and `persona bench …`."""

__all__ = ["bench", "commands"]
