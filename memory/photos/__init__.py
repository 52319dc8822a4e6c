"""Stores photos without their metadata, and looks at them with CLIP and a detector."""

__all__ = ["clip", "detector", "image_file", "store", "vision"]
