"""First days of made-up people: transcripts, and rules that count bad replies."""

__all__ = ["days", "rules"]
