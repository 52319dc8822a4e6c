"""How long steps of background work took on this machine, by model, and what follows for those that are left.

The times are in a file of the data folder, so that a dry run can read them without opening the memory. The file has names of
models, digests of servers' URLs and seconds, and no words of a person.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, Field, ValidationError

from app.models.server_url import bases
from memory.core.errors import PersonaError

if TYPE_CHECKING:
    from app.models.model_server import Endpoint
    from app.settings import Settings
    from memory.imports.lines import ReadingDepth
    from memory.imports.staging import Added

_FILE = "step_times.json"
_MOST_TIMES = 40
"""Newest times of a model and kind: the rest of the machine changes, and so does its load."""
_MOST_SERIES = 40
_SLOWEST = 10
"""The slowest step of each ten is left out: a conversation held it up, or the machine slept."""
CALLS = {"message": 2, "conversation": 3, "topics": 1, "sets": 2}
"""The calls of a step, as a preview counts them."""
_SESSIONS = ("topics", "conversation", "sets")
"""Kinds whose calls are alike: each reads a conversation. Where one was not measured, its calls take as long as another's."""

Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]


@dataclass(frozen=True)
class Model:
    """A chat model where it runs.

    Attributes:
        name: Its name; empty: the first model of the server, whose name nobody has asked for yet.
        servers: The possible base URLs of its server; empty: it runs in this program.
    """

    name: str
    servers: tuple[str, ...] = ()

    @classmethod
    def of(cls, endpoint: Endpoint) -> Model:
        """Return the model that is loaded, or whose server has answered."""
        return cls(endpoint.model, () if endpoint.embedded else (endpoint.url,))

    @classmethod
    def named_by(cls, settings: Settings) -> Model | None:
        """Return the model that the settings name, without loading it or calling its server; None if there is none."""
        from app.models.model_server import find_weights

        if settings.llm_base_url:
            return cls(settings.llm_model, tuple(bases(settings.llm_base_url)))
        try:
            return cls(find_weights(settings)[0].stem)
        except PersonaError:
            return None


class _Series(BaseModel):
    """The newest times of one kind of step with one model."""

    model: str
    server: str
    kind: str
    seconds: list[Seconds]


class _File(BaseModel):
    series: list[_Series] = []


class StepTimes:
    """Notes how long steps took, and estimates how long others will take.

    Args:
        folder: The data folder; it may not exist yet.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / _FILE
        self._lock = threading.Lock()

    def note(self, model: Model, kind: str, seconds: float) -> None:
        """Note a step that was done; a file that cannot be written is left alone, because only an estimate depends on it."""
        server = _digest(model.servers[0]) if model.servers else ""
        with self._lock, suppress(OSError):
            series = self._series()
            same = [one for one in series if (one.model, one.server, one.kind) == (model.name, server, kind)]
            times = [*(same[0].seconds if same else []), round(seconds, 3)][-_MOST_TIMES:]
            newest = _Series(model=model.name, server=server, kind=kind, seconds=times)
            # The newest is last: it tells which model a server had.
            self._write([*(one for one in series if one not in same), newest][-_MOST_SERIES:])

    def estimate(self, model: Model | None, steps: Mapping[str, int]) -> float | None:
        """Return about how many seconds some steps take, one after another; None if such steps were never measured.

        Args:
            model: The model that will do them.
            steps: Number of steps by kind, as in `memory.storage.work_queue.Left`.
        """
        needed = {kind: count for kind, count in steps.items() if count}
        measured = self._of(model) if model is not None and needed else {}
        total = 0.0
        for kind, count in needed.items():
            alike = [one for one in (kind, *(_SESSIONS if kind in _SESSIONS else ())) if one in measured]
            if not alike:
                return None
            total += count * CALLS[kind] * _usual(measured[alike[0]]) / CALLS[alike[0]]
        return total

    def _of(self, model: Model) -> dict[str, list[float]]:
        """Return the times of a model by kind."""
        servers = [_digest(url) for url in model.servers] or [""]
        series = [one for one in self._series() if one.server in servers and one.seconds and one.kind in CALLS]
        name = model.name or (series[-1].model if series else "")
        return {one.kind: one.seconds for one in series if one.model == name}

    def _series(self) -> list[_Series]:
        try:
            return _File.model_validate_json(self._path.read_bytes()).series
        except (OSError, ValidationError):
            return []

    def _write(self, series: list[_Series]) -> None:
        text = json.dumps(_File(series=series).model_dump())
        descriptor, name = tempfile.mkstemp(dir=self._path.parent, prefix=".step-times-")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
            Path(name).replace(self._path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


def steps_of(depth: ReadingDepth, added: Added) -> dict[str, int]:
    """Return the steps of an import by kind.

    Args:
        depth: How much of it the model reads.
        added: What the import would add.
    """
    if depth == "none":
        return {}
    if depth == "sessions":
        return {"topics": added.sessions, "sets": 1 if added.sessions else 0}
    return {"message": added.own_turns, "conversation": added.sessions}


def _digest(url: str) -> str:
    """Return a name for a server; its URL may have a key in it."""
    return hashlib.sha256(url.encode()).hexdigest()[:16]


def _usual(seconds: list[float]) -> float:
    """Return the mean without the slowest, because a total is estimated from it."""
    kept = sorted(seconds)[: len(seconds) - len(seconds) // _SLOWEST]
    return sum(kept) / len(kept)
