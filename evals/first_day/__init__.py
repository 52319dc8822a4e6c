"""First days of fictional people: transcripts, and rules that count bad replies."""

__all__ = ["days", "rules"]
