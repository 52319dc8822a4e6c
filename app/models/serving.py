"""The command that starts vLLM for this workload: long prompts that repeat, some pictures, outputs held by a grammar."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

from app.models.model_server import seems_to_see
from graph.prompts.briefing import Style
from graph.prompts.showing import MOST_BEFORE
from memory.core.errors import InvalidInput
from memory.core.query import Limits
from memory.core.validation import MAX_IMAGES
from memory.photos.image_file import MODEL_PIXELS

KNOWN = {
    "personavlm": "ClareNie/PersonaVLM",
    "qwen2.5-vl-7b": "Qwen/Qwen2.5-VL-7B-Instruct",
    "qwen2.5-vl-3b": "Qwen/Qwen2.5-VL-3B-Instruct",
}
"""Short names; the hub's page of each says under which licence its weights are."""
_LEAST_PIXELS = 3_136
"""Published: pictures of 3,136 to 230,400 pixels; the processor calls these bounds edges."""
PICTURES = MAX_IMAGES + MOST_BEFORE + Style.max_looks * Limits.photos
"""Those of the message, of what was said before it, and more with each look into memory."""


@dataclass(frozen=True)
class Serving:
    """What is served and how.

    Attributes:
        model: A short name of ours, a repository of the model hub, or a folder of weights.
        name: What clients ask for; empty: the last part of `model`.
        host: The address; this machine alone by default.
        port: The port.
        window: The context in tokens.
        pictures: Of one prompt, at most.
        gpus: Over how many GPUs the model is spread.
        memory: The share of a GPU's memory that vLLM takes.
        python: The interpreter of the environment that vLLM is installed in.
    """

    model: str
    name: str = ""
    host: str = "127.0.0.1"
    port: int = 8000
    window: int = 32_768
    pictures: int = PICTURES
    gpus: int = 1
    memory: float = 0.9
    python: str = "python"


def command(serving: Serving, more: list[str]) -> list[str]:
    """Return the command, word by word.

    Args:
        serving: What is served.
        more: Further options of vLLM; what is said twice, vLLM takes from here.

    Raises:
        InvalidInput: The model looks like a folder, and there is none.
    """
    model, name = _located(serving.model)
    return [
        serving.python, "-m", "vllm.entrypoints.openai.api_server",
        "--model", model,
        "--served-model-name", serving.name or name,
        "--host", serving.host,
        "--port", str(serving.port),
        "--max-model-len", str(serving.window),
        "--limit-mm-per-prompt", json.dumps({"image": serving.pictures, "video": 0}),
        "--mm-processor-kwargs", json.dumps({"size": {"shortest_edge": _LEAST_PIXELS, "longest_edge": MODEL_PIXELS}}),
        # A turn's rounds and the turns of a conversation begin alike.
        "--enable-prefix-caching",
        # The one whose grammars are llama.cpp's.
        "--structured-outputs-config", json.dumps({"backend": "xgrammar"}),
        # Otherwise a repetition penalty of the model's own would bear on formats that repeat their words.
        "--generation-config", "vllm",
        "--tensor-parallel-size", str(serving.gpus),
        "--gpu-memory-utilization", str(serving.memory),
        *more,
    ]  # fmt: skip


def environment() -> dict[str, str]:
    """Return the environment that vLLM is started in: ours, without its reports to its makers."""
    return {**os.environ, "VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}


def _located(model: str) -> tuple[str, str]:
    """Return what vLLM is to load, and what clients may call it."""
    if model.lower() in KNOWN:
        return KNOWN[model.lower()], model.lower()
    folder = Path(model).expanduser()
    if model.strip() and folder.is_dir():
        return str(folder), _named(folder)
    owner, _, name = model.partition("/")
    if re.fullmatch(r"[\w-][\w.-]*", owner) and re.fullmatch(r"[\w.-]+", name):
        return model, name
    known = ", ".join(KNOWN)
    raise InvalidInput(
        f"{model!r} is neither a folder here nor one of: {known}. A repository of the model hub is written OWNER/NAME."
    )


def _named(folder: Path) -> str:
    """Name a folder of weights so that one can tell by it whether the model sees: servers do not say so."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        kind, sees = str(config.get("model_type", "")), "vision_config" in config
    except (OSError, ValueError, AttributeError) as error:
        raise InvalidInput(
            f"{folder} holds no config.json that can be read: it is no folder of weights that vLLM can load."
        ) from error
    name = folder.resolve().name
    return f"{kind or 'vision'}-{name}" if sees and not seems_to_see(name) else name
