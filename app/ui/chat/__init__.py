"""The Chat page."""

__all__ = ["page"]
