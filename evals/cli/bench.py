"""`persona bench …`: measuring how fast it is on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.console import AsJson, print_json, print_table, progress, say
from memory.core.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Sequence

Save = Annotated[Path | None, typer.Option("--save", help="Keep the result in this file, to compare with later.")]

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
    from app.factory import build_embedder
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
    from app.factory import build_embedder
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
    from app.factory import build_embedder
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


@app.command()
def turn(
    sizes: Annotated[str, typer.Option("--sizes", help="Turns of one user, smallest first.")] = "100,1000,10000",
    users: Annotated[str, typer.Option("--users", help="Users of 80 memories each, fewest first.")] = "1,10,100",
    conversations: Annotated[int, typer.Option("--conversations", min=0, help="People who talk at once; 0: none.")] = 100,
    turns: Annotated[int, typer.Option("--turns", min=20, help="Turns that are counted at each size.")] = 100,
    reference: Annotated[int, typer.Option("--reference", help="The published schedule up to so many turns.")] = 10_000,
    save: Save = None,
    as_json: AsJson = False,
) -> None:
    """Measure our own part of a turn, with a model of fixed delays, beside the published schedule.

    With --sizes 100,1000,10000,100000 --users 1,10,100,1000 the first run fills folders for an hour, and keeps them in the
    user's cache.
    """
    from evals.perf.growth import run

    found = run(_sizes(sizes), _sizes(users, "--users", "1,10"), conversations, turns, reference, progress)
    _saved(save, "turn", found)
    if as_json:
        print_json(found)
    else:
        _print_turns(found)


@app.command()
def real(save: Save = None, as_json: AsJson = False) -> None:
    """Talk with the model that is set, eight turns in two sessions (the embedded 1.5B on two cores: 3 to 4 minutes)."""
    from app.factory import build_embedder
    from app.settings import Settings
    from evals.perf.real import Counted, measure

    settings = Settings()
    found = measure(Counted(settings), build_embedder(settings), progress)
    _saved(save, "real", found)
    if as_json:
        print_json(found)
        return
    say(f"{found['model']}: {found['words_per_second']} words a second; medians: first word after {found['first_s']} s,")
    say(f"the reply after {found['reply_s']} s, its background work {found['after_s']} s")
    shares = found["cached"]
    say(f"read before: {shares['replies']:.0%} of the replies' prompts, {shares['background']:.0%} of the background's")


@app.command()
def prefix(
    url: Annotated[str, typer.Option("--url", help="A server, ending in /v1; empty: as the settings say.")] = "",
    save: Save = None,
    as_json: AsJson = False,
) -> None:
    """Count how much of each prompt the server has read before, in both prompt layouts.

    vLLM says so only when it is started with --enable-prompt-tokens-details.
    """
    from app.factory import build_embedder
    from app.models.model_server import ModelServer
    from app.settings import Settings
    from evals.perf.prefix import measure, summed

    settings = Settings(llm_base_url=url) if url else Settings()
    models = ModelServer(settings)
    try:
        found = summed(measure(models, build_embedder(settings), on_progress=progress))
    finally:
        models.close()
    _saved(save, "prefix", found)
    if as_json:
        print_json(found)
        return
    rows = [
        (talk, layout, name, *(str(row[key]) for key in ("calls", "prompt", "cached", "rate", "new")))
        for talk, layouts in found.items()
        for layout, parts in layouts.items()
        for name, row in (*parts["stages"].items(), *parts["shared"].items())
    ]
    print_table(("talk", "layout", "calls of", "calls", "tokens", "cached", "rate", "new a call"), rows)


@app.command()
def compare(
    before: Annotated[Path, typer.Argument(help="A file that --save wrote.")],
    after: Annotated[Path, typer.Argument(help="A later one.")],
    least: Annotated[float, typer.Option("--least", min=0, help="Leave out what moved by a smaller share.")] = 0.1,
    as_json: AsJson = False,
) -> None:
    """Print what moved between two results."""
    from evals.perf.results import load, moved

    was, now = load(before), load(after)
    rows = moved(was["numbers"], now["numbers"], least)
    if as_json:
        print_json(rows)
        return
    if was.get("machine") != now.get("machine"):
        progress("They were measured on different machines: compare quotients within each, not times.")
    if not rows:
        say(f"Nothing moved by more than {least:.0%}.")
        return
    shown = [tuple("" if row[key] is None else str(row[key]) for key in ("what", "before", "after", "times")) for row in rows]
    print_table(("what", "before", "after", "times"), shown)


def _saved(path: Path | None, name: str, found: dict[str, Any]) -> None:
    if path is not None:
        from evals.perf.results import save

        save(path, name, found)
        progress(f"Kept in {path}.")


def _print_turns(found: dict[str, Any]) -> None:
    ours, theirs = found["turns"], found["published"]

    def times(row: dict[str, Any] | None) -> list[str]:
        return [str(row["p50"]), str(row["p95"])] if row else ["", ""]

    rows = []
    for size, row in ours.items():
        beside = theirs.get(size)
        quotient = f"×{beside['first']['p95'] / row['first']['p95']:.1f}" if beside else ""
        waited = f"×{beside['waited']['p95'] / row['first']['p95']:.0f}" if beside else ""
        cells = [f"{int(size):,}", *times(row["first"]), *times(row["after"]), *times(beside and beside["first"])]
        rows.append((*cells, quotient, waited, str(row["processor"]["own"]), str(row["peak_mb"])))
    columns = ("turns", "first p50", "p95", "after p50", "p95", "published p50", "p95", "times", "with its calls", "CPU", "MB")
    print_table(columns, rows)
    say("Milliseconds, the model's own time left out: to the first token; of the background work; of the published schedule")
    say("to its reply, as many times ours (p95), and with the bookkeeping calls that it waits for. CPU: ms a turn, own code.")
    for size, row in ours.items():
        made = ", ".join(f"{stage} {count}" for stage, count in row["calls"].items())
        told = ", ".join(f"{stage} {count}" for stage, count in row["tokens"].items())
        say(f"{int(size):,} turns: calls a turn: {made}; prompt tokens a turn: {told}")
    people = [
        (f"{int(count):,}", *times(row["cold"]), *times(row["warm"]), str(row["peak_mb"]))
        for count, row in found["users"].items()
    ]
    if people:
        print_table(("users", "cold search p50 ms", "p95", "warm p50 ms", "p95", "MB"), people)
    if "at_once" in found:
        row = found["at_once"]
        say(f"Back at once from a pause, last sessions summed up: {row['back_s']} s. Then:")
        say(
            f"At once: {row['replies']['share']:.0%} of the ideal replies, "
            f"{row['remembered']['share']:.0%} of the ideal whole turns; "
            f"own time to the first token p95 {row['first']['p95']} ms; CPU {row['processor']['own']} ms a turn, "
            f"the embedder's {row['processor']['embedding']}; {row['peak_mb']} MB"
        )
    say("Growth (exponent of the size): " + ", ".join(f"{what} {value}" for what, value in found["growth"].items()))


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
