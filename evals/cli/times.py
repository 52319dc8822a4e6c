"""`persona eval times`: how often the time that a text names is understood, by language."""

from __future__ import annotations

from app.console import AsJson, print_json, print_table, say
from evals.cli.saving import Save, saved


def times(save: Save = None, as_json: AsJson = False) -> None:
    """Measure how often a named time is understood ("last Friday"), on built-in phrases and questions in several languages."""
    from evals.components import named_times as measured

    result = measured.measure()
    saved(save, "times", result)
    if as_json:
        print_json(result)
        return
    rows = [
        (name, language, *(str(counts[how]) for how in measured.JUDGED))
        for name, one in result.items()
        for language, counts in one["by_language"].items()
    ]
    print_table(("texts", "language", "right", "missed", "other days", "invented"), rows)
    for one in result.values():
        for line in one["wrong"]:
            say(line)
