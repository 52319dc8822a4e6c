"""Takes in history from files."""
