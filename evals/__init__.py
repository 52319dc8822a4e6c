"""Measuring the assistant: datasets, solvers, scorers."""
