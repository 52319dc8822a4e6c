"""Calls of the chat model: each output is retried once and stored before it is used; token counts."""

__all__ = ["asking", "steps", "tally"]
