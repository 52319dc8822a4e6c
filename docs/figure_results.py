"""The result files behind the figures of the pages, and the values in them."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from evals.peers import table as peers

_NUMBER = r"(?:[-–]?\d[\d,]*(?:\.\d+)?%?|–|…)"
"""A number; a dash where nothing was measured; an ellipsis where no figure was put yet."""
_WORDS = r"[^|\n]+?"
_LESS_IS_BETTER = {"recall@10": False, "search_ms": True, "add_ms": True, "peak_mb": True, "disk_mb": True, "survived": False}


@dataclass(frozen=True)
class Slot:
    """A placeholder: the short name of a result file, the path in it, and the form in which the value is written."""

    alias: str
    path: str
    form: str

    @property
    def pattern(self) -> str:
        """Return the regular expression of what may stand there: a number, if the form is one of numbers."""
        return _NUMBER if self.form and self.form[-1] in "fd%" else _WORDS


class Results:
    """The result files by their short names, each read once.

    Args:
        root: The folder that their paths start from.
        files: The path of each.
    """

    def __init__(self, root: Path, files: Mapping[str, str]) -> None:
        self._root = root
        self._files = files
        self._read: dict[str, dict[str, Any]] = {}

    def says(self, slot: Slot) -> str:
        """Return the value of a placeholder as it is written.

        Raises:
            LookupError: There is no such file, or no such value in it.
        """
        value = self._value(slot.alias, slot.path)
        return "–" if value is None else format(value, slot.form)

    def holds(self, comparison: str) -> bool:
        """Return whether `alias/path < alias/path` is true.

        Raises:
            LookupError: There is no such file, or no such value in it.
        """
        less, more = (self._value(*one.split("/", 1)) for one in comparison.split(" < "))
        return bool(less < more)

    def _value(self, alias: str, path: str) -> Any:
        name = self._files.get(alias, alias)
        if alias not in self._read:
            if not (self._root / name).is_file():
                msg = f"{name} is not there"
                raise LookupError(msg)
            self._read[alias] = _with_words(json.loads((self._root / name).read_text(encoding="utf-8")))
        try:
            return look_up(self._read[alias], path)
        except KeyError as error:
            msg = f"{name} has no `{path}`"
            raise LookupError(msg) from error


def look_up(value: Any, path: str) -> Any:
    """Return the value at a path of keys with `/` between them; a key may contain one itself.

    Raises:
        KeyError: There is none.
    """
    for key in value if isinstance(value, Mapping) else ():
        if path == key:
            return value[key]
        if path.startswith(f"{key}/"):
            try:
                return look_up(value[key], path.removeprefix(f"{key}/"))
            except KeyError:
                continue
    raise KeyError(path)


def _with_words(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return the figures of a result, beside them its date, machine and command; of other programs, the same in words."""
    found = result["found"]
    if result["benchmark"] == "peers":
        rows = {
            name: row if "error" in row else {**row, "survives": peers.survives(row), "remains": _remains(row)}
            for name, row in found["programs"].items()
        }
        found = {**found, "programs": rows, "better": _better(found["programs"])}
    return {**found, **{name: value for name, value in result.items() if name != "found"}}


def _remains(row: Mapping[str, Any]) -> str:
    files = len(row["remains_in"])
    return f"in {files} files" if files > 1 and not row["deleted_found"] else peers.remains(row)


def _better(rows: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Return by figure which other programs are better than this one; for files, only those that write any."""
    found = {}
    for name, less in _LESS_IS_BETTER.items():
        of = {
            one: (row[name]["p50"] if isinstance(row[name], Mapping) else row[name]) * (-1 if less else 1)
            for one, row in rows.items()
            if "error" not in row and (name != "disk_mb" or row["on_disk"])
        }
        titles = [title for one, title in peers.TITLES.items() if one in of and of[one] > of["ours"]]
        found[name] = ", ".join(titles) or "none of them"
    return found
