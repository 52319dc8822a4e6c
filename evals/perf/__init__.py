"""Benchmarks: how fast it is, and how the time grows with the data."""
