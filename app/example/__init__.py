"""The example person: a month of conversations, so that the pages have content before the first own message."""

from app.example.loading import USER, load

__all__ = ["USER", "load"]
