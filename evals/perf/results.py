"""Benchmark results as files, kept with the code they belong to, and the changes between two of them."""

from __future__ import annotations

import json
import os
import platform
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from memory.core.errors import InvalidInput

_NOISE_SHARE = 0.1
"""Two runs on one machine differ by this share without any change."""


def save(path: Path, name: str, found: Mapping[str, Any]) -> dict[str, Any]:
    """Write a result as `described` returns it, and return that.

    Args:
        path: The file; its folder is created.
        name: The benchmark.
        found: Its numbers by name, nested as needed.
    """
    result = described(name, found)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return result


def described(name: str, found: Mapping[str, Any]) -> dict[str, Any]:
    """Return a result with its benchmark, its time, its machine and the command that made it."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    machine = {"cores": cores, "processor": _processor(), "python": platform.python_version()}
    about = {"benchmark": name, "at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine}
    return {**about, "command": typed(sys.argv), "found": found}


def typed(words: Sequence[str]) -> str:
    """Return a command as it was typed, without the paths and servers of this machine: of a path only its last name is left."""
    return shlex.join(_without_place(word) for word in words)


def _without_place(word: str) -> str:
    option, equals, value = word.partition("=") if word.startswith("-") else ("", "", word)
    return f"{option}{equals}{'SERVER' if '://' in value else Path(value).name or value}"


def load(path: Path) -> dict[str, Any]:
    """Load a result.

    Raises:
        InvalidInput: It cannot be read, or is not a result.
    """
    try:
        result = json.loads(path.read_text(encoding="utf-8"))
        numbers = dict(flat(result["found"]))
    except (OSError, UnicodeDecodeError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidInput(f"{path} is not a result ({error}). Give a file written by --save.") from error
    return {**result, "numbers": numbers}


def flat(found: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, float]]:
    """Yield each number with its path, for example `turns 1000 first p50`."""
    for key, value in found.items():
        name = f"{before} {key}".strip()
        if isinstance(value, Mapping):
            yield from flat(value, name)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield name, float(value)


def moved(before: Mapping[str, float], after: Mapping[str, float], least: float = _NOISE_SHARE) -> list[dict[str, Any]]:
    """Return the numbers that differ by more than a share between two results, largest change first; and numbers in only one.

    Args:
        before: Numbers by path.
        after: The same, later.
        least: The share.
    """
    rows: list[dict[str, Any]] = []
    for name in before.keys() | after.keys():
        was, now = before.get(name), after.get(name)
        if was is None or now is None:
            rows.append({"what": name, "before": was, "after": now, "times": None})
        elif was != now and (was == 0 or abs(now / was - 1) > least):
            rows.append({"what": name, "before": was, "after": now, "times": round(now / was, 2) if was else None})

    def size(row: Mapping[str, Any]) -> float:
        times = row["times"]
        return 0.0 if not times or times <= 0 else max(times, 1 / times)

    return sorted(rows, key=lambda row: (-size(row), row["what"]))


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.is_file() else []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.machine()
