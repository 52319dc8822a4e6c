"""MemPalace by the tools of its MCP server, called in this process: a wing for each user, its default backend and ranking."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Any

DISTRIBUTION = "mempalace"
_ROOM = "turns"


class Store:
    """One palace.

    Args:
        model: The folder of the text embedder, with `onnx/model.onnx`.
        folder: An empty folder, or one that it filled before.
    """

    def __init__(self, model: Path, folder: Path) -> None:
        _put_embedder(model)
        # Read when mempalace is imported.
        os.environ |= {"MEMPALACE_PALACE_PATH": str(folder / "palace"), "MEMPALACE_EMBEDDING_MODEL": "minilm"}
        from mempalace import mcp_server
        from mempalace.embedding import get_embedding_function

        self._tools = mcp_server
        self._embed = get_embedding_function()

    def embed(self, text: str) -> object:
        return self._embed([text])

    def add(self, user: str, text: str, when: datetime) -> str:
        del when  # the tool has no time but that of the call
        return _good(self._tools.tool_add_drawer(wing=user, room=_ROOM, content=text))["drawer_id"]

    def search(self, user: str, question: str, limit: int) -> Any:
        return _good(self._tools.tool_search(query=question, limit=limit, wing=user))

    def texts(self, found: Any) -> list[str]:
        return [one["text"] for one in found["results"]]

    def delete(self, user: str, name: str) -> None:  # noqa: ARG002 - an id is of one wing
        _good(self._tools.tool_delete_drawer(name))

    def close(self) -> None:
        """Nothing: its server ends without closing anything, too."""


def _good(answer: dict[str, Any]) -> dict[str, Any]:
    if answer.get("error") or answer.get("success") is False:
        raise RuntimeError(answer.get("error", "no reason given"))
    return answer


def _put_embedder(model: Path) -> None:
    """Put the embedder where Chroma's own one would be downloaded to: in the home folder, which is of this run alone."""
    there = Path.home() / ".cache" / "chroma" / "onnx_models" / "all-MiniLM-L6-v2" / "onnx"
    there.mkdir(parents=True, exist_ok=True)
    for file in [*(one for one in model.iterdir() if one.is_file()), model / "onnx" / "model.onnx"]:
        if not (there / file.name).exists():
            (there / file.name).symlink_to(file)
