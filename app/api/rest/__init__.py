"""REST under `/api/v1`: everything that the page can do with one person's memory."""

__all__ = ["routes"]
