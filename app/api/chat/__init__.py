"""OpenAI's chat completions over a whole turn of ours: search memory, reason, answer, and remember afterwards."""

__all__ = ["places", "routes"]
