"""Photos: storage without metadata, CLIP embeddings, and the detection of named things."""

__all__ = ["clip", "detector", "image_file", "store", "vision"]
