"""`persona serve`: starting vLLM for this workload."""

from __future__ import annotations

import importlib.util
import os
import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from app.console import progress, say
from memory.errors import ModelMissing

_INSTALL = (
    "vLLM is not installed here. It wants an environment of its own: `python3 -m venv ~/vllm && ~/vllm/bin/pip install vllm`, "
    "then `persona serve --python ~/vllm/bin/python`; or `--print` shows the command for another machine."
)


def serve(
    model: Annotated[
        str, typer.Argument(help="personavlm, qwen2.5-vl-7b, qwen2.5-vl-3b, a folder of weights, or OWNER/NAME of the hub.")
    ] = "personavlm",
    more: Annotated[list[str] | None, typer.Argument(help="Further options of vLLM, after --.")] = None,
    name: Annotated[str, typer.Option("--name", help="What clients ask for; the model's own when left out.")] = "",
    host: Annotated[str, typer.Option("--host", help="Where it listens; this machine alone when left out.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65_535)] = 8000,
    window: Annotated[int, typer.Option("--window", min=2_048, help="The context in tokens.")] = 32_768,
    pictures: Annotated[int | None, typer.Option("--pictures", min=1, help="Pictures of one prompt, at most.")] = None,
    gpus: Annotated[int, typer.Option("--gpus", min=1, help="Over how many GPUs it is spread.")] = 1,
    memory: Annotated[float, typer.Option("--memory", min=0.05, max=1.0, help="The share of a GPU's memory.")] = 0.9,
    python: Annotated[Path | None, typer.Option("--python", help="The interpreter that vLLM is installed for.")] = None,
    only_print: Annotated[bool, typer.Option("--print", help="Show the command, and start nothing.")] = False,
) -> None:
    """Start vLLM with what this workload needs: prefix caching, pictures, a long window, grammars."""
    from app.serving import PICTURES, Serving, command, environment

    interpreter = str(python.expanduser()) if python else "python" if only_print else sys.executable
    wanted = Serving(model, name, host, port, window, pictures or PICTURES, gpus, memory, interpreter)
    words = command(wanted, more or [])
    if only_print:
        say(shlex.join(words))
        return
    if python is None and importlib.util.find_spec("vllm") is None:
        raise ModelMissing(_INSTALL)
    if python is not None and not os.access(interpreter, os.X_OK):
        raise ModelMissing(f"There is no interpreter at {interpreter}. Correct --python.")
    progress(f"Then, elsewhere: export PERSONA_LLM_BASE_URL=http://{host}:{port}/v1, and `persona doctor --try`.")
    sys.stderr.flush()
    # vLLM takes this process over: Ctrl-C and a service manager reach it itself.
    os.execvpe(interpreter, words, environment())  # noqa: S606 - no shell, and words of our own
