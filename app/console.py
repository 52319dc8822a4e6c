"""Output of the command line: results on stdout, progress and errors on stderr, JSON on request."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from memory.core.errors import PersonaError
from memory.core.validation import user_name

if TYPE_CHECKING:
    from pydantic import BaseModel
    from rich.console import Console

User = Annotated[str, typer.Option("--user", "-u", help="The user.", callback=user_name)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def print_json(value: Any) -> None:
    """Print one JSON value on stdout."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def print_records(records: Sequence[BaseModel], *, as_json: bool, columns: Sequence[str], empty: str) -> None:
    """Print records as a JSON array with all fields, or as a table with some.

    Args:
        records: Records from `memory.core.records`.
        as_json: Print JSON instead of a table.
        columns: Fields of the table; a missing field is an empty cell.
        empty: The line to print if there are no records.
    """
    if as_json:
        print_json([record.model_dump(mode="json") for record in records])
    elif records:
        print_table(columns, ([_cell(getattr(record, name, "")) for name in columns] for record in records))
    else:
        progress(empty)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, stderr: bool = False) -> None:
    """Print a table on stdout, or on stderr."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        # Ids are copied, so they are never cut off.
        table.add_column(name, no_wrap=name == "id", overflow="fold", min_width=24 if name == "id" else None)
    for row in rows:
        table.add_row(*(_plain(cell) for cell in row))
    console(stderr=stderr).print(table)


def say(text: str) -> None:
    """Print one line of a result on stdout."""
    sys.stdout.write(f"{text}\n")


def report(value: object, sentence: str, *, as_json: bool) -> None:
    """Print a sentence about what was done, or the JSON value."""
    if as_json:
        print_json(value)
    else:
        say(sentence)


def counted(removed: dict[str, int]) -> str:
    """Return counts with their names in one line."""
    return ", ".join(f"{what}: {count}" for what, count in removed.items() if count) or "nothing else"


def progress(text: str) -> None:
    """Print one line of progress on stderr."""
    sys.stderr.write(f"{text}\n")


def fail(error: PersonaError, *, as_json: bool) -> None:
    """Print an error on stderr, as a sentence or as a JSON object."""
    if as_json:
        sys.stderr.write(json.dumps({"error": {"code": error.code, "message": error.message}}, ensure_ascii=False) + "\n")
    else:
        sys.stderr.write(f"{error.message}\n")


def console(*, stderr: bool = True) -> Console:
    """Return a rich console that does not interpret markup."""
    from rich.console import Console

    return Console(stderr=stderr, markup=False, highlight=False, emoji=False)


def steady_streams() -> None:
    """Replace closed standard streams, and make ASCII-only streams accept every character."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115 - until the program ends
        elif mode == "w" and isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _cell(value: Any) -> str:
    from datetime import datetime

    from memory.core import clock

    if isinstance(value, datetime):
        return clock.show(value)
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    if isinstance(value, float):
        return f"{value:.2f}"
    return "" if value is None else str(value)


def _plain(text: str) -> Any:
    from rich.text import Text

    # Control characters in a memory must not control the terminal.
    return Text("".join(char if char.isprintable() or char == "\n" else "\N{REPLACEMENT CHARACTER}" for char in text))
