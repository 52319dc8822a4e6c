"""`persona bench …`: measuring how fast it is on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.console import AsJson, print_json, print_table, progress, say
from memory.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Sequence

app = typer.Typer(no_args_is_help=True, help="Measure how fast it is on this machine.")


@app.callback()
def _bench() -> None:
    """Make this a group: other benchmarks stand beside the first."""


@app.command()
def retrieval(
    sizes: Annotated[str, typer.Option("--sizes", help="Turns of one user, smallest first.")] = "1000,10000,100000",
    as_json: AsJson = False,
) -> None:
    """Let a made-up memory grow, and time a search, a recall and an added memory at each size (100,000: about 30 minutes)."""
    from app.build import build_embedder
    from app.settings import Settings
    from evals.perf.retrieval import measure

    rows = measure(_sizes(sizes), build_embedder(Settings()), progress)
    if as_json:
        print_json(rows)
    else:
        _print(rows)


@app.command()
def photos(
    count: Annotated[int, typer.Option("--photos", min=10, help="Photos of one user.")] = 1_000,
    asked: Annotated[int, typer.Option("--asked", min=20, help="How many are shown again.")] = 100,
    as_json: AsJson = False,
) -> None:
    """Remember many photos, and time a recall by picture without the image tower (1,000: about 5 minutes)."""
    from app.build import build_embedder
    from app.settings import Settings
    from evals.perf.photos import measure

    row = measure(count, asked, build_embedder(Settings()), progress)
    if as_json:
        print_json(row)
        return
    times = [(name, str(row[name]["p50"]), str(row[name]["p95"])) for name in ("by_picture", "whole")]
    print_table(("recall", "p50 ms", "p95 ms"), times)
    sizes = [(name, f"{row[name] / 1e6:.1f}") for name in ("received", "stored", "copies")]
    print_table(("bytes", "MB"), sizes)
    say(f"{row['found']:.1%} of the photos that were shown again came first; stored / received: {row['ratio']}")


@app.command()
def people(
    count: Annotated[int, typer.Option("--people", min=1, help="Made-up people.")] = 8,
    in_flight: Annotated[str, typer.Option("--in-flight", help="How many at once, smallest first.")] = "1,8",
    seconds: Annotated[float, typer.Option("--seconds", min=0, help="That a call of the model takes.")] = 1.0,
    as_json: AsJson = False,
) -> None:
    """Time a run of questions with several people in flight, with a model of a fixed time a call (8 people: about a minute)."""
    from app.build import build_embedder
    from app.settings import Settings
    from evals.perf.people import measure

    rows = measure(count, _sizes(in_flight, "--in-flight", "1,8"), seconds, build_embedder(Settings()), progress)
    if as_json:
        print_json(rows)
    else:
        print_table(("in flight", "seconds", "times as fast"), [tuple(map(str, row.values())) for row in rows])


@app.command()
def pages(
    said: Annotated[int, typer.Option("--turns", min=1, help="Messages of one user.")] = 10_000,
    known: Annotated[int, typer.Option("--memories", min=10, help="Memories of theirs.")] = 5_000,
    repeats: Annotated[int, typer.Option("--repeats", min=1, help="Fresh tabs for each page.")] = 5,
    as_json: AsJson = False,
) -> None:
    """Open each page of the app in a real Chromium, for somebody with years of memories (about a minute)."""
    from evals.perf.pages import measure

    rows = measure(said, known, repeats, progress)
    if as_json:
        print_json(rows)
    else:
        print_table(("page", "first paint s", "whole s"), [tuple(map(str, row.values())) for row in rows])


def _sizes(text: str, option: str = "--sizes", example: str = "1000,10000") -> list[int]:
    try:
        sizes = [int(part) for part in text.split(",")]
    except ValueError:
        sizes = []
    if not sizes or sizes != sorted(set(sizes)) or sizes[0] < 1:
        raise InvalidInput(f"{option} takes whole numbers, smallest first, for example {example}; not {text!r}.")
    return sizes


def _print(rows: Sequence[dict[str, Any]]) -> None:
    measures = ("search", "recall", "add")
    shown = []
    for number, row in enumerate(rows):
        cells = [f"{row['turns']:,}"]
        for measure in measures:
            cells += [str(row[measure]["p50"]), str(row[measure]["p95"])]
            cells.append(f"×{row[measure]['p50'] / rows[number - 1][measure]['p50']:.2f}" if number else "")
        shown.append(cells)
    columns = [f"{measure} {column}" for measure in measures for column in ("p50 ms", "p95 ms", "growth")]
    print_table(("turns", *columns), shown)
