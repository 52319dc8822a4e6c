"""How often the time that a text names is understood, on phrases and questions of our own in several languages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from importlib import resources
from typing import Any, Literal

from evals.datasets import own_talk
from evals.datasets.own_talk import NamedTime
from memory.core.temporal import named_window

Judged = Literal["right", "missed", "other_days", "invented"]
"""`missed`: no time was found in a text that names one; `invented`: one was found in a text that names none."""
JUDGED: tuple[Judged, ...] = ("right", "missed", "other_days", "invented")
SETS = ("named_times", "named_times_later")
"""Sets of phrases in `evals/data/languages`: the first was written before the rules, the other when they were done."""
_NONE = "-"


def phrases(name: str) -> list[NamedTime]:
    """Return one of `SETS`."""
    text = (resources.files("evals") / "data" / "languages" / f"{name}.tsv").read_text(encoding="utf-8")
    return [_phrase(line) for line in text.splitlines() if not line.startswith("#")]


def _phrase(line: str) -> NamedTime:
    language, asked, text, first, last = line.split("\t")
    days = None if first == _NONE else (date.fromisoformat(first), date.fromisoformat(last))
    return NamedTime(language, datetime.fromisoformat(asked).replace(tzinfo=UTC), text, days)


def measure() -> dict[str, Any]:
    """Return, for each of `SETS` and for the questions of the talks, what `judged` returns."""
    return {name: judged(phrases(name)) for name in SETS} | {"questions": judged(own_talk.named_times(own_talk.FOLDER))}


def judged(cases: Sequence[NamedTime]) -> dict[str, Any]:
    """Compare the days that are found in each text with those that it names.

    Returns:
        `by_language`: how many texts are right, missed, other_days and invented; `wrong`: a line for each that is not right.
    """
    by_language: dict[str, dict[str, int]] = {}
    wrong = []
    for one in cases:
        found = _days(one)
        how: Judged = "right" if found == one.days else "invented" if one.days is None else "other_days" if found else "missed"
        by_language.setdefault(one.language, dict.fromkeys(JUDGED, 0))[how] += 1
        if how != "right":
            wrong.append(f"{one.language}, {one.asked:%Y-%m-%d}, {one.text}: {_shown(found)}, not {_shown(one.days)}")
    return {"by_language": by_language, "wrong": wrong}


def _days(one: NamedTime) -> tuple[date, date] | None:
    window = named_window(one.text, one.asked)
    if window is None:
        return None
    first, end = (datetime.fromtimestamp(stamp, UTC) for stamp in (window.start, window.end))
    return first.date(), (end - timedelta(microseconds=1)).date()


def _shown(days: tuple[date, date] | None) -> str:
    return "no time" if days is None else f"{days[0]} to {days[1]}"
