"""Finds the days that messages name and that lie ahead."""
