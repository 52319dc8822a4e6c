"""Records which run a folder contains, so that a run never continues with the answers of another one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from evals.types import Person
from memory.core.errors import InvalidInput

FILE = "run.json"


class _Run(BaseModel):
    """The settings and people when the run began."""

    model_config = ConfigDict(extra="forbid")

    settings: dict[str, str]
    histories: dict[str, str]


def claim(folder: Path, settings: Mapping[str, str], people: Iterable[Person]) -> None:
    """Record the settings of a run, or check that they are the same as before; people may be added.

    Args:
        folder: Folder of the log and the memories; created if missing.
        settings: What the answers depend on, by the name that a user knows.
        people: Whose histories are replayed.

    Raises:
        InvalidInput: The folder contains a run with other settings; the message names them.
    """
    path = folder / FILE
    now = _Run(settings=dict(settings), histories={person.id: _fingerprint(person) for person in people})
    before = _read(path) if path.exists() else _Run(settings=now.settings, histories={})
    differs = [name for name in {**now.settings, **before.settings} if before.settings.get(name) != now.settings.get(name)]
    differs += [f"history of {name}" for name, value in now.histories.items() if before.histories.get(name, value) != value]
    if differs:
        raise InvalidInput(f"{folder} contains a run with another {differs[0]}. Give another --out, or delete that folder.")
    folder.mkdir(parents=True, exist_ok=True)
    whole = _Run(settings=now.settings, histories=before.histories | now.histories)
    # Renamed into place: a run that is killed here keeps its old file.
    fresh = path.with_suffix(".new")
    fresh.write_text(whole.model_dump_json(indent=1) + "\n", encoding="utf-8")
    fresh.replace(path)


def fingerprint(value: object) -> str:
    """Return a short hash of a value made of texts and numbers."""
    return hashlib.sha256(repr(value).encode(errors="surrogatepass")).hexdigest()[:16]


def _fingerprint(person: Person) -> str:
    return fingerprint(
        [(said.time.isoformat(), said.user, said.assistant, [_picture(path) for path in said.images]) for said in person.turns]
    )


def _picture(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _read(path: Path) -> _Run:
    try:
        return _Run.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, ValidationError) as error:
        raise InvalidInput(f"{path} cannot be read. Give another --out, or delete that folder.") from error
