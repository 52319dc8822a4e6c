"""Searches turns, facts, topics, habits, the profile and photos, and ranks what it finds."""
