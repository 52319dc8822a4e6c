"""The personality: the PEM update, its evidence, the personality timeline, and wishes about the writing style."""

__all__ = ["evidence", "pem", "timeline", "writing_wishes"]
