"""`--save FILE` of `persona eval …` and `persona bench …`: a result that a page quotes or a later run is compared with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from app.console import progress

Save = Annotated[
    Path | None, typer.Option("--save", help="Save the figures to this file, with the date, the machine and the command.")
]


def saved(path: Path | None, benchmark: str, found: Mapping[str, Any]) -> None:
    """Write the figures to the file of `--save`, and say so; None: nothing is written."""
    if path is not None:
        from evals.perf.results import save

        save(path, benchmark, found)
        progress(f"Saved to {path}.")
