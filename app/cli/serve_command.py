"""`persona serve`: starts vLLM with the options that PersonaVLM needs."""

from __future__ import annotations

import importlib.util
import os
import shlex
import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer

from app.console import progress, say
from memory.core.errors import ModelMissing

_INSTALL = (
    "vLLM is not installed here. It needs its own environment: `python3 -m venv ~/vllm && ~/vllm/bin/pip install vllm`, "
    "then `persona serve --python ~/vllm/bin/python`. With `--print` you get the command for another machine."
)


DEFAULT = "personavlm"


def serve(
    model: Annotated[
        str, typer.Argument(help="personavlm, qwen2.5-vl-7b, qwen2.5-vl-3b, a folder of weights, or OWNER/NAME on the hub.")
    ] = DEFAULT,
    more: Annotated[list[str] | None, typer.Argument(help="More options for vLLM, after --.")] = None,
    name: Annotated[str, typer.Option("--name", help="The model name for clients. Default: the name of the model.")] = "",
    host: Annotated[str, typer.Option("--host", help="The address to listen on. Default: only this machine.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65_535)] = 8000,
    window: Annotated[int, typer.Option("--window", min=2_048, help="The context window in tokens.")] = 32_768,
    pictures: Annotated[int | None, typer.Option("--pictures", min=1, help="Maximum number of pictures in one prompt.")] = None,
    gpus: Annotated[int, typer.Option("--gpus", min=1, help="Number of GPUs to use.")] = 1,
    memory: Annotated[float, typer.Option("--memory", min=0.05, max=1.0, help="The share of each GPU's memory to use.")] = 0.9,
    python: Annotated[
        Path | None, typer.Option("--python", help="The Python interpreter of the environment with vLLM.")
    ] = None,
    only_print: Annotated[bool, typer.Option("--print", help="Print the command without starting it.")] = False,
) -> None:
    """Start vLLM with the options that PersonaVLM needs: prefix caching, pictures, a long context window and grammars."""
    from app.models.serving import PICTURES, Serving, command, environment

    words = list(more or [])
    if model.startswith("-"):
        # No model was given, only options after --.
        model, words = DEFAULT, [model, *words]
    if words and not words[0].startswith("-"):
        raise typer.BadParameter(f"{words[0]!r} is a second model. Give options for vLLM after --.")
    interpreter = _interpreter(python) if python else "python" if only_print else sys.executable
    wanted = Serving(model, name, host, port, window, pictures or PICTURES, gpus, memory, interpreter)
    words = command(wanted, words)
    if only_print:
        say(shlex.join(words))
        return
    if python is None and importlib.util.find_spec("vllm") is None:
        raise ModelMissing(_INSTALL)
    here = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104 - to reach it
    progress(f"In another terminal: export PERSONA_LLM_BASE_URL=http://{here}:{port}/v1, then run `persona doctor --try`.")
    sys.stderr.flush()
    # vLLM replaces this process, so that Ctrl-C and a service manager reach it directly.
    os.execvpe(interpreter, words, environment())  # noqa: S606 - no shell, and words of our own


def _interpreter(python: Path) -> str:
    found = shutil.which(str(python.expanduser()))
    if found is None or Path(found).is_dir():
        raise ModelMissing(
            f"{python} is not a Python interpreter that can be run. Use --python ~/vllm/bin/python, for example."
        )
    return found
