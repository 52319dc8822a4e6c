"""What is wrong with a file that was brought along, in one sentence."""

from __future__ import annotations

from pydantic import ValidationError

from memory.errors import InvalidInput


def malformed(where: str, error: ValidationError) -> InvalidInput:
    """Return the error that names the place and the first thing that is wrong there."""
    first = error.errors()[0]
    inside = ".".join(str(part) for part in first["loc"])
    return InvalidInput(f"{where}{f', {inside}' if inside else ''}: {first['msg']}.")
