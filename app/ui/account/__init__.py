"""The You page."""

__all__ = ["page"]
