"""Tests the model: does it answer, accept a picture, follow a grammar, and receive long prompts uncut?"""

from __future__ import annotations

import base64
import io
import time
from contextlib import closing
from typing import TYPE_CHECKING

from PIL import Image

from app.finding import Finding
from graph.calls.asking import stream_text
from graph.prompts.sections import Picture, human
from memory.core.errors import PersonaError

if TYPE_CHECKING:
    from app.models.model_server import ModelServer
    from app.settings import Settings

_COLOURS = ("red", "green", "blue")
_LONG_PROMPT_WORDS = 5_000
"""More tokens than the default context windows of servers, 2,048 and 4,096."""


def try_model(settings: Settings) -> list[Finding]:
    """Send the model a question, and a long prompt if its server might silently cut it."""
    from app.models.model_server import ModelServer

    server = ModelServer(settings)
    try:
        first = _first_answer(server)
        long = first.state == "works" and server.endpoint().kind == "other"
        return [first, *([_long_prompt(server)] if long else [])]
    finally:
        server.close()


def _first_answer(server: ModelServer) -> Finding:
    """Ask for the colour of a picture, or for any colour if the model cannot see; a grammar allows three words."""
    what = "a first answer"
    try:
        endpoint = server.endpoint()
        shown = [Picture("", f"data:image/jpeg;base64,{_red()}", "")] if endpoint.sees else []
        asked = "Which colour is this picture?" if shown else "Name a colour."
        message = human(f"{asked} Answer with one word: {', '.join(_COLOURS)}.", shown)
        grammar = "root ::= " + " | ".join(f'"{colour}"' for colour in _COLOURS)
        started = time.perf_counter()
        with closing(stream_text(server.chat(), [message], grammar=grammar, max_tokens=8)) as words:
            said = "".join(words).strip()
        took = time.perf_counter() - started
    except PersonaError as error:
        return Finding("broken", what, error.message)
    if endpoint.kind != "other" and said not in _COLOURS:
        return Finding(
            "broken",
            what,
            f"the answer should be one of {', '.join(_COLOURS)}, but it is {said!r}: the server ignores the grammar.",
        )
    seen = "with a red picture" if shown else "without a picture"
    return Finding("works", what, f"{said!r} in {took:.1f} s, {seen}")


def _long_prompt(server: ModelServer) -> Finding:
    what, words = "a long prompt", min(_LONG_PROMPT_WORDS, server.endpoint().window // 3)
    message = human(f"{'one two three four five ' * (words // 5)}\n\nWrite: yes.", [])
    started = time.perf_counter()
    try:
        for _ in stream_text(server.chat(), [message], grammar=None, max_tokens=16):
            pass
    except PersonaError as error:
        return Finding(
            "off", what, f"{error.message} Or set PERSONA_LLM_CONTEXT to the context window that the model has there."
        )
    if server.notices:
        return Finding("off", what, server.notices[-1])
    return Finding("works", what, f"{words:,} words in {time.perf_counter() - started:.1f} s; no sign that the prompt was cut")


def _red() -> str:
    out = io.BytesIO()
    Image.new("RGB", (112, 112), (210, 20, 20)).save(out, "JPEG")
    return base64.b64encode(out.getvalue()).decode()
