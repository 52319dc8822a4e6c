"""`--save FILE` of `persona eval …` and `persona bench …`: a result that a page quotes or a later run is compared with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from app.console import progress
from memory.core.errors import InvalidInput


def _checked(path: Path | None) -> Path | None:
    """Check before a run of minutes, and not after it, that its figures can be saved, and that they replace figures alone.

    Raises:
        InvalidInput: The file cannot be written, or it exists and is no result.
    """
    if path is None:
        return None
    from evals.perf.results import load

    if path.exists():
        load(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8"):
            pass
        if not path.stat().st_size:
            path.unlink()
    except OSError as error:
        raise InvalidInput(f"--save: {path} cannot be written ({error.strerror}). Give another file.") from error
    return path


Save = Annotated[
    Path | None,
    typer.Option(
        "--save", callback=_checked, help="Save the figures to this file, with the date, the machine and the command."
    ),
]


def saved(path: Path | None, benchmark: str, found: Mapping[str, Any]) -> None:
    """Write the figures to the file of `--save`, and say so; None: nothing is written."""
    if path is not None:
        from evals.perf.results import save

        save(path, benchmark, found)
        progress(f"Saved to {path}.")
