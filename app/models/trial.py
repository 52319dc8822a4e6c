"""Asking the model a question or two: whether it answers, takes a picture, holds a grammar, and is given long prompts whole."""

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


_WORDS = 5_000
"""Of a long prompt: more tokens than the windows that servers open with by themselves, 2,048 and 4,096."""


def try_model(settings: Settings) -> list[Finding]:
    """Ask the model a question, and have it read a long prompt where its server may cut that without a word."""
    from app.models.model_server import ModelServer

    server = ModelServer(settings)
    try:
        first = _first_answer(server)
        long = first.state == "works" and server.endpoint().kind == "other"
        return [first, *([_long_prompt(server)] if long else [])]
    finally:
        server.close()


def _first_answer(server: ModelServer) -> Finding:
    """Ask which colour a picture has, or to name one where the model cannot see; a grammar leaves it three words."""
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
        return Finding("broken", what, f"it was to write one of {', '.join(_COLOURS)} and wrote {said!r}: no grammar is held.")
    seen = "a red picture was taken" if shown else "without a picture"
    return Finding("works", what, f"{said!r} in {took:.1f} s, {seen}")


def _long_prompt(server: ModelServer) -> Finding:
    what, words = "a long prompt", min(_WORDS, server.endpoint().window // 3)
    message = human(f"{'one two three four five ' * (words // 5)}\n\nWrite: yes.", [])
    started = time.perf_counter()
    try:
        for _ in stream_text(server.chat(), [message], grammar=None, max_tokens=16):
            pass
    except PersonaError as error:
        return Finding("off", what, f"{error.message} Or set PERSONA_LLM_CONTEXT to the window that the model has there.")
    if server.notices:
        return Finding("off", what, server.notices[-1])
    return Finding("works", what, f"{words:,} words in {time.perf_counter() - started:.1f} s; nothing says that they were cut")


def _red() -> str:
    out = io.BytesIO()
    Image.new("RGB", (112, 112), (210, 20, 20)).save(out, "JPEG")
    return base64.b64encode(out.getvalue()).decode()
