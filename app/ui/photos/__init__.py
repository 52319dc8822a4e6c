"""The page Photos."""
