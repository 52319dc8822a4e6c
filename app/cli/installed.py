"""Lists and removes the files of this program on the machine. `make uninstall` removes the environment as its last step."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from app.models import weights
from app.models.catalogue import CATALOGUE
from app.settings import Settings, settings_file
from memory.core.errors import StorageError
from memory.storage.folder_lock import FolderLock

_NAME = "personavlm"
Part = Literal["environment", "models", "data"]

_MADE = {
    "graphs": "files built from the models",
    "vllm-cpu": "the vLLM environment",
    "peers": "the environments of other programs for memory",
    "studio": "the threads of LangGraph Studio",
    "bench": "memories of benchmarks",
    "tests": "cache of the tests",
}
"""Cache folders beside the models."""
_KNOWN = {
    "graphs": (re.compile(r"[0-9a-f]{32}"), ("marks.json", "special.json")),
    "bench": (re.compile(r"\d+-(?:turns|users)-\d+"), ("journal.db",)),
    "peers": (re.compile(r"mem0"), ("pyvenv.cfg",)),
    "tests": (re.compile(r"tiny-clip-[0-9a-f]{16}"), ("persona.json",)),
}
"""Name pattern of the subfolders of a cache folder, and files that mark a subfolder as ours."""
_OURS = (
    "journal.db", "journal.db-wal", "journal.db-shm", "photos", "words", "shared-words", "chroma", "index.json", "owner.json",
    "owner.lock",
)  # fmt: skip
"""Names of our files in the data folder; an import that was killed also leaves `import-…`."""


@dataclass(frozen=True)
class Place:
    """A file or folder of this program.

    Attributes:
        part: The part of the installation, which is removed together.
        what: A description.
        path: The path.
        size: The size in bytes.
    """

    part: Part
    what: str
    path: Path
    size: int


def places(settings: Settings, environment: Path | None) -> list[Place]:
    """Return the files and folders of this program, and nothing else.

    Args:
        settings: They name the data folder.
        environment: The environment of this checkout, or None.
    """
    cache, models = weights.models_folder().parent, weights.models_folder()
    found: list[tuple[Part, str, Path]] = [("environment", "the environment", environment)] if environment else []
    found += [("models", f"model {name}", models / name) for name in CATALOGUE if (models / name / ".lock").exists()]
    found += [("models", what, path) for name, what in _MADE.items() for path in _made_by_us(cache / name)]
    found += [("models", "the choice of the chat model", settings_file())]
    listed = [Place(part, what, path, _size(path)) for part, what, path in found if path.exists()]
    folder = settings.data_dir.expanduser()
    if mine := list(_data(folder)):
        listed.append(Place("data", "all memories", folder, sum(map(_size, mine))))
    return listed


def not_ours(settings: Settings) -> list[str]:
    """Return the names of other files in the data folder, which are not removed."""
    folder = settings.data_dir.expanduser()
    ours = {path.name for path in _data(folder)}
    return sorted(path.name for path in folder.iterdir() if path.name not in ours) if folder.is_dir() else []


def left_alone() -> list[Path]:
    """Return cache folders that have our names but not our files; they are not removed."""
    cache, models = weights.models_folder().parent, weights.models_folder()
    folders = [cache / name for name in _MADE if (cache / name).is_dir()]
    ours = {path for folder in folders for path in _made_by_us(folder)}
    ours |= {models / name for name in CATALOGUE if (models / name / ".lock").exists()}
    found = []
    for folder in [*([models] if models.is_dir() else []), *folders]:
        if folder not in ours:
            others = [path for path in sorted(folder.iterdir()) if path not in ours]
            # If nothing in the folder is ours, name only the folder.
            found += others if any(path.parent == folder for path in ours) or folder == models else [folder]
    return found


def remove(listed: Sequence[Place], parts: set[Part], settings: Settings) -> list[Place]:
    """Remove these parts, except the environment that this program runs in; return what was removed.

    Raises:
        FolderInUse: Another program uses the data folder, and therefore the models.
        StorageError: A file cannot be removed; files removed before that stay removed.
    """
    removed = []
    with _locked(settings.data_dir.expanduser()):
        for place in listed:
            if place.part not in parts or place.part == "environment":
                continue
            try:
                if place.part == "data":
                    for path in _data(place.path):
                        if path.name != "owner.lock":
                            _remove(path)
                else:
                    _remove(place.path)
            except OSError as error:
                raise StorageError(f"{place.path} cannot be removed ({error.strerror or error}). Remove it by hand.") from error
            removed.append(place)
    if "data" in parts:
        folder = settings.data_dir.expanduser()
        (folder / "owner.lock").unlink(missing_ok=True)
        _drop_if_empty(folder)
    cache = weights.models_folder().parent
    for folder in (weights.models_folder(), *(cache / name for name in _KNOWN), cache, settings_file().parent):
        if "models" in parts:
            _drop_if_empty(folder)
    return removed


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Lock the data folder if it exists: a program that uses it also uses the models and the environment."""
    if not any(_data(folder)):
        yield
        return
    owner = FolderLock(folder)
    try:
        yield
    finally:
        owner.release()


def _data(folder: Path) -> Iterator[Path]:
    if (folder / "journal.db").exists() or (folder / "owner.lock").exists():
        for path in sorted(folder.iterdir()):
            if path.name in _OURS or (path.name.startswith("import-") and path.is_dir()):
                yield path


def _made_by_us(folder: Path) -> list[Path]:
    """Return our parts of a cache folder: under `PERSONA_CACHE_DIR`, a folder of that name may belong to the person."""
    if folder.parent.name == _NAME:
        return [folder]
    if not folder.is_dir() or folder.is_symlink():
        return []
    inside = sorted(folder.iterdir())
    if folder.name == "vllm-cpu":
        return [folder] if folder / "pyvenv.cfg" in inside else []
    if folder.name == "studio":
        return [folder] if {path.name for path in inside} == {".env", ".langgraph_api"} and inside[0].is_symlink() else []
    ours = [path for path in inside if _is_ours(path)]
    return [folder] if ours and ours == inside else ours


def _is_ours(path: Path) -> bool:
    """Return whether the name and the files of a subfolder show that it is ours."""
    name, files = _KNOWN[path.parent.name]
    return bool(name.fullmatch(path.name)) and not path.is_symlink() and any((path / file).is_file() for file in files)


def _size(path: Path) -> int:
    if path.is_symlink() or not path.is_dir():
        return path.lstat().st_size
    total = 0
    for below in path.rglob("*"):
        with suppress(OSError):
            total += 0 if below.is_dir() else below.lstat().st_size
    return total


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _drop_if_empty(folder: Path) -> None:
    with suppress(OSError):
        folder.rmdir()
