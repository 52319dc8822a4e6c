"""Reports of a run: accuracy with intervals, costs, comparison of two runs, one page."""
