"""The Memory page."""

__all__ = ["page"]
