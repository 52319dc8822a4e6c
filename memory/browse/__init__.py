"""Pages of memories, conversations and photos, for people who browse them."""

__all__ = ["memories", "pages", "personality", "photos"]
