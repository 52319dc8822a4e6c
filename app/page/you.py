"""To come."""

from __future__ import annotations

from app.page.frame import Here


def draw(here: Here) -> None:
    """Draw the page."""
