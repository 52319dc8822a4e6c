"""MCP over stdio: the official client starts `persona mcp`, with both protocols; standard output carries the protocol alone."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import anyio
import pytest
from mcp import Client, StdioServerParameters
from mcp.types import ElicitResult

from tests.fake_server import fake_server
from tests.system.test_cli import reply

pytestmark = pytest.mark.api

ROOT = Path(__file__).parents[2]
# A shell that runs the tests in the background ignores Ctrl-C, and its children inherit that.
_RUN = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "import runpy; runpy.run_module('app.cli', run_name='__main__')"
)
COMMAND = ["-c", _RUN, "mcp", "--user", "ada"]
ILL = "I have been diagnosed with diabetes."


@pytest.fixture
def server():
    with fake_server() as running:
        running.reply = reply
        yield running


@pytest.fixture
def env(server, tmp_path):
    return {
        **os.environ, "PERSONA_LLM_BASE_URL": server.url, "PERSONA_DATA_DIR": str(tmp_path / "data"), "PYTHONPATH": str(ROOT),
        "TZ": "UTC",
    }  # fmt: skip


def persona(env, *words):
    done = subprocess.run([sys.executable, "-m", "app.cli", *words], env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def talk(env, what, mode, answers=None):
    async def form(_context, _params):
        return ElicitResult(action="accept", content={"remember": answers})

    async def go():
        started = StdioServerParameters(command=sys.executable, args=COMMAND, env=env, cwd=ROOT)
        async with Client(started, mode=mode, elicitation_callback=None if answers is None else form) as client:
            return await what(client)

    return anyio.run(go)


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_the_client_of_the_sdk_remembers_and_recalls(env, mode):
    async def use(client):
        assert client.protocol_version == {"auto": "2026-07-28", "legacy": "2025-11-25"}[mode]
        assert len((await client.list_tools()).tools) == 7
        saved = await client.call_tool("remember", {"text": "I have a dog called Rex."})
        found = await client.call_tool("recall", {"query": "What is my dog called?"})
        wrong = await client.call_tool("forget", {"id": "tur_none"})
        assert wrong.is_error
        assert "has no memory, message or picture" in wrong.content[0].text
        return saved.structured_content, found.structured_content

    async def look(client):
        return (await client.call_tool("timeline", {})).structured_content["memories"]

    saved, found = talk(env, use, mode)
    assert [one["id"] for one in found["memories"]] == [saved["id"]]
    # Afterwards the folder is free, and what was not remembered at the end can be.
    persona(env, "work")
    assert [one["text"] for one in talk(env, look, mode)] == ["The user has a dog called Rex."]


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_the_form_is_shown_over_stdio(env, mode):
    persona(env, "user", "consent", "ada", "--sensitive", "each")

    async def use(client):
        return [(await client.call_tool("remember", {"text": ILL})).structured_content["state"]]

    assert talk(env, use, mode, answers=False) == ["not_saved"]
    assert talk(env, use, mode, answers=True) == ["remembered"]


def begin(version):
    who = {"protocolVersion": version, "capabilities": {}, "clientInfo": {"name": "hand", "version": "1"}}
    return [
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": who},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
    ]


@contextmanager
def started(env):
    process = subprocess.Popen(
        [sys.executable, *COMMAND], env=env, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )  # fmt: skip
    with process:
        try:
            yield process
        finally:
            process.kill()


def send(process, *messages):
    """Send messages by hand and return the answers."""
    answers = []
    for message in messages:
        process.stdin.write(json.dumps(message) + "\n")
        process.stdin.flush()
        if "id" in message:
            answers.append(json.loads(process.stdout.readline()))
    return answers


@pytest.mark.parametrize("version", ["2024-11-05", "2025-06-18"])
def test_standard_output_carries_the_protocol_alone(env, version):
    # What a careless library prints goes to standard error; nothing is printed there but warnings and what is left to do.
    calls = [
        {
            "jsonrpc": "2.0",
            "id": 2,
            "method": "tools/call",
            "params": {"name": "remember", "arguments": {"text": "Hi, I am Ada."}},
        },
        {
            "jsonrpc": "2.0",
            "id": 3,
            "method": "tools/call",
            "params": {"name": "recall", "arguments": {"query": "zebra", "until": "2020-01-01"}},
        },
        {"jsonrpc": "2.0", "id": 4, "method": "tools/call", "params": {"name": "forget", "arguments": {"id": "x"}}},
    ]
    with started(env) as process:
        answers = send(process, *begin(version), *calls)
        process.stdin.close()
        rest, err = process.stdout.read(), process.stderr.read()
        assert process.wait(60) == 0, err
    assert rest == ""
    assert [one["id"] for one in answers] == [1, 2, 3, 4]
    assert answers[0]["result"]["protocolVersion"] == version
    assert "Nothing found in that time." in answers[2]["result"]["content"][0]["text"]
    assert answers[3]["result"]["isError"]
    assert "Traceback" not in err
    assert "I am Ada" not in err
    assert "Processing request" not in err


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_though_standard_input_is_open(env, how):
    with started(env) as process:
        assert send(process, *begin("2025-06-18"))[0]["id"] == 1
        process.send_signal(how)
        code = process.wait()
        assert code == {signal.SIGINT: 130, signal.SIGTERM: -signal.SIGTERM}[how]
        assert "Traceback" not in process.stderr.read()


def test_a_folder_in_use_is_named_on_standard_error(env):
    with started(env) as first:
        send(first, *begin("2025-06-18"))
        again = [sys.executable, *COMMAND]
        second = subprocess.run(again, env=env, cwd=ROOT, input="", capture_output=True, text=True, timeout=120)
        assert (second.returncode, second.stdout) == (1, "")
        assert "in use" in second.stderr
        first.stdin.close()
        assert first.wait(60) == 0
