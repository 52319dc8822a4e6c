"""Turns text into vectors, without torch where that is possible."""

__all__ = ["text_embedder", "token_vectors"]
