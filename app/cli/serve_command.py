"""`persona serve`: starting vLLM for this workload."""

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
    "vLLM is not installed here. It wants an environment of its own: `python3 -m venv ~/vllm && ~/vllm/bin/pip install vllm`, "
    "then `persona serve --python ~/vllm/bin/python`; or `--print` shows the command for another machine."
)


DEFAULT = "personavlm"


def serve(
    model: Annotated[
        str, typer.Argument(help="personavlm, qwen2.5-vl-7b, qwen2.5-vl-3b, a folder of weights, or OWNER/NAME of the hub.")
    ] = DEFAULT,
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
    from app.models.serving import PICTURES, Serving, command, environment

    words = list(more or [])
    if model.startswith("-"):
        # Only options follow the --: no model was named.
        model, words = DEFAULT, [model, *words]
    if words and not words[0].startswith("-"):
        raise typer.BadParameter(f"{words[0]!r} is one model too many. Options of vLLM's own come after --.")
    interpreter = _interpreter(python) if python else "python" if only_print else sys.executable
    wanted = Serving(model, name, host, port, window, pictures or PICTURES, gpus, memory, interpreter)
    words = command(wanted, words)
    if only_print:
        say(shlex.join(words))
        return
    if python is None and importlib.util.find_spec("vllm") is None:
        raise ModelMissing(_INSTALL)
    here = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104 - to reach it
    progress(f"Then, elsewhere: export PERSONA_LLM_BASE_URL=http://{here}:{port}/v1, and `persona doctor --try`.")
    sys.stderr.flush()
    # vLLM takes this process over: Ctrl-C and a service manager reach it itself.
    os.execvpe(interpreter, words, environment())  # noqa: S606 - no shell, and words of our own


def _interpreter(python: Path) -> str:
    found = shutil.which(str(python.expanduser()))
    if found is None or Path(found).is_dir():
        raise ModelMissing(f"{python} is no interpreter that can be run. Give --python one, for example ~/vllm/bin/python.")
    return found
