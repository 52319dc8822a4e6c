"""A model server with fixed call times (OpenAI's protocol, loopback, a process of its own) that counts its calls.

Its replies come from `evals.perf.script`; what remains to be measured is our own time alone.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx

from evals.perf import script
from evals.perf.corpus import embedder

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

MODEL = "fixed"
_DELTA_CHARS = 6
"""Characters of a delta, about those of a token and its space."""
_START_TIMEOUT_S = 60


@dataclass(frozen=True)
class Pace:
    """How long a call takes.

    Attributes:
        first_s: Seconds to its first token.
        rest_s: Seconds from there to its end, whatever its length.
    """

    first_s: float = 0.1
    rest_s: float = 0.1

    @property
    def whole_s(self) -> float:
        """Seconds of a whole call."""
        return self.first_s + self.rest_s

    def at(self, number: int, count: int) -> float:
        """Return how many seconds into a call of `count` deltas a delta is sent."""
        return self.first_s + self.rest_s * number / count

    def answers_s(self) -> float:
        """Return how many seconds into a call the first delta of an answer is sent."""
        text = script.says("answer", [])
        return self.at(_opens(text) // _DELTA_CHARS, -(-len(text) // _DELTA_CHARS))


Choice = dict[str, Any]


@dataclass(frozen=True)
class Call:
    """One call as the server saw it; times are of `time.monotonic`, which all processes share.

    Attributes:
        stage: Which call of a turn it was.
        began: When the request arrived.
        answered: When the first delta of an answer was sent, if it contains one.
        ended: When the last delta was sent.
        tokens: Tokens of the prompt, as a WordPiece tokenizer counts them.
    """

    stage: str
    began: float
    answered: float | None
    ended: float
    tokens: int


class Calls:
    """Client of the server's control interface.

    Args:
        url: Its base, ending in /v1.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._client = httpx.Client(trust_env=False, timeout=60)

    def take(self) -> list[Call]:
        """Return the calls since the last time, in the order they ended."""
        return [Call(**one) for one in self._client.get(f"{self.url}/calls").json()]

    def close(self) -> None:
        """Close the connection."""
        self._client.close()


@contextmanager
def serving(pace: Pace) -> Iterator[Calls]:
    """Run a server for the length of the block."""
    context = multiprocessing.get_context("spawn")
    ours, its = context.Pipe()
    process = context.Process(target=_serve, args=(pace, its), daemon=True)
    process.start()
    try:
        if not ours.poll(_START_TIMEOUT_S):
            raise RuntimeError("The scripted model server did not start.")
        calls = Calls(f"http://127.0.0.1:{ours.recv()}/v1")
        try:
            yield calls
        finally:
            calls.close()
    finally:
        process.terminate()
        process.join()


def _serve(pace: Pace, started: Connection) -> None:
    import socket

    import uvicorn

    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    # A connection that waits to be accepted is not refused.
    listener.listen(1_024)
    started.send(listener.getsockname()[1])
    uvicorn.Server(uvicorn.Config(_app(pace), log_level="error", access_log=False)).run(sockets=[listener])


def _app(pace: Pace) -> Starlette:
    from starlette.applications import Starlette
    from starlette.responses import JSONResponse, StreamingResponse
    from starlette.routing import Route

    ended: list[dict[str, Any]] = []
    count = _counter()

    async def complete(request: Request) -> Response:
        body = await request.json()
        began = time.monotonic()
        choices = _written(body, began, pace, ended)
        if body.get("stream"):
            return StreamingResponse((_event(choice) async for choice in choices), media_type="text/event-stream")
        text = "".join([choice["delta"].get("content", "") async for choice in choices if choice is not None])
        choice = {"message": {"role": "assistant", "content": text}, "index": 0, "finish_reason": "stop"}
        return JSONResponse({"id": "1", "object": "chat.completion", "created": 1, "model": MODEL, "choices": [choice]})

    async def models(_request: Request) -> Response:
        entry = {"id": MODEL, "object": "model", "owned_by": "vllm", "max_model_len": 16_384}
        return JSONResponse({"object": "list", "data": [entry]})

    async def calls(_request: Request) -> Response:
        taken, ended[:] = ended[:], []
        # Counted now, when nobody's time is measured.
        return JSONResponse([{**one, "tokens": count(one["tokens"])} for one in taken])

    return Starlette(
        routes=[
            Route("/v1/chat/completions", complete, methods=["POST"]),
            Route("/v1/models", models),
            Route("/v1/calls", calls),
        ]
    )


async def _written(body: dict[str, Any], began: float, pace: Pace, ended: list[dict[str, Any]]) -> AsyncIterator[Choice | None]:
    """Write an answer at its pace; None at its end."""
    messages = body["messages"]
    stage = script.stage_of(body.get("structured_outputs", {}).get("grammar"), messages)
    text = script.says(stage, messages)
    deltas = [text[start : start + _DELTA_CHARS] for start in range(0, len(text), _DELTA_CHARS)]
    opens = _opens(text) if "<answer>" in text else None
    answered = None
    for number, delta in enumerate(deltas):
        await asyncio.sleep(max(0.0, began + pace.at(number, len(deltas)) - time.monotonic()))
        if answered is None and opens is not None and (number + 1) * _DELTA_CHARS > opens:
            answered = time.monotonic()
        yield {"delta": {"content": delta}, "index": 0, "finish_reason": None}
    await asyncio.sleep(max(0.0, began + pace.whole_s - time.monotonic()))
    told = [str(message["content"]) for message in messages]
    ended.append({"stage": stage, "began": began, "answered": answered, "ended": time.monotonic(), "tokens": told})
    yield {"delta": {}, "index": 0, "finish_reason": "stop"}
    yield None


def _opens(text: str) -> int:
    """Return the position at which the answer of a text begins."""
    return text.index("<answer>") + len("<answer>")


def _event(choice: Choice | None) -> bytes:
    if choice is None:
        return b"data: [DONE]\n\n"
    chunk = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": MODEL, "choices": [choice]}
    return f"data: {json.dumps(chunk)}\n\n".encode()


def _counter() -> Any:
    """Return a function that counts the tokens of texts: the embedder's own tokenizer."""
    from tokenizers import Tokenizer

    located = embedder()
    tokenizer = Tokenizer.from_file(str(located.model / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return lambda texts: sum(len(one.ids) for one in tokenizer.encode_batch(texts))
