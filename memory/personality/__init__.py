"""PEM, its evidence and the personality timeline."""

__all__ = ["evidence", "pem", "timeline", "writing_wishes"]
