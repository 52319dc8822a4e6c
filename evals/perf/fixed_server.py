"""A model server whose calls take a fixed time (OpenAI's protocol, loopback, a process of its own), and that counts them.

What it says comes from `evals.perf.script`; what is measured beside it is then our own time alone.
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
_PIECE = 6
"""Characters of a piece, about those of a token and its space."""
_STARTS_S = 60


@dataclass(frozen=True)
class Pace:
    """How long a call takes.

    Attributes:
        first_s: To its first token.
        rest_s: From there to its end, whatever its length.
    """

    first_s: float = 0.1
    rest_s: float = 0.1

    @property
    def whole_s(self) -> float:
        """Seconds of a whole call."""
        return self.first_s + self.rest_s

    def at(self, piece: int, pieces: int) -> float:
        """Return how many seconds into a call of so many pieces one of them is said."""
        return self.first_s + self.rest_s * piece / pieces

    def answers_s(self) -> float:
        """Return how many seconds into a call the first piece of an answer is said."""
        text = script.says("answer", [])
        return self.at(_opens(text) // _PIECE, -(-len(text) // _PIECE))


Choice = dict[str, Any]


@dataclass(frozen=True)
class Call:
    """One call as the server saw it; instants are of the clock that `time.monotonic` reads, which all processes share.

    Attributes:
        stage: Which call of a turn it was.
        began: When the request was there.
        answered: When the first piece of an answer left, where it holds one.
        ended: When the last piece left.
        tokens: Of the prompt, as a WordPiece tokenizer counts them.
    """

    stage: str
    began: float
    answered: float | None
    ended: float
    tokens: int


class Calls:
    """The server, as whoever started it talks to it.

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
        """Hang up."""
        self._client.close()


@contextmanager
def serving(pace: Pace) -> Iterator[Calls]:
    """Run one for the length of the block."""
    context = multiprocessing.get_context("spawn")
    ours, its = context.Pipe()
    process = context.Process(target=_serve, args=(pace, its), daemon=True)
    process.start()
    try:
        if not ours.poll(_STARTS_S):
            raise RuntimeError("The made-up model server did not start.")
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
    # A connection that waits to be taken is not one that is refused.
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
        pieces = _written(body, began, pace, ended)
        if body.get("stream"):
            return StreamingResponse((_event(piece) async for piece in pieces), media_type="text/event-stream")
        text = "".join([piece["delta"].get("content", "") async for piece in pieces if piece is not None])
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
    pieces = [text[start : start + _PIECE] for start in range(0, len(text), _PIECE)]
    opens = _opens(text) if "<answer>" in text else None
    answered = None
    for number, piece in enumerate(pieces):
        await asyncio.sleep(max(0.0, began + pace.at(number, len(pieces)) - time.monotonic()))
        if answered is None and opens is not None and (number + 1) * _PIECE > opens:
            answered = time.monotonic()
        yield {"delta": {"content": piece}, "index": 0, "finish_reason": None}
    await asyncio.sleep(max(0.0, began + pace.whole_s - time.monotonic()))
    told = [str(message["content"]) for message in messages]
    ended.append({"stage": stage, "began": began, "answered": answered, "ended": time.monotonic(), "tokens": told})
    yield {"delta": {}, "index": 0, "finish_reason": "stop"}
    yield None


def _opens(text: str) -> int:
    """Return where the answer of a text begins."""
    return text.index("<answer>") + len("<answer>")


def _event(choice: Choice | None) -> bytes:
    if choice is None:
        return b"data: [DONE]\n\n"
    chunk = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": MODEL, "choices": [choice]}
    return f"data: {json.dumps(chunk)}\n\n".encode()


def _counter() -> Any:
    """Return what counts the tokens of texts: the embedder's own tokenizer."""
    from tokenizers import Tokenizer

    located = embedder()
    tokenizer = Tokenizer.from_file(str(located.model / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return lambda texts: sum(len(one.ids) for one in tokenizer.encode_batch(texts))
