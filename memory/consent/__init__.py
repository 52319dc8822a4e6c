"""Decides what is sensitive, and stores what each person agreed to."""

__all__ = ["derived_marks", "marks", "modes", "sensitive", "sensitive_classifier", "training"]
