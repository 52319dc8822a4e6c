"""The page You."""

__all__ = ["page"]
