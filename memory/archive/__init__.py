"""Exports everything of one user as one file, and imports it again."""
