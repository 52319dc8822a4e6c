"""`persona eval forgetting`: what is left after a person asked the assistant to forget one thing."""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.console import AsJson, print_json, print_table, progress
from evals.answering import Remember
from evals.cli.saving import Save, saved

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from app.graph_loading import Models
    from app.models.model_server import Endpoint
    from app.settings import Settings
    from evals.components.forgetting import Outcome
    from graph.prompts.briefing import Style
    from memory.core.priority import ReplyFirst

SCENES = Path(__file__).parents[1] / "data" / "forgetting.jsonl"
_ROWS = {
    "retrieved": "the thing is retrieved",
    "on_disk": "the thing is on disk",
    "answered": "the thing is answered",
    "near_retrieved": "what is near is retrieved",
    "near_answered": "what is near is answered",
}


def forgetting(
    data: Annotated[Path, typer.Option("--data", help="A file of scenes; evals/data/README.md has its form.")] = SCENES,
    model: Annotated[
        bool, typer.Option("--model", help="Let the chat model answer the questions, and remember each history first.")
    ] = False,
    remember: Annotated[
        Remember, typer.Option("--remember", help="With --model: all (facts and summaries too), or none (only the messages).")
    ] = Remember.ALL,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Only this many scenes, from the first.")] = None,
    save: Save = None,
    as_json: AsJson = False,
) -> None:
    """Measure whether a thing that a person asks to forget is still answered, found or on disk, on built-in scenes."""
    from app.factory import build_embedder
    from app.service import PersonaService
    from app.settings import Settings
    from evals.components.forgetting import figures, measure
    from evals.datasets.forgetting import load
    from memory.memory import Memory

    scenes, settings = load(data)[:limit], Settings()
    # What is left to remember when the service closes goes with the folder.
    logging.getLogger("app.leaving").setLevel(logging.ERROR)

    def on_done(outcome: Outcome) -> None:
        progress(f"{outcome.scene}: {'forgotten' if outcome.granted else 'not granted'}")

    with tempfile.TemporaryDirectory(prefix="persona-forgetting-") as folder:
        memory = Memory(Path(folder), build_embedder(settings), asks=False)
        with PersonaService(memory, _models(settings, model=model), work=False) as service:
            remembers = model and remember is Remember.ALL
            outcomes = measure(service, scenes, remembers=remembers, answers=model, on_done=on_done)
    granted = [outcome for outcome in outcomes if outcome.granted]
    tables = {title: figures(of) for title, of in (("of all", outcomes), ("of the granted", granted)) if of}
    refused = {outcome.scene: outcome.reply for outcome in outcomes if not outcome.granted}
    result = {"scenes": len(scenes), "granted": len(granted), **tables, "not granted": refused}
    saved(save, "forgetting", result)
    if as_json:
        print_json(result)
        return
    for title, found in tables.items():
        shown = {name: row for name, row in _ROWS.items() if all(of[name] is not None for of in found.values())}
        print_table((title, *found), [(row, *(str(of[name]) for of in found.values())) for name, row in shown.items()])
    progress(f"The assistant granted {len(granted)} of {len(scenes)} requests. Not granted:")
    for scene, reply in refused.items():
        progress(f"{scene}: {' '.join(reply.split())[:160]}")
    if not model:
        progress("Whether it is still answered was not measured: --model asks the chat model.")


def _models(settings: Settings, *, model: bool) -> Models:
    from app.models.model_server import ModelServer

    return ModelServer(settings) if model else _NoModel()


class _NoModel:
    """Stands in for the chat model: a request to forget asks none, and any other message gets one fixed reply."""

    priority: ReplyFirst | None = None

    def __init__(self) -> None:
        from app.operations.model_calls import ModelCalls

        self.calls = ModelCalls()

    @property
    def loaded(self) -> Endpoint | None:
        return None

    def obstacle(self) -> str:
        return ""

    def chat(self, *, background: bool = False) -> BaseChatModel:  # noqa: ARG002 - the same for both
        from langchain_core.language_models import FakeListChatModel

        return FakeListChatModel(responses=["There is no chat model in this run."])

    def style(self) -> Style:
        from graph.prompts.briefing import Style

        return Style()

    def wind_down(self) -> None:
        """Do nothing: no call runs."""

    def close(self) -> None:
        """Do nothing: nothing is open."""
