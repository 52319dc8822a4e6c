"""Forgets things: finds the cascade of one thing, hides it, restores it, purges it and verifies that it is gone."""

__all__ = [
    "cascade",
    "counts",
    "in_flight",
    "offers",
    "purge",
    "quarantine",
    "removed",
    "request_rules",
    "service",
    "soft_delete",
    "text_match",
    "user_deletion",
    "verify",
]
