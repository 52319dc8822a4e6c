"""Replies that were judged by hand, to state how far a judge agrees."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from memory.core.errors import InvalidInput

COLUMNS = ("kind", "question", "item", "reply", "verdict")
_VERDICTS = {"0": 0.0, "0.5": 0.5, "1": 1.0}


@dataclass(frozen=True)
class Judged:
    """One reply and its verdict.

    Attributes:
        kind: What is difficult about it.
        question: The question.
        item: One item of the question's rubric.
        reply: The reply.
        verdict: How far it satisfies the item, by hand: 0, 0.5 or 1.
    """

    kind: str
    question: str
    item: str
    reply: str
    verdict: float


def load(path: Path) -> list[Judged]:
    """Load a table with the columns of `COLUMNS`, separated by tabs, without quotes.

    Raises:
        InvalidInput: It cannot be read, or a row is malformed; names file and line.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InvalidInput(f"{path} cannot be read ({error}). Give --labels a table of judged replies.") from error
    if not rows or tuple(rows[0]) != COLUMNS:
        raise InvalidInput(f"{path}, line 1: the columns are not {', '.join(COLUMNS)}. Correct the first line.")
    found = []
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != len(COLUMNS) or not all(cell.strip() for cell in row):
            raise InvalidInput(f"{path}, line {number}: it does not have {len(COLUMNS)} cells with words. Correct the line.")
        if row[-1] not in _VERDICTS:
            raise InvalidInput(f"{path}, line {number}: the verdict is {row[-1]!r}, and not 0, 0.5 or 1. Correct it.")
        found.append(Judged(row[0], row[1], row[2], row[3], _VERDICTS[row[-1]]))
    if not found:
        raise InvalidInput(f"{path} contains no judged reply. Give --labels a table of judged replies.")
    return found
