"""From settings to parts: the memory of a data folder with its embedder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from memory.embedders import TextEmbedder
from memory.errors import ModelMissing
from memory.store import Memory

if TYPE_CHECKING:
    from app.settings import Settings


def build_embedder(settings: Settings) -> TextEmbedder:
    """Make the text embedder: of the catalogue, or any sentence-transformers name or folder.

    Raises:
        ModelMissing: It is in the catalogue, but not on this machine.
    """
    from app import weights

    name = settings.text_embedder
    if name not in weights.CATALOGUE:
        folder = Path(name).expanduser()
        return TextEmbedder(str(folder) if folder.exists() else name, name, weights.graphs_folder())
    located = weights.located(name)
    if located is None:
        raise ModelMissing(f"The text embedder {name} is not on this machine. Run `persona models pull {name}`.")
    return TextEmbedder(str(located.model), name, weights.graphs_folder())


def build_memory(settings: Settings, *, fresh_index: bool = False) -> Memory:
    """Open the memory that the settings name."""
    return Memory(
        settings.data_dir.expanduser(),
        build_embedder(settings),
        database_url=settings.database_url or None,
        chroma_url=settings.chroma_url or None,
        fresh_index=fresh_index,
    )
