"""Archives: everything of one user exported into one file, and imported again."""

__all__ = ["service", "zip_file"]
