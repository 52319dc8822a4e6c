"""`persona bench …`: measure the speed on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.console import AsJson, print_json, print_table, progress, say
from evals.cli.peers import peers
from evals.cli.saving import Save, saved
from memory.core.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Sequence

_OF_A_PEER = ("per_s", "ratio", "peak_mb", "disk_mb", "threads")
_QUIET_TURNS = 60

app = typer.Typer(no_args_is_help=True, help="Measure the speed on this machine.")
app.command()(peers)


@app.callback()
def _bench() -> None:
    """Make this a group of commands."""


@app.command()
def retrieval(
    sizes: Annotated[str, typer.Option("--sizes", help="Turns of one user, smallest first.")] = "1000,10000,100000",
    as_json: AsJson = False,
) -> None:
    """Measure how long searching, recalling and adding take in a made-up memory that grows (100,000 turns: 30 minutes)."""
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
    asked: Annotated[int, typer.Option("--asked", min=20, help="How many of them are shown again.")] = 100,
    as_json: AsJson = False,
) -> None:
    """Store many photos and time finding them by a picture, without the time of the image model (1,000: 5 minutes)."""
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
    say(f"photos found when shown again: {row['found']:.1%}; bytes stored / received: {row['ratio']}")


@app.command()
def people(
    count: Annotated[int, typer.Option("--people", min=1, help="Number of synthetic people.")] = 8,
    in_flight: Annotated[str, typer.Option("--in-flight", help="How many at once, smallest first.")] = "1,8",
    seconds: Annotated[float, typer.Option("--seconds", min=0, help="Duration of a model call.")] = 1.0,
    as_json: AsJson = False,
) -> None:
    """Time a run of questions with several people at once; a stand-in model always takes the same time (8 people: 1 minute)."""
    from app.factory import build_embedder
    from app.settings import Settings
    from evals.perf.people import measure

    rows = measure(count, _sizes(in_flight, "--in-flight", "1,8"), seconds, build_embedder(Settings()), progress)
    if as_json:
        print_json(rows)
    else:
        print_table(("people at once", "seconds", "speed-up"), [tuple(map(str, row.values())) for row in rows])


@app.command()
def pages(
    said: Annotated[int, typer.Option("--turns", min=1, help="Messages of one user.")] = 10_000,
    known: Annotated[int, typer.Option("--memories", min=10, help="Memories of that user.")] = 5_000,
    repeats: Annotated[int, typer.Option("--repeats", min=1, help="Fresh tabs for each page.")] = 5,
    as_json: AsJson = False,
) -> None:
    """Open each page of the app in a real Chromium, for a user with years of memories (about a minute)."""
    from evals.perf.pages import measure

    rows = measure(said, known, repeats, progress)
    if as_json:
        print_json(rows)
    else:
        print_table(("page", "first paint s", "whole s"), [tuple(map(str, row.values())) for row in rows])


@app.command()
def api(
    people: Annotated[int, typer.Option("--people", min=1, help="How many people talk at the same time.")] = 50,
    messages: Annotated[int, typer.Option("--messages", min=3, help="Messages of each person.")] = 20,
    repeats: Annotated[int, typer.Option("--repeats", min=1, help="How often both ways are measured, in turn.")] = 3,
    save: Save = None,
    as_json: AsJson = False,
) -> None:
    """Measure what the HTTP server adds to a reply, with a stand-in model that always takes the same time (some minutes)."""
    from memory.core import extras

    extras.require("api")
    from evals.perf.api import measure
    from evals.perf.fixed_server import Pace

    found = measure(people, messages, repeats, Pace(), progress)
    saved(save, "api", found)
    if as_json:
        print_json(found)
        return
    rows = [
        (way, str(found[way]["own_first"]["p50"]), str(found[way]["own_first"]["p95"]), str(found[way]["peak_mb"]),
         f"{found[way]['replies']} ({found[way]['misplaced']} misplaced)")
        for way in ("direct", "api")
    ]  # fmt: skip
    print_table(("way", "first word ms, p50", "p95", "memory MB", "replies"), rows)
    say(f"over HTTP / directly: first word p95 {found['ratio']['first_p95']}, memory {found['ratio']['memory']}")


@app.command("import")
def import_(
    formats: Annotated[
        str, typer.Option("--formats", help="Formats, separated by commas.")
    ] = "chatgpt,claude,telegram,whatsapp,json_lines",
    sizes: Annotated[str, typer.Option("--messages", help="Numbers of messages, fewest first.")] = "1000,10000",
    long: Annotated[bool, typer.Option("--long", help="Every second message is a long reply.")] = False,
    whole: Annotated[bool, typer.Option("--whole/--content", help="Embed everything, or one vector a turn.")] = True,
    beside: Annotated[bool, typer.Option("--ingest/--alone", help="Measure `persona ingest` of the same turns, too.")] = True,
    others: Annotated[
        str, typer.Option("--peers", help="Other programs to measure with the same messages, separated by commas: mem0.")
    ] = "",
    talk: Annotated[
        bool, typer.Option("--talk", help="Measure only a conversation beside an import of each size, and alone.")
    ] = False,
    save: Save = None,
    as_json: AsJson = False,
) -> None:
    """Import made-up histories in the files of other programs, and time when they can be found (10,000 messages: minutes)."""
    from evals.perf.importing import measure

    if talk:
        _beside(_sizes(sizes, "--messages"), save, as_json=as_json)
        return
    names = others.split(",") if others else []
    rows = measure(
        formats.split(","),
        _sizes(sizes, "--messages"),
        long=long,
        whole=whole,
        beside=beside,
        others=names,
        on_progress=progress,
    )
    saved(save, "import", {"rows": rows})
    if as_json:
        print_json(rows)
        return
    columns = ("format", "messages", "turns", "words_s", "content_s", "whole_s", "peak_mb", "disk_mb", "ingest_s")
    print_table(columns, [[str(row.get(name, "")) for name in columns] for row in rows])
    if names:
        compared = ("format", "messages", "per_s", *(f"{name}_{what}" for name in names for what in _OF_A_PEER))
        print_table(compared, [[str(row[name]) for name in compared] for row in rows])
        say("Turns a second with their words and one vector, a peer's texts a second, and the ratio of both.")


def _beside(sizes: list[int], save: Path | None, *, as_json: bool) -> None:
    from app.factory import build_embedder
    from app.settings import Settings
    from evals.perf.import_beside import measure

    rows = [{"messages": size, **measure(size, _QUIET_TURNS, build_embedder(Settings()), progress)} for size in sizes]
    saved(save, "import-talk", {"rows": rows})
    if as_json:
        print_json(rows)
        return
    shown = [
        (
            str(row["messages"]), str(row["quiet"]["p95"]), str(row["beside"]["p95"]), str(row["ratio"]),
            str(row["turns"]["beside"]), str(row["import_s"]),
        )
        for row in rows
    ]  # fmt: skip
    print_table(("messages", "alone, p95 ms", "beside, p95 ms", "ratio", "replies beside", "import, s"), shown)
    say("Our own time to the first word of a reply: the model's time is taken off.")


@app.command()
def turn(
    sizes: Annotated[str, typer.Option("--sizes", help="Turns of one user, smallest first.")] = "100,1000,10000",
    users: Annotated[str, typer.Option("--users", help="Numbers of users with 80 memories each, smallest first.")] = "1,10,100",
    conversations: Annotated[
        int, typer.Option("--conversations", min=0, help="How many people chat at the same time; 0: leave this out.")
    ] = 100,
    turns: Annotated[int, typer.Option("--turns", min=20, help="Turns that are counted at each size.")] = 100,
    reference: Annotated[
        int, typer.Option("--reference", help="The largest memory for which the paper's method is measured.")
    ] = 10_000,
    save: Save = None,
    as_json: AsJson = False,
) -> None:
    """Measure the time that this program itself (not the model) spends on a message, compared with the paper's method.

    With --sizes 100,1000,10000,100000 --users 1,10,100,1000 the first run fills folders for an hour, and keeps them in the
    cache folder.
    """
    from evals.perf.growth import run

    found = run(_sizes(sizes), _sizes(users, "--users", "1,10"), conversations, turns, reference, progress)
    saved(save, "turn", found)
    if as_json:
        print_json(found)
    else:
        _print_turns(found)


@app.command()
def hosts(
    database_url: Annotated[str, typer.Option("--database-url", help="An empty database on PostgreSQL.")],
    chroma_url: Annotated[str, typer.Option("--chroma-url", help="A Chroma server.")],
    photos_url: Annotated[str, typer.Option("--photos-url", help="An object store; empty: a folder.")] = "",
    size: Annotated[int, typer.Option("--size", min=10, help="Turns of one user.")] = 10_000,
    turns: Annotated[int, typer.Option("--turns", min=20, help="Turns that are counted.")] = 100,
    people: Annotated[
        int, typer.Option("--people", min=0, help="People with 80 memories each on one host; 0: leave this out.")
    ] = 0,
    save: Save = None,
    as_json: AsJson = False,
) -> None:
    """Compare a host on PostgreSQL and Chroma with one machine, and load a person on a host that does not know them."""
    from evals.perf.hosts import Servers, measure
    from memory.core import extras
    from memory.objects.opening import open_store

    extras.require("server")
    servers = Servers(database_url, chroma_url, open_store(photos_url) if photos_url else None)
    found = measure(size, turns, people, servers, progress)
    saved(save, "hosts", found)
    if as_json:
        print_json(found)
        return
    rows = [(name, str(found[name]["first"]["p50"]), str(found[name]["first"]["p95"])) for name in ("embedded", "host")]
    print_table(("at", "first word ms, p50", "p95"), rows)
    new = found["new"]
    say(f"p95 of a host / of one machine: {found['ratio']}")
    say(f"new to a host: first search {new['search']} ms (by {new['by']}), whole index after {new['index_s']} s")
    if served := found.get("people"):
        say(f"{served['people']:,} people on one host: warm search p95 {served['warm']['p95']} ms, {served['peak_mb']} MB")


@app.command()
def real(save: Save = None, as_json: AsJson = False) -> None:
    """Chat with the configured model, eight turns in two sessions (the embedded 1.5B on two cores: 3 to 4 minutes)."""
    from app.factory import build_embedder
    from app.settings import Settings
    from evals.perf.real import Counted, measure

    settings = Settings()
    found = measure(Counted(settings), build_embedder(settings), progress)
    saved(save, "real", found)
    if as_json:
        print_json(found)
        return
    shares = found["cached"]
    rows = [
        ("words per second", str(found["words_per_second"])),
        ("first word, median s", str(found["first_s"])),
        ("whole reply, median s", str(found["reply_s"])),
        ("background work, median s", str(found["after_s"])),
        ("cached tokens, reply prompts", f"{shares['replies']:.0%}"),
        ("cached tokens, background prompts", f"{shares['background']:.0%}"),
    ]
    print_table(("measure", found["model"]), rows)


@app.command()
def prefix(
    url: Annotated[str, typer.Option("--url", help="The server's URL, ending in /v1; default: the configured server.")] = "",
    save: Save = None,
    as_json: AsJson = False,
) -> None:
    """Count how much of each prompt the server reuses from its cache, for both layouts of the prompt.

    vLLM reports this only when it is started with --enable-prompt-tokens-details.
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
    saved(save, "prefix", found)
    if as_json:
        print_json(found)
        return
    rows = [
        (talk, layout, name, *(str(row[key]) for key in ("calls", "prompt", "cached", "rate", "new")))
        for talk, layouts in found.items()
        for layout, parts in layouts.items()
        for name, row in (*parts["stages"].items(), *parts["shared"].items())
    ]
    print_table(("conversation", "layout", "stage", "calls", "tokens", "cached", "rate", "new per call"), rows)


@app.command()
def compare(
    before: Annotated[Path, typer.Argument(help="A file written by --save.")],
    after: Annotated[Path, typer.Argument(help="A later file written by --save.")],
    least: Annotated[
        float, typer.Option("--least", min=0, help="Leave out changes smaller than this share; 0.1 is 10%.")
    ] = 0.1,
    as_json: AsJson = False,
) -> None:
    """Print what changed between two results."""
    from evals.perf.results import load, moved

    was, now = load(before), load(after)
    rows = moved(was["numbers"], now["numbers"], least)
    if as_json:
        print_json(rows)
        return
    if was.get("machine") != now.get("machine"):
        progress("The results are from different machines: compare ratios within each result, not times.")
    if not rows:
        say(f"Nothing changed by more than {least:.0%}.")
        return
    shown = [tuple("" if row[key] is None else str(row[key]) for key in ("what", "before", "after", "times")) for row in rows]
    print_table(("what", "before", "after", "times"), shown)


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
    columns = ("turns", "first p50", "p95", "after p50", "p95", "published p50", "p95", "ratio", "with calls", "CPU", "MB")
    print_table(columns, rows)
    say("Milliseconds without the model's own time: to the first token, of the background work, and of the published")
    say("schedule to its reply. Ratios to ours (p95): without and with its bookkeeping calls. CPU: ms per turn, own code.")
    for size, row in ours.items():
        made = ", ".join(f"{stage} {count}" for stage, count in row["calls"].items())
        told = ", ".join(f"{stage} {count}" for stage, count in row["tokens"].items())
        say(f"{int(size):,} turns: calls per turn: {made}; prompt tokens per turn: {told}")
    people = [
        (f"{int(count):,}", *times(row["cold"]), *times(row["warm"]), str(row["peak_mb"]))
        for count, row in found["users"].items()
    ]
    if people:
        print_table(("users", "cold search p50 ms", "p95", "warm p50 ms", "p95", "MB"), people)
    if "at_once" in found:
        row = found["at_once"]
        many = [
            ("return of all after a pause, s", str(row["back_s"])),
            ("replies, share of the ideal rate", f"{row['replies']['share']:.0%}"),
            ("whole turns, share of the ideal rate", f"{row['remembered']['share']:.0%}"),
            ("own time to the first token, p95 ms", str(row["first"]["p95"])),
            ("own CPU, ms per turn", str(row["processor"]["own"])),
            ("embedder's CPU, ms per turn", str(row["processor"]["embedding"])),
            ("peak MB", str(row["peak_mb"])),
        ]
        print_table(("many people at once", "value"), many)
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
