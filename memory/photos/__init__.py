"""Stores photos without their metadata, and looks at them with CLIP and a detector."""
