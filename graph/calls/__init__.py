"""Calls of the chat model: one output, retried once, kept before it is used; token counts."""

__all__ = ["asking", "steps", "tally"]
