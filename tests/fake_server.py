"""A small OpenAI-compatible server on loopback that says what it is told to, slowly or brokenly if it is told so."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class FakeServer(ThreadingHTTPServer):
    """Answers /v1/models and /v1/chat/completions (streamed where that is asked for).

    Attributes:
        reply: From the request's body to the text.
        owner: What /v1/models says it is owned by: `vllm`, `llamacpp`, anything.
        models: All of what /v1/models says instead.
        models_status: The HTTP status of /v1/models.
        pause_s: Seconds before each piece.
        cut_after: Break the connection after so many pieces.
        status: Refuse with this HTTP status.
        hangs_up: Says of a request's body whether the connection is closed without a word.
        refuses: From the request's body to (HTTP status, words, headers) of a refusal, or None.
        thinks: From the request's body to (thought, text, finish reason), where the model thinks.
        counts: Whether it counts tokens where that is asked for: words of the messages, and of the text.
        bodies: Every request so far.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.reply: Callable[[dict[str, Any]], str] = lambda _body: "<think>Plain.</think>\n<answer>Hello!</answer>"
        self.owner = "someone"
        self.models: Any = None
        self.models_status = 200
        self.pause_s = 0.0
        self.cut_after: int | None = None
        self.hangs_up: Callable[[dict[str, Any]], bool] = lambda _body: False
        self.status = 200
        self.refuses: Callable[[dict[str, Any]], tuple[int, str, dict[str, str]] | None] = lambda _body: None
        self.thinks: Callable[[dict[str, Any]], tuple[str, str, str]] | None = None
        self.counts = False
        self.bodies: list[dict[str, Any]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    server: FakeServer

    def do_GET(self) -> None:
        entry = {"id": "fake-model", "object": "model", "owned_by": self.server.owner, "max_model_len": 16_384}
        listed = {"object": "list", "data": [entry]} if self.server.models is None else self.server.models
        self._json(self.server.models_status, listed)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.bodies.append(body)
        if self.server.status != 200:
            self._json(self.server.status, {"error": {"message": "no", "type": "fake"}})
            return
        if self.server.hangs_up(body):
            self.connection.close()
            return
        if refusal := self.server.refuses(body):
            status, words, headers = refusal
            self._json(status, {"error": {"message": words, "type": "fake"}}, headers)
            return
        if self.server.thinks is not None and not body.get("stream"):
            thought, text, finish = self.server.thinks(body)
            told = {"role": "assistant", "content": text or None, "reasoning_content": thought or None}
            self._json(200, {"id": "1", "choices": [{"message": told, "index": 0, "finish_reason": finish}]})
            return
        text = self.server.reply(body)
        if not body.get("stream"):
            self._whole(text)
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for number, start in enumerate(range(0, len(text), 8)):
            time.sleep(self.server.pause_s)
            if number == self.server.cut_after:
                self.connection.close()
                return
            self._chunk({"delta": {"content": text[start : start + 8]}, "index": 0, "finish_reason": None})
        self._chunk({"delta": {}, "index": 0, "finish_reason": "stop"})
        if self.server.counts and (body.get("stream_options") or {}).get("include_usage"):
            read, written = len(str(body["messages"]).split()), len(text.split())
            usage = {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}
            self._raw(f"data: {json.dumps({'id': '1', 'choices': [], 'usage': usage})}\n\n".encode())
        self._raw(b"data: [DONE]\n\n")
        self._raw(b"")

    def _whole(self, text: str) -> None:
        for number in range(-(-len(text) // 8)):
            time.sleep(self.server.pause_s)
            if number == self.server.cut_after:
                self.connection.close()
                return
        choice = {"message": {"role": "assistant", "content": text}, "index": 0, "finish_reason": "stop"}
        self._json(200, {"id": "1", "object": "chat.completion", "created": 1, "model": "fake-model", "choices": [choice]})

    def _chunk(self, choice: dict[str, Any]) -> None:
        chunk = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "fake-model", "choices": [choice]}
        self._raw(f"data: {json.dumps(chunk)}\n\n".encode())

    def _raw(self, data: bytes) -> None:
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def _json(self, status: int, value: Any, headers: dict[str, str] | None = None) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        for name, words in (headers or {}).items():
            self.send_header(name, words)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args: Any) -> None:
        pass


@contextmanager
def fake_server() -> Iterator[FakeServer]:
    """Run one for the length of the block."""
    server = FakeServer()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
