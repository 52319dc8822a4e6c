"""Decides what is sensitive, and stores what each person agreed to."""

__all__ = ["consent_rule", "derived_marks", "modes", "sensitive", "sensitive_classifier", "training"]
