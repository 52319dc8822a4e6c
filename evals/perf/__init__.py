"""Benchmarks: how fast it is, and how that grows."""
