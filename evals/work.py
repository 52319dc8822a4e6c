"""The cost of remembering per work item, to compare two builds by the processor time of a turn."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ValidationError

from evals.usage import Usage
from memory.core.errors import InvalidInput

FILE = "work.jsonl"


class Work(BaseModel):
    """One work item: the work after a turn (`remember`), or after a session (`consolidate`).

    Attributes:
        processor_seconds: Of this process, including an embedded model; of all people processed at once.
    """

    person: str
    kind: str
    processor_seconds: float
    seconds: float
    calls: int
    prompt_tokens: int
    completion_tokens: int

    @classmethod
    def of(cls, person: str, kind: str, usage: Usage, processor_seconds: float) -> Work:
        """Return an item that has just been finished."""
        return cls(
            person=person, kind=kind, processor_seconds=round(processor_seconds, 3), seconds=round(usage.seconds, 3),
            calls=usage.calls, prompt_tokens=usage.prompt_tokens, completion_tokens=usage.completion_tokens,
        )  # fmt: skip


def keep(folder: Path, work: Work) -> None:
    """Add an item to a run's folder."""
    with (folder / FILE).open("a", encoding="utf-8") as file:
        file.write(work.model_dump_json() + "\n")


def read(folder: Path) -> list[Work]:
    """Return the stored items; a line that a crash cut off is skipped.

    Raises:
        InvalidInput: The file has other content.
    """
    path = folder / FILE
    if not path.exists():
        return []
    data = path.read_bytes()
    try:
        return [Work.model_validate_json(line) for line in data[: data.rfind(b"\n") + 1].splitlines()]
    except ValidationError as error:
        raise InvalidInput(f"{path} is not a record of a run's background work. Give another --out.") from error


def figures(done: Sequence[Work]) -> dict[str, float]:
    """Return the cost of remembering per turn, sessions included; empty if nothing was remembered."""
    turns = sum(one.kind == "remember" for one in done)
    if not turns:
        return {}
    return {
        "turns": turns,
        "calls": round(sum(one.calls for one in done) / turns, 2),
        "prompt_tokens": round(sum(one.prompt_tokens for one in done) / turns, 1),
        "completion_tokens": round(sum(one.completion_tokens for one in done) / turns, 1),
        "seconds": round(sum(one.seconds for one in done) / turns, 2),
        "processor_seconds": round(sum(one.processor_seconds for one in done) / turns, 2),
    }
