"""The REST operations keep what their OpenAPI description says, whatever is sent to them (schemathesis)."""

from __future__ import annotations

import io
import queue
import threading
from datetime import timedelta

import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from hypothesis.internal.conjecture.utils import many
from PIL import Image
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS
from schemathesis.core.parameters import ParameterLocation

from memory.imports.lines import ImportedLine
from memory.imports.service import Source
from tests.fakes import ScriptedChat, answer, fact

pytestmark = pytest.mark.api
OFTEN = settings(
    max_examples=12,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
)
ORDER = ("GET", "PUT", "PATCH", "POST", "DELETE")
"""What forgets comes last."""
NOT_ASKED = {"positive_data_acceptance"}
"""A schema cannot say that a cursor comes from the page before, that a time is on the calendar, or that a text is not blank."""


@pytest.fixture
def generates(monkeypatch):
    """Let hypothesis-jsonschema 0.23.1 run on hypothesis 6.170, which has no `many.more` (findings/schemathesis-generates-nothing.sh)."""

    def more(self):
        if not hasattr(self, "_turns"):
            self._turns = iter(self.__enter__())
        if next((True for _ in self._turns), False):
            return True
        self.__exit__(None, None, None)
        return False

    if not hasattr(many, "more"):
        monkeypatch.setattr(many, "more", more, raising=False)


@pytest.fixture
def described(serve, monkeypatch, generates):
    """The description of a server with a person who has some of everything; also their ids."""
    from app.api import server
    from app.api.guard import Limits
    from app.api.rest import routes

    monkeypatch.setattr(server, "_parts", lambda: [routes])
    service = serve(ScriptedChat({"reasoning": answer("Hello!"), "semantic": fact("The user plays the cello.", "cello")}))
    memory = service.memory
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(out, "PNG")
    *_, answered = service.stream("ada", "I play the cello.", [out.getvalue()])
    service.wait("ada")
    memory.set_profile("ada", "home", "Oslo", answered.turn.time)
    old = ImportedLine(answered.turn.time - timedelta(days=9), "I play chess.", "Nice.", "a")
    imported = memory.imports.begin("ada", Source("chatgpt", "conversations.json"), [old], "none")
    memory.imports.write("ada", imported.id)
    ids = [one.id for one in memory.memories.entries("ada")] + [answered.turn.id, *answered.turn.images, imported.id]
    _, secret = memory.api_keys.create("ada")
    app = server.build(service, limits=Limits(per_minute=1_000_000))
    schema = schemathesis.openapi.from_dict(app.openapi()).include(path_regex="^/api/v1/")
    ready: queue.SimpleQueue[str] = queue.SimpleQueue()
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning")
    running = server.ApiServer(config, service, ready.put)
    thread = threading.Thread(target=running.run)
    thread.start()
    schema.config.update(base_url=ready.get(timeout=60), headers={"Authorization": f"Bearer {secret}"})
    yield schema, ids
    running.should_exit = True
    thread.join()


def test_every_operation_keeps_its_description(described):
    schema, ids = described
    operations = sorted((found.ok() for found in schema.get_all_operations()), key=lambda one: ORDER.index(one.method.upper()))
    answered = {operation.label: answers(operation, GenerationMode.POSITIVE, ids) for operation in operations}
    assert len(answered) >= 43
    assert [name for name, statuses in answered.items() if 200 not in statuses and name.startswith(ORDER[:3])] == []


def test_what_a_description_does_not_allow_is_refused(described):
    schema, ids = described
    operations = [found.ok() for found in schema.get_all_operations()]
    answered = {one.label: answers(one, GenerationMode.NEGATIVE, ids) for one in operations if can_be_wrong(one.definition.raw)}
    refused = [name for name, statuses in answered.items() if 400 in statuses]
    assert len(refused) >= 18


def can_be_wrong(operation):
    """Return whether a request can differ from a description: any text is a text."""
    asked = [one["schema"] for one in operation.get("parameters", ())]
    return "requestBody" in operation or any(
        one.get("type") in ("integer", "boolean", "array") or "anyOf" in one for one in asked
    )


def answers(operation, mode, ids):
    """Send requests that a description allows, or does not allow; return the statuses of their answers, which were checked."""
    statuses, wrong = [], mode is GenerationMode.NEGATIVE
    path = {one.name: ids[0] for one in operation.path_parameters}
    fixed = {"path_parameters": path} if wrong and path else {}

    @OFTEN
    @given(case=operation.as_strategy(generation_mode=mode, **fixed))
    def ask(case):
        if "entry_id" in case.path_parameters and len(statuses) % 2:
            # Half of the ids are those of something.
            case.path_parameters["entry_id"] = ids[len(statuses) // 2 % len(ids)]
        # A wrong option may be left out of the URL when it has no value; then the request is right.
        body = case.meta.components.get(ParameterLocation.BODY)
        allowed = NOT_ASKED if body is not None and body.mode.is_negative else {*NOT_ASKED, "negative_data_rejection"}
        response = case.call_and_validate(checks=[check for check in CHECKS.get_all() if check.__name__ not in allowed])
        assert str(response.status_code) in operation.definition.raw["responses"], f"{response.status_code} is not described"
        statuses.append(response.status_code)

    try:
        ask()
    except Unsatisfiable:
        assert wrong, f"no request to {operation.label} could be made"
    return set(statuses)
