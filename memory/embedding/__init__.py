"""Embeds texts, without torch where possible."""

__all__ = ["bert_folder", "bert_graph", "text_embedder", "token_vectors"]
