"""The page Memory."""

__all__ = ["page"]
