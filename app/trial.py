"""Asking the model one question: whether it answers, takes a picture, and holds a grammar."""

from __future__ import annotations

import base64
import io
import time
from contextlib import closing
from typing import TYPE_CHECKING

from PIL import Image

from app.doctor import Finding
from graph.asking import stream_text
from graph.sections import Picture, human
from memory.errors import PersonaError

if TYPE_CHECKING:
    from app.settings import Settings

_COLOURS = ("red", "green", "blue")


def try_model(settings: Settings) -> Finding:
    """Ask the model which colour a picture has, or to name one where it cannot see; a grammar leaves it three words."""
    from app.model_server import ModelServer

    what, server = "a first answer", ModelServer(settings)
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
    finally:
        server.close()
    if endpoint.kind != "other" and said not in _COLOURS:
        return Finding("broken", what, f"it was to write one of {', '.join(_COLOURS)} and wrote {said!r}: no grammar is held.")
    seen = "a red picture was taken" if shown else "without a picture"
    return Finding("works", what, f"{said!r} in {took:.1f} s, {seen}")


def _red() -> str:
    out = io.BytesIO()
    Image.new("RGB", (112, 112), (210, 20, 20)).save(out, "JPEG")
    return base64.b64encode(out.getvalue()).decode()
