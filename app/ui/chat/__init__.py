"""The page Chat."""

__all__ = ["page"]
