"""Finds the upcoming days that messages and facts name, and says what is coming up."""

__all__ = ["agenda", "date_rows", "question"]
