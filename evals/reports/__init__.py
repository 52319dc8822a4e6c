"""Reports of a run: accuracy with intervals, costs, comparison of two runs, one page."""

__all__ = ["compare", "costs", "page", "published", "report"]
