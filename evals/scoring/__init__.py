"""Scores replies: letters, words, rules."""
