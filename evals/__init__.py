"""Evaluation and benchmarks: datasets, solvers, scorers."""
