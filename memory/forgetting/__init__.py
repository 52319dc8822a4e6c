"""Forgets: finds the cascade of one thing, hides it, brings it back, purges it and verifies that it is gone."""

__all__ = [
    "cascade",
    "in_flight",
    "offers",
    "purge",
    "quarantine",
    "request_rules",
    "service",
    "soft_delete",
    "text_match",
    "verify",
]
