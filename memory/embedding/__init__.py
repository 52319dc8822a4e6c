"""Embeds texts, without torch where possible."""

__all__ = ["text_embedder", "token_vectors"]
