"""The command that starts vLLM for this workload: long prompts with shared prefixes, some pictures, and grammars."""

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
from memory.core.query import SearchLimits
from memory.core.validation import MAX_IMAGES
from memory.photos.image_file import MODEL_PIXELS

KNOWN = {
    "personavlm": "ClareNie/PersonaVLM",
    "qwen2.5-vl-7b": "Qwen/Qwen2.5-VL-7B-Instruct",
    "qwen2.5-vl-3b": "Qwen/Qwen2.5-VL-3B-Instruct",
}
"""Short names; the hub page of each model states its licence."""
_MIN_PIXELS = 3_136
"""Published: pictures of 3,136 to 230,400 pixels; the processor calls these bounds edges."""
PICTURES = MAX_IMAGES + MOST_BEFORE + Style.max_retrievals * SearchLimits.photos
"""Pictures of the message, of earlier messages, and of each retrieval round."""


@dataclass(frozen=True)
class Serving:
    """Options for serving a model.

    Attributes:
        model: A short name of ours, a repository of the model hub, or a folder of weights.
        name: The model name for clients; empty: the last part of `model`.
        host: The address to listen on; by default only this machine.
        port: The port.
        window: The context window in tokens.
        pictures: The maximum number of pictures in one prompt.
        gpus: The number of GPUs.
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
    """Return the command as a list of words.

    Args:
        serving: The options.
        more: More options for vLLM, which override those above.

    Raises:
        InvalidInput: The model looks like a folder that does not exist.
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
        "--mm-processor-kwargs", json.dumps({"size": {"shortest_edge": _MIN_PIXELS, "longest_edge": MODEL_PIXELS}}),
        # The rounds of a turn and the turns of a conversation share a prefix.
        "--enable-prefix-caching",
        # The backend with the grammar format of llama.cpp.
        "--structured-outputs-config", json.dumps({"backend": "xgrammar"}),
        # Otherwise the model's own repetition penalty would affect formats that repeat words.
        "--generation-config", "vllm",
        "--tensor-parallel-size", str(serving.gpus),
        "--gpu-memory-utilization", str(serving.memory),
        *more,
    ]  # fmt: skip


def environment() -> dict[str, str]:
    """Return the environment variables for vLLM: ours, with usage reports switched off."""
    return {**os.environ, "VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}


def _located(model: str) -> tuple[str, str]:
    """Return the model for vLLM to load, and its name for clients."""
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
        f"{model!r} is neither a folder here nor one of: {known}. Write a repository of the model hub as OWNER/NAME."
    )


def _named(folder: Path) -> str:
    """Return a name for a folder of weights that shows whether the model sees, because servers do not state it."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        kind, sees = str(config.get("model_type", "")), "vision_config" in config
    except (OSError, ValueError, AttributeError) as error:
        raise InvalidInput(f"{folder} has no readable config.json, so vLLM cannot load it as a folder of weights.") from error
    name = folder.resolve().name
    return f"{kind or 'vision'}-{name}" if sees and not seems_to_see(name) else name
