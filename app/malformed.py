"""Errors about malformed input files, in one sentence with the line."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from json_source_map import calculate
from pydantic import TypeAdapter, ValidationError

from memory.core.errors import InvalidInput

_Read = TypeVar("_Read")


@dataclass(frozen=True)
class Place:
    """A value in a JSON file: the keys and indices that lead to it."""

    path: Path
    keys: tuple[str | int, ...] = ()

    def at(self, *keys: str | int) -> Place:
        """Return a place inside this one."""
        return Place(self.path, (*self.keys, *keys))

    def wrong(self, problem: str) -> InvalidInput:
        """Return the error that names file, line and value; for a missing value, its parent."""
        inside = f" ({'.'.join(map(str, self.keys))})" if self.keys else ""
        return InvalidInput(f"{self.path}, line {self._line()}{inside}: {problem}")

    def shown(self) -> str:
        """Return file and place without the line, which would cost a pass over the file."""
        return f"{self.path}, {'.'.join(map(str, self.keys))}"

    def _line(self) -> int:
        try:
            known = calculate(self.path.read_text(encoding="utf-8-sig"))
        except RecursionError:
            # Nested too deeply to find its lines.
            return 1
        for length in range(len(self.keys), -1, -1):
            pointer = "".join(f"/{str(key).replace('~', '~0').replace('/', '~1')}" for key in self.keys[:length])
            if pointer in known:
                return int(known[pointer].value_start.line) + 1
        return 1


def read_json(path: Path, option: str) -> Any:
    """Read a JSON file.

    Args:
        path: The file.
        option: The option that named the file, for the error.

    Raises:
        InvalidInput: The file cannot be read, or is not JSON; the message names the line.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read ({error.strerror}). Check {option}.") from error
    except json.JSONDecodeError as error:
        raise InvalidInput(f"{path}, line {error.lineno}: this is not JSON ({error.msg}). Check {option}.") from error
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"{path} is not JSON ({error}). Check {option}.") from error


def checked(place: Place, kind: TypeAdapter[_Read], value: object) -> _Read:
    """Return the validated value.

    Raises:
        InvalidInput: The value is invalid; the message has the first problem.
    """
    try:
        return kind.validate_python(value)
    except ValidationError as error:
        first = error.errors()[0]
        raise place.at(*first["loc"]).wrong(f"{first['msg']}.") from error


def malformed(where: str, error: ValidationError) -> InvalidInput:
    """Return the error that names the place and the first problem there."""
    first = error.errors()[0]
    inside = ".".join(str(part) for part in first["loc"])
    return InvalidInput(f"{where}{f', {inside}' if inside else ''}: {first['msg']}.")
