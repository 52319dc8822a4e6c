"""Reads pages of what is remembered, for people who look through it."""

__all__ = ["memories", "personality", "photos"]
