"""Decides what is sensitive, and what each person agreed to."""
