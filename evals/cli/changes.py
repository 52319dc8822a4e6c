"""`persona eval changes`: how often a newer fact is believed to replace an older one."""

from __future__ import annotations

from contextlib import closing
from typing import Annotated

import typer

from app.console import AsJson, print_json, print_table, say

_ALWAYS, _ASKED = "the model always says changed", "the model judges"


def changes(
    model: Annotated[bool, typer.Option("--model", help="Ask the chat model too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Measure which changes of facts are accepted and which facts are replaced by mistake, on built-in pairs."""
    from evals.components import changes as measured

    sets = {name: measured.pairs(name) for name in measured.SETS}
    result = {name: {_ALWAYS: measured.measure(rows)} for name, rows in sets.items()}
    if model:
        from app.factory import build_embedder
        from app.models.model_server import ModelServer
        from app.settings import Settings

        settings = Settings()
        embedder = build_embedder(settings)
        with closing(ModelServer(settings)) as server:
            judge = measured.judged_by(server.chat(), server.style().budgets.window)
            for name, rows in sets.items():
                result[name][_ASKED] = measured.measure(rows, judge, embedder)
    if as_json:
        print_json(result)
        return
    figures = ("changes", "believed", "both", "superseded")
    lines = [
        (name, way, *(str(one[figure]) for figure in figures)) for name, ways in result.items() for way, one in ways.items()
    ]
    print_table(("pairs", "judgement", "changes", "believed", "both true", "superseded"), lines)
    for ways in result.values():
        for way, one in ways.items():
            for title in ("missed", "wrongly"):
                for line in one[title]:
                    say(f"{way}, {title}: {line}")
