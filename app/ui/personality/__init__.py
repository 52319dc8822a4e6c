"""The Personality page."""

__all__ = ["page"]
