"""The journal, the memories that are made of it, and what is pending approval."""
