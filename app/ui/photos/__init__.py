"""The page Photos."""

__all__ = ["page"]
