"""`persona eval facts`: which details of a message reach the stored fact."""

from __future__ import annotations

from contextlib import closing
from typing import Annotated

import typer

from app.console import AsJson, print_json, print_table, say


def facts(
    model: Annotated[bool, typer.Option("--model", help="Let the chat model decide what is worth keeping.")] = False,
    as_json: AsJson = False,
) -> None:
    """Measure whether facts keep numbers, names, colours and the right owner, on built-in messages."""
    from evals.components import facts as measured

    result = {name: measured.measure(measured.rows(name), measured.in_own_words) for name in measured.SETS}
    if model:
        from app.models.model_server import ModelServer
        from app.settings import Settings

        with closing(ModelServer(Settings())) as server:
            makes = measured.by_model(server.chat(), server.style())
            result |= {f"{name}, the model decides": measured.measure(measured.rows(name), makes) for name in measured.SETS}
    if as_json:
        print_json(result)
        return
    lines = [(name, *(str(one[figure]) for figure in measured.FIGURES)) for name, one in result.items()]
    print_table(("messages", *measured.FIGURES), lines)
    for name, one in result.items():
        for line in one["not right"]:
            say(f"{name}: {line}")
