"""`persona …`: the command line."""
