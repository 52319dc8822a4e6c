"""The page You."""
