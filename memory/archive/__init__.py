"""Exports everything of one user as one file, and imports it again."""

__all__ = ["service", "zip_file"]
