"""Supervised fine-tuning with TRL."""

__all__ = ["trainer"]
