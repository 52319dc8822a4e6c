"""Whole turns with pictures on a real vLLM, which serves a tiny random Qwen2.5-VL: `make test-vllm`, not part of `make test`.

It writes nonsense. What holds is everything around it: the flags, the grammars, the pictures, the cache, the update stage.
"""

from __future__ import annotations

import io
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from PIL import Image
from typer.testing import CliRunner

from app.cli import app
from app.models.model_server import ModelServer
from app.service import PersonaService
from app.settings import Settings
from graph.calls.asking import stream_text
from graph.context import MessageOptions
from graph.formats import memory_formats, protocol
from graph.prompts.sections import Picture, human
from memory.core.records import PhotoMemory, TurnState
from tests.tiny_vlm import build

_STARTS_S = 420


def picture(colour, size=(1_600, 900)):
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "JPEG")
    return out.getvalue()


@pytest.fixture(scope="session")
def url(tmp_path_factory):
    """Serve the tiny model with `persona serve`; end it by its process group."""
    folder = tmp_path_factory.mktemp("vllm")
    model = build(folder / "tiny-qwen2.5-vl")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    persona = Path(sys.executable).with_name("persona")
    command = [
        persona,
        "serve",
        str(model),
        "--python",
        os.environ["PERSONA_TEST_VLLM"],
        "--port",
        str(port),
        "--window",
        "16384",
    ]
    # A CPU has no graphs to capture, and 16-bit numbers are slower there.
    command += ["--", "--dtype", "float32", "--enforce-eager", "--max-num-seqs", "4"]
    own = {**os.environ, "VLLM_CPU_KVCACHE_SPACE": "1"}
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True, env=own) as server,
    ):
        try:
            yield _waited_for(server, f"http://127.0.0.1:{port}", folder / "log")
        finally:
            os.killpg(server.pid, 15)
            try:
                server.wait(60)
            except subprocess.TimeoutExpired:
                os.killpg(server.pid, 9)


def _waited_for(server, address, log):
    until = time.monotonic() + _STARTS_S
    while time.monotonic() < until:
        if server.poll() is not None:
            pytest.fail(f"vLLM ended: {log.read_text(errors='replace')[-3000:]}")
        try:
            if httpx.get(f"{address}/health", timeout=2).status_code == 200:
                return address
        except httpx.HTTPError:
            time.sleep(1)
    pytest.fail(f"vLLM did not start: {log.read_text(errors='replace')[-3000:]}")


@pytest.fixture
def settings(url, monkeypatch):
    monkeypatch.setenv("PERSONA_LLM_BASE_URL", f"{url}/v1")
    monkeypatch.setenv("PERSONA_MAX_NEW_TOKENS", "256")
    return Settings()


@pytest.fixture
def service(settings):
    with PersonaService.from_settings(work=False) as opened:
        yield opened


def counted(url, name):
    """Read a counter of the server's own metrics."""
    lines = httpx.get(f"{url}/metrics", timeout=10).text.splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith(f"vllm:{name}_total"))


def say(service, text, images=(), time=None, **switches):
    return list(service.stream("ada", text, images, time, options=MessageOptions(**switches)))[-1].turn


def test_it_is_known_for_a_model_that_sees_with_the_window_it_was_given(settings):
    endpoint = ModelServer(settings).endpoint()
    assert (endpoint.kind, endpoint.sees, endpoint.window) == ("vllm", True, 16_384)


def test_doctor_tries_it_with_a_picture(settings):
    said = CliRunner().invoke(app, ["doctor", "--try"], env={"COLUMNS": "200"}).stdout
    assert re.search(r"works\s+a first answer\s+'(red|green|blue)' in [\d.]+ s, with a red picture", said), said


@pytest.mark.parametrize(
    ("grammar", "reads"),
    [
        (protocol.RETRIEVE_GRAMMAR, lambda text: isinstance(protocol.parse_reasoning(text), protocol.Retrieve)),
        (protocol.REASONING_GRAMMAR, lambda text: not isinstance(protocol.parse_reasoning(text), protocol.Malformed)),
        (protocol.ANSWER_GRAMMAR, lambda text: isinstance(protocol.parse_reasoning(text), protocol.Answer)),
        (memory_formats.PERSONALITY_GRAMMAR, memory_formats.parse_personality),
        (memory_formats.CORE_GRAMMAR, memory_formats.parse_mapping),
        (memory_formats.EPISODIC_GRAMMAR, lambda text: memory_formats.parse_topics(text, 3)),
        (memory_formats.SEMANTIC_GRAMMAR, memory_formats.parse_semantic),
        (memory_formats.change_grammar(3), lambda text: memory_formats.parse_change(text, 3)),
    ],
)
def test_every_grammar_is_held_with_a_picture_in_the_prompt(settings, grammar, reads):
    from base64 import b64encode

    shown = Picture("red", f"data:image/jpeg;base64,{b64encode(picture('red', (480, 320))).decode()}", "picture 1")
    chat = ModelServer(settings).chat()
    text = "".join(stream_text(chat, [human("Say something.", [shown])], grammar=grammar, max_tokens=2_000))
    assert reads(text), text


def test_turns_with_pictures_are_answered_and_remembered_and_the_cache_is_hit(service, url):
    before = counted(url, "mm_cache_queries")
    first = say(service, "This is my grandmother's mug", [picture("red")], "2026-03-01 09:00")
    assert first.state is TurnState.ANSWERED
    assert first.reply
    assert counted(url, "mm_cache_queries") > before, "the server was given a picture"
    assert service.wait("ada") == 1
    assert len(service.memory.personality.history("ada")) == 1
    [known] = [one for one in service.memory.memories.entries("ada", kind="photo") if isinstance(one, PhotoMemory)]
    assert (known.turn_id, known.photo_id) == (first.id, first.images[0])
    hits = counted(url, "prefix_cache_hits")
    second = say(service, "And this is what is in it", [picture("brown")], "2026-03-01 09:05")
    assert second.state is TurnState.ANSWERED
    assert counted(url, "prefix_cache_hits") > hits
    third = say(service, "Do you know it?", [picture("red")], "2026-03-09 09:00", force_retrieve=True)
    assert first.id in {name for entry in third.trace.memories for name in entry.turn_ids}
    for turn in (first, second, third):
        assert not any("Malformed" in (step.warning or "") for step in turn.trace.steps)
    assert service.wait("ada") == 3, "two turns, and the session that had ended"
    assert {type(one).__name__ for one in service.memory.memories.entries("ada")} >= {"Episode", "PhotoMemory"}
    assert service.memory.work.count("ada") == 0


def test_as_many_pictures_as_a_message_may_carry_are_taken(service):
    turn = say(service, "Look at these", [picture((30 * n, 0, 0), (300, 200)) for n in range(8)], "2026-04-01 09:00")
    assert turn.state is TurnState.ANSWERED
