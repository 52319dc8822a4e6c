"""Traces: off unless they are asked for; then spans of a request, its reply, its search, its calls and its background work."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from app.models.chat import PersonaChat
from app.operations import tracing
from app.operations.start import as_service
from app.settings import Settings
from memory.core import spans
from memory.core.errors import InvalidInput
from tests.fakes import ScriptedChat, answer, fact, retrieve

pytestmark = [pytest.mark.api, pytest.mark.telemetry]
NAME, WORD, REPLY = "zorrilla", "quagmirewort", "flummoxberry"
PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.fixture
def recorded():
    """Returns the spans so far, by their names."""
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    exporter = InMemorySpanExporter()
    end = tracing.start("http://127.0.0.1:4318", SimpleSpanProcessor(exporter))
    yield exporter.get_finished_spans
    end()


class WatchedChat(ScriptedChat):
    """A scripted chat whose calls are watched as those of a server are."""

    def _stream(self, messages, stop=None, run_manager=None, **kwargs):
        from app.operations.model_calls import ModelCalls

        yield from ModelCalls().watched(super()._stream(messages, stop, run_manager, **kwargs), "tiny", background=False)


def test_a_turn_is_one_trace_and_background_work_another(serve, recorded):
    from starlette.testclient import TestClient

    from app.api.server import build

    chat = WatchedChat({"reasoning": [retrieve(WORD), answer(REPLY)], "semantic": fact(f"The user grows {WORD}.", WORD)})
    service = serve(chat)
    service.memory.journal.finish(service.memory.receive(NAME, f"I grow {WORD}.", time=None).id, "Good.")
    with TestClient(build(service), base_url="http://127.0.0.1:8600", client=("127.0.0.1", 50_000)) as client:
        body = {"messages": [{"role": "user", "content": f"Where do I grow {WORD}?"}]}
        found = client.post(f"/v1/chat/completions?user={NAME}", json=body, headers={"traceparent": PARENT})
    assert found.status_code == 200
    service.wait()
    by_name = {}
    for span in recorded():
        by_name.setdefault(span.name, []).append(span)
    assert set(by_name) == {"request", "reply", "search", "model call", "background step"}
    [request], [reply] = by_name["request"], by_name["reply"]
    assert format(request.context.trace_id, "032x") == PARENT.split("-")[1]
    assert format(request.parent.span_id, "016x") == PARENT.split("-")[2]
    assert dict(request.attributes) == {
        "http.request.method": "POST", "http.route": "/v1/chat/completions", "http.response.status_code": 200,
    }  # fmt: skip
    assert reply.parent.span_id == request.context.span_id
    of_reply = [one for one in recorded() if one.parent is not None and one.parent.span_id == reply.context.span_id]
    assert {one.name for one in of_reply} == {"search", "model call"}
    assert all(step.parent is None for step in by_name["background step"])
    told = "\n".join(span.to_json() for span in recorded())
    for canary in (NAME, WORD, REPLY):
        assert canary not in told


def test_a_failure_is_told_by_its_kind_alone(recorded):
    with pytest.raises(ValueError, match=WORD), spans.span("search"):
        raise ValueError(WORD)
    [span] = recorded()
    assert (span.status.is_ok, span.attributes["error.type"], WORD in span.to_json()) == (False, "ValueError", False)


def test_no_global_provider_is_set_so_chroma_sends_nothing(recorded):
    from chromadb.telemetry import opentelemetry as of_chroma
    from opentelemetry import trace

    assert of_chroma.tracer is None
    with trace.get_tracer("another library").start_as_current_span("theirs"):
        pass
    assert recorded() == ()


def test_without_the_setting_no_span_is_begun_and_the_exporter_is_not_imported(serve):
    as_service(Settings())
    with spans.span("search") as span:
        assert spans.current() is None
        span.note("any", 1)
    code = "import app.cli.api_commands, app.service, app.operations.start as s, app.settings, sys; s.as_service(app.settings.Settings()); print('opentelemetry.exporter.otlp.proto.http' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


WRONG = [
    "collector:4318", "http://", "grpc://collector:4317", "http://collector:43x18", "http://collector:99999", "http://collector:0",
    "http://http://collector:4318", "http://[::1:4318", "http://my collector:4318", "http://<collector>:4318",
    "http://user:secret@/v1/traces",
]  # fmt: skip


@pytest.mark.parametrize("url", WRONG)
def test_a_url_that_is_none_is_refused_without_its_password(url):
    with pytest.raises(InvalidInput, match=r"PERSONA_OTLP_URL.*Set one like http://127\.0\.0\.1:4318") as refused:
        tracing.start(url)
    assert "secret" not in refused.value.message


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        ("http://collector:4318", "http://collector:4318/v1/traces"),
        ("http://127.0.0.1:4318/", "http://127.0.0.1:4318/v1/traces"),
        ("https://[::1]:4318/otlp", "https://[::1]:4318/otlp"),
        ("https://collector.example?tenant=1", "https://collector.example/v1/traces?tenant=1"),
    ],
)
def test_a_url_without_a_path_gets_the_one_of_the_protocol(url, endpoint):
    assert tracing._endpoint(url) == endpoint


def test_a_wrong_url_ends_the_program_at_its_start_with_one_sentence():
    environment = {**os.environ, "PERSONA_OTLP_URL": "http://collector:43x18"}
    command = [sys.executable, "-m", "app.cli", "api", "--port", "0"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.startswith("PERSONA_OTLP_URL is no URL of a collector.")


def test_a_wrong_setting_of_opentelemetry_itself_is_named():
    code = (
        "from app.operations import tracing\nfrom memory.core.errors import InvalidInput\n"
        "try: tracing.start('http://collector:4318')\nexcept InvalidInput as error: print(error.message)"
    )
    environment = {**os.environ, "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT": "many"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert "begin with OTEL_" in done.stdout


def test_a_collector_that_does_not_answer_stops_no_reply(serve):
    end = tracing.start("http://127.0.0.1:9")
    try:
        service = serve(ScriptedChat({"reasoning": answer(REPLY)}))
        assert list(service.stream(NAME, f"I grow {WORD}."))[-1].turn.reply == REPLY
    finally:
        end()


def test_calls_of_a_server_are_watched():
    assert "calls" in PersonaChat.model_fields
