"""The journal, the memories that are made of it, and what is pending approval."""

__all__ = ["approvals", "arrivals", "corrections", "journal", "memories", "threads"]
