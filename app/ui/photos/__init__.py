"""The Photos page."""

__all__ = ["page"]
