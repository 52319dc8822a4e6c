"""The page Personality."""

__all__ = ["page"]
