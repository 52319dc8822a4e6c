"""The example person: a ready month of conversation, so that the pages have something to show before one has talked oneself."""

from app.example.loading import USER, load

__all__ = ["USER", "load"]
