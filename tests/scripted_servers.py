"""Model servers on loopback that behave as their documentation and their users' reports say; none of their own code runs."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Refusal = tuple[int, dict[str, Any] | str]
Events = Callable[[str, dict[str, Any]], list[Any]]


def error(words: str, **more: Any) -> dict[str, Any]:
    return {"error": {"message": words, "type": "invalid_request_error", **more}}


def listing(*ids: str, owner: str = "someone", **more: Any) -> dict[str, Any]:
    return {"object": "list", "data": [{"id": name, "object": "model", "owned_by": owner, **more} for name in ids]}


def usage_of(body: dict[str, Any], window: int | None = None) -> dict[str, Any]:
    """Count as a tokenizer with a token and a third for each word would; no further than a window that cuts."""
    words = sum(len(str(message["content"]).split()) for message in body["messages"])
    read = min(words * 4 // 3, window or words * 4 // 3)
    return {"prompt_tokens": read, "completion_tokens": 9, "total_tokens": read + 9}


def pieces(text: str, body: dict[str, Any], *, window: int | None = None, **first: Any) -> list[Any]:
    """Stream as OpenAI does: a role, text, a reason, and a count where that is asked for."""
    cut = [text[place : place + 11] for place in range(0, len(text), 11)]
    said: list[Any] = [
        {"choices": [{"index": 0, "delta": {"role": "assistant", "content": "", **first}, "finish_reason": None}]}
    ]
    said += [{"choices": [{"index": 0, "delta": {"content": one}, "finish_reason": None}]} for one in cut]
    said.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    if (body.get("stream_options") or {}).get("include_usage"):
        said.append({"choices": [], "usage": usage_of(body, window)})
    return [*said, "[DONE]"]


@dataclass
class Behaviour:
    """How a server answers.

    Attributes:
        base: The path before that of a call.
        models: What it lists; None: it has no such path.
        key: The header and its value that it wants; None: any.
        query: What it wants in the query.
        refuses: From a request to its refusal, or None.
        events: From an answer and a request to the events of its stream.
        window: Prompts are cut to this, without a word.
        missing: What it says of a path that it does not have.
    """

    base: str = "/v1"
    models: Any = field(default_factory=lambda: listing("fake-model"))
    key: tuple[str, str] | None = None
    query: dict[str, str] = field(default_factory=dict)
    refuses: Callable[[dict[str, Any]], Refusal | None] = lambda _body: None
    events: Events = pieces
    window: int | None = None
    missing: Refusal = (404, {"detail": "Not Found"})


class ScriptedServer(ThreadingHTTPServer):
    """One that behaves so; `reply` is from a request to the model's text, `bodies` is every request that it took."""

    daemon_threads = True

    def __init__(self, behaviour: Behaviour) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.behaviour = behaviour
        self.reply: Callable[[dict[str, Any]], str] = lambda _body: "<think>Plain.</think>\n<answer>Hello!</answer>"
        self.bodies: list[dict[str, Any]] = []
        self.asked: list[str] = []

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    server: ScriptedServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        behaviour = self.server.behaviour
        if refused := self._refused("/models"):
            self._send(*refused)
        elif behaviour.models is None:
            self._send(*behaviour.missing)
        else:
            self._send(200, behaviour.models)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        behaviour = self.server.behaviour
        refused = self._refused("/chat/completions") or (behaviour.refuses(body) if body else (400, error("model is required")))
        if refused:
            self._send(*refused)
            return
        self.server.bodies.append(body)
        text = self.server.reply(body)
        if body.get("stream"):
            self._stream(behaviour.events(text, body))
            return
        message = {"role": "assistant", "content": text}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        self._send(200, {"id": "1", "choices": [choice], "usage": usage_of(body, behaviour.window)})

    def _refused(self, call: str) -> Refusal | None:
        behaviour, asked = self.server.behaviour, urlsplit(self.path)
        self.server.asked.append(f"{self.command} {self.path}")
        if asked.path != behaviour.base + call:
            return behaviour.missing
        if {name: values[0] for name, values in parse_qs(asked.query).items()} != behaviour.query:
            return 404, error("Resource not found", code="404")
        if behaviour.key and self.headers.get(behaviour.key[0]) != behaviour.key[1]:
            return 401, error("Incorrect API key provided.")
        return None

    def _stream(self, events: list[Any]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        for one in events:
            line = one if isinstance(one, bytes) else f"data: {one if isinstance(one, str) else json.dumps(one)}\n\n".encode()
            self.wfile.write(line)
        self.close_connection = True

    def _send(self, status: int, said: Any) -> None:
        data = said.encode() if isinstance(said, str) else json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html" if isinstance(said, str) else "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args: Any) -> None:
        pass


@contextmanager
def scripted(behaviour: Behaviour | None = None) -> Iterator[ScriptedServer]:
    """Run one for the length of the block."""
    server = ScriptedServer(behaviour or Behaviour())
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
