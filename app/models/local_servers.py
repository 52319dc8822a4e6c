"""Finds model servers that already run on this machine, by short probes on loopback that end within a second."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from pydantic import BaseModel, Field, ValidationError, ValidationInfo, field_validator

from app.models.endpoint import seems_to_chat, seems_to_see

if TYPE_CHECKING:
    import httpx

PORTS: Mapping[int, str] = {
    11434: "Ollama",
    1234: "LM Studio",
    8080: "llama.cpp",
    8000: "vLLM",
    1337: "Jan",
    30000: "SGLang",
    4891: "GPT4All",
    5001: "KoboldCpp",
    5000: "text-generation-webui",
}
"""Usual ports, with the server that uses each."""
_Row = TypeVar("_Row", bound=BaseModel)
_PROBE_S = 0.4
"""Timeout for connecting, and for each chunk of an answer."""
_TOTAL_S = 0.9
"""Timeout of all probes together; servers that have not answered by then are left out."""
_MAX_BYTES = 1 << 20
_OWNERS = {"llamacpp": "llama.cpp", "vllm": "vLLM", "sglang": "SGLang", "koboldcpp": "KoboldCpp"}


@dataclass(frozen=True)
class Served:
    """A chat model on a local server.

    Attributes:
        server: The name of the server.
        url: The base URL, for `PERSONA_LLM_BASE_URL`.
        model: The name of the model on the server.
        sees: Whether the model seems to accept pictures.
    """

    server: str
    url: str
    model: str
    sees: bool

    @property
    def advice(self) -> str:
        """Return a sentence of advice about this server, after a space; usually empty."""
        window = " Start it with OLLAMA_CONTEXT_LENGTH=16384, because it silently cuts longer prompts."
        return window if self.server == "Ollama" else ""


def detect_servers(ports: Mapping[int, str] = PORTS) -> list[Served]:
    """Ask all ports at once, and return the chat models of the model servers, in the order of the ports.

    Other programs are left out: web pages, databases, lists of other things, and servers that need a key.
    Models that Ollama forwards to another machine are left out too, because memories must stay on this machine.
    """
    return asyncio.run(_detect(ports))


async def _detect(ports: Mapping[int, str]) -> list[Served]:
    import httpx

    # No proxy is used for this machine, and no redirect may lead away from it.
    async with httpx.AsyncClient(trust_env=False, timeout=_PROBE_S) as client:
        asked = [asyncio.create_task(_models(client, port, name)) for port, name in ports.items()]
        done, unanswered = await asyncio.wait(asked, timeout=_TOTAL_S)
        for task in unanswered:
            task.cancel()
        await asyncio.gather(*unanswered, return_exceptions=True)
    return [one for task in asked if task in done for one in task.result()]


async def _models(client: httpx.AsyncClient, port: int, usual: str) -> list[Served]:
    root = f"http://127.0.0.1:{port}"
    listed, tagged = await asyncio.gather(_get(client, f"{root}/v1/models"), _get(client, f"{root}/api/tags"))
    cards = _read(_Card, listed.get("data"))
    if cards is None or listed.get("object", "list") != "list":
        return []
    server = next((_OWNERS[card.owned_by.lower()] for card in cards if card.owned_by.lower() in _OWNERS), "")
    if tags := _read(_Tag, tagged.get("models")):
        server = server or "Ollama"
        kept = [(tag.name, tag.capabilities) for tag in tags if tag.talks and not tag.remote_host]
    else:
        server = server or usual
        kept = [(card.id, card.architecture.input_modalities) for card in cards]
    return [
        Served(server, f"{root}/v1", name, bool({"image", "vision"} & set(takes)) if takes else seems_to_see(name))
        for name, takes in kept
        if seems_to_chat(name)
    ]


async def _get(client: httpx.AsyncClient, url: str) -> dict[str, Any]:
    """Return the JSON object at a URL; an empty one for anything else."""
    import httpx

    try:
        async with client.stream("GET", url, headers={"Accept": "application/json"}) as response:
            data = b""
            async for chunk in response.aiter_bytes():
                data += chunk
                if len(data) > _MAX_BYTES:
                    return {}
        found = json.loads(data) if response.status_code == httpx.codes.OK else {}
    except (httpx.HTTPError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _read(kind: type[_Row], rows: object) -> list[_Row] | None:
    """Return a validated list; None if it is not a list of this type."""
    try:
        return [kind.model_validate(row) for row in rows] if isinstance(rows, list) else None
    except ValidationError:
        return None


class _Architecture(BaseModel):
    input_modalities: list[str] = []


class _Card(BaseModel):
    """An entry of /v1/models."""

    id: str
    object: Literal["model"] = "model"
    owned_by: str = ""
    architecture: _Architecture = _Architecture()

    @field_validator("owned_by", "architecture", mode="before")
    @classmethod
    def _missing(cls, value: Any, info: ValidationInfo) -> Any:
        return cls.model_fields[str(info.field_name)].default if value is None else value


class _Details(BaseModel):
    family: str = ""


class _Tag(BaseModel):
    """An entry of Ollama's /api/tags; older versions do not state capabilities."""

    name: str
    digest: str = Field(min_length=1)
    remote_host: str = ""
    capabilities: list[str] = []
    details: _Details = _Details()

    @property
    def talks(self) -> bool:
        """Whether it writes text."""
        return "completion" in self.capabilities if self.capabilities else "bert" not in self.details.family
