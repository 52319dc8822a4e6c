"""Finds the days that messages name and that lie ahead."""

__all__ = ["agenda", "date_rows", "question"]
