"""Decides which facts, profile lines and habits the person said, and in which words they are kept."""
