"""Messages that need no retrieval: they are not about memory, or about what was said a moment ago."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter

from app.malformed import Place, checked, read_json
from evals.datasets.histories import time_of
from evals.types import Person, Question

PROBES = "probes.json"
DIRECT = "Direct"


class _Probe(BaseModel):
    model_config = ConfigDict(extra="forbid")

    person: str
    time: str
    task: str
    query: str
    answer: str


def load(folder: Path, people: Sequence[Person], zone: str = "UTC") -> list[Question]:
    """Load the probes that lie beside the questions; none if there is no such file.

    Raises:
        InvalidInput: They are malformed, or about an unknown person; names file and line.
    """
    path = folder / PROBES
    if not path.exists():
        return []
    known, probes = {person.id for person in people}, []
    for number, entry in enumerate(checked(Place(path), TypeAdapter(list[object]), read_json(path, "--data"))):
        place = Place(path, (number,))
        probe = checked(place, TypeAdapter(_Probe), entry)
        if probe.person not in known:
            raise place.at("person").wrong(f"there is no person {probe.person!r} in this context.")
        time = time_of(place.at("time"), probe.time, zone)
        asked = Question(
            id=f"probe-{number}", person=probe.person, aspect=DIRECT, task=probe.task, text=probe.query, answer=probe.answer,
            time=time, rule="holds",
        )  # fmt: skip
        probes.append(asked)
    return probes
