"""How fast history of other programs is searchable, beside `persona ingest` and other memory programs with the same turns."""

from __future__ import annotations

import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.importers.conversations import Choices
from app.importers.importing import Wanted, import_history
from app.importers.ingest import ingest_file
from evals.perf import history_files, peers
from memory.core.priority import behind
from memory.memory import Memory

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

_USER = "ada"


def measure(
    formats: list[str],
    sizes: list[int],
    *,
    long: bool,
    whole: bool,
    beside: bool,
    others: Sequence[str] = (),
    on_progress: Callable[[str], None],
) -> list[dict[str, Any]]:
    """Import a history of each format and size, each in a process of its own.

    Args:
        formats: Of `history_files.FORMATS`.
        sizes: Numbers of messages, fewest first.
        long: Whether every second message is a long reply.
        whole: Whether to embed everything, too.
        beside: Whether to measure `persona ingest` of the same turns, too, in turn.
        others: Names of `peers` that store the person's messages of the same turns, in turn.
        on_progress: Called with a line of progress.

    Returns:
        A row for each: `format`, `messages`, `turns`; `words_s`, `content_s`, `whole_s`, `chroma_s`: seconds from the start
        until all turns are found by their words, by one vector and by all vectors, and are in Chroma; `words_peak_mb`,
        `whole_peak_mb` and `peak_mb`: the peak memory until the first, the third and the last of these; `disk_mb`;
        `ingest_s`: seconds of ingest and index. With peers, also what `compared` returns for each.

    Raises:
        InvalidInput: There is no such peer.
        NotFound: A peer is not installed, or the text embedder is not one of the catalogue.
        ModelMissing: The text embedder is not on this machine.
    """
    peers.check(others)
    rows: list[dict[str, Any]] = []
    for format_ in formats:
        for size in sizes:
            row = _apart(_import, format_, size, long, whole)
            if beside:
                row |= _apart(_ingest, format_, size, long, whole)
            for name in others:
                texts = (one.text for one in history_files.said(size, long=long))
                row |= compared(row, name, peers.add(name, texts))
            rows.append({"format": format_, "messages": size, **row})
            on_progress(f"{format_}, {size} messages: {row}")
    return rows


def compared(ours: dict[str, Any], name: str, theirs: dict[str, Any]) -> dict[str, Any]:
    """Return a peer's figures for the columns of our row.

    Args:
        ours: A row with `turns` and `content_s`: a turn has its words and one vector, of the person's message.
        name: The peer's name.
        theirs: What `peers.add` returned.

    Returns:
        `per_s`: our turns a second; for the peer `NAME_per_s`, `NAME_ratio` (ours to its), `NAME_peak_mb`, `NAME_disk_mb`,
        `NAME_threads`, `NAME_version`.
    """
    our_rate, its_rate = _rate(ours["turns"], ours["content_s"]), _rate(theirs["texts"], theirs["seconds"])
    row = {"per_s": round(our_rate, 1), f"{name}_per_s": round(its_rate, 1), f"{name}_ratio": round(our_rate / its_rate, 2)}
    return row | {f"{name}_{what}": theirs[what] for what in ("peak_mb", "disk_mb", "threads", "version")}


def _rate(count: int, seconds: float) -> float:
    return count / max(seconds, 0.01)  # seconds are rounded to this


def _apart(work: Callable[..., None], *given: Any) -> dict[str, Any]:
    context = multiprocessing.get_context("spawn")
    ours, its = context.Pipe()
    process = context.Process(target=work, args=(*given, its))
    process.start()
    its.close()
    try:
        found: dict[str, Any] = ours.recv()
    finally:
        process.join()
    return found


def _import(format_: str, size: int, long: bool, whole: bool, pipe: Connection) -> None:  # noqa: FBT001 - of a process
    with tempfile.TemporaryDirectory(prefix="persona-bench-") as folder, _opened(Path(folder)) as memory:
        file = history_files.write(format_, Path(folder), size, long=long)
        began = time.perf_counter()
        done = import_history(memory, file, _USER, Wanted(Choices(zone="UTC", me="Ada"), depth="none"))
        row: dict[str, Any] = {"turns": done["added"], "words_s": _since(began), "words_peak_mb": _peak()}
        with behind():
            while memory.imports.shallow(_USER)[0]:
                memory.imports.deepen(_USER)
            row["content_s"] = _since(began)
            if whole:
                while any(memory.imports.shallow(_USER)):
                    memory.imports.deepen(_USER)
                row |= {"whole_s": _since(began), "whole_peak_mb": _peak()}
                while memory.imports.deepen(_USER):
                    pass
                row["chroma_s"] = _since(began)
        pipe.send({**row, "peak_mb": _peak(), "disk_mb": _disk(Path(folder) / "data")})


def _ingest(format_: str, size: int, long: bool, _whole: bool, pipe: Connection) -> None:  # noqa: FBT001 - of a process
    with tempfile.TemporaryDirectory(prefix="persona-bench-") as folder, _opened(Path(folder)) as memory:
        del format_
        file = history_files.write("json_lines", Path(folder), size, long=long)
        began = time.perf_counter()
        ingest_file(memory, file, _USER)
        memory.index(_USER)
        pipe.send({"ingest_s": _since(began), "ingest_peak_mb": _peak(), "ingest_disk_mb": _disk(Path(folder) / "data")})


def _opened(folder: Path) -> Memory:
    from app.factory import build_embedder
    from app.settings import Settings

    embedder = build_embedder(Settings())
    embedder.embed(["warm"])
    return Memory(folder / "data", embedder)


def _since(began: float) -> float:
    return round(time.perf_counter() - began, 2)


def _peak() -> int:
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def _disk(folder: Path) -> float:
    return round(sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6, 1)
