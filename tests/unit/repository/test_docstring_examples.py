"""The examples in the docstrings that an embedder meets are run, and print what they say."""

from __future__ import annotations

import doctest
import importlib
from datetime import UTC, datetime, timedelta

import pytest

from app.events import AnswerDelta, Recalled
from app.service import PersonaService
from graph.context import Context
from memory.core.query import Query
from memory.core.records import Line
from memory.memory import Memory
from memory.photos.vision import Sight
from tests.fakes import ScriptedChat, ScriptedModels, WordEmbedder, answer, fact

NAMED = (
    "app.service.PersonaService",
    "app.service.PersonaService.stream",
    "app.settings.Settings",
    "graph.consolidate.build",
    "graph.persona.build",
    "graph.remember.build",
    "graph.respond.build",
    "memory.core.query.Query",
    "memory.embedding.text_embedder.Embedder",
    "memory.memory.Memory",
    "memory.personality.pem.evolve",
    "memory.search.retriever.Retriever",
)
EVENING = datetime(2026, 3, 2, 19, 30, tzinfo=UTC)
SCRIPT = {
    "reasoning": answer("On Thursdays at seven."),
    "semantic": fact("The user plays the cello in a quartet.", "cello", "quartet"),
    "episodic": '"topic_summary": "The user told of the quartet."\n"keywords": "quartet"\n"source_dialog_indices": 0',
}


@pytest.fixture
def given(serve, tmp_path, monkeypatch):
    """What the examples find: a service whose memory has one ended session, a scripted model, an embedder, an empty folder."""
    monkeypatch.setenv("PERSONA_DATA_DIR", str(tmp_path / "own"))
    chat, embedder = ScriptedChat(SCRIPT), WordEmbedder()
    service = serve(chat)
    memory = service.memory
    monkeypatch.setattr("app.models.model_server.ModelServer", lambda *_: ScriptedModels(chat))
    monkeypatch.setattr("app.factory.build_embedder", lambda _: embedder)
    monkeypatch.setattr("app.factory.build_sight", lambda _: Sight())
    memory.ingest("ada", [Line(time=EVENING, text="I play the cello in a quartet on Thursdays.", reply="Since when?")])
    memory.index("ada")
    return {
        "AnswerDelta": AnswerDelta,
        "Context": Context,
        "Memory": Memory,
        "PersonaService": PersonaService,
        "Query": Query,
        "Recalled": Recalled,
        "chat": chat,
        "embedder": embedder,
        "folder": tmp_path / "new",
        "memory": memory,
        "service": service,
        "tomorrow": EVENING + timedelta(days=1),
    }


def documented(name):
    """Return an object by its dotted name, and the module that it is in."""
    parts = name.split(".")
    for end in range(len(parts) - 1, 0, -1):
        try:
            module = importlib.import_module(".".join(parts[:end]))
        except ModuleNotFoundError:
            continue
        found = module
        for part in parts[end:]:
            found = getattr(found, part)
        return found, module
    raise LookupError(name)


@pytest.mark.parametrize("name", NAMED)
def test_the_example_prints_what_it_says(name, given):
    found, module = documented(name)
    test = doctest.DocTestParser().get_doctest(found.__doc__, vars(module) | given, name, module.__file__, 0)
    assert test.examples, f"{name} has no example"
    said: list[str] = []
    result = doctest.DocTestRunner(verbose=False).run(test, out=said.append)
    assert result.failed == 0, "".join(said)
