"""Fetching a text embedder, preparing it for this machine, and changing to it with `persona models use`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.console import report
from app.progress import shown
from memory.core.errors import FolderInUse

if TYPE_CHECKING:
    from app.models.transfer import Progress


def make_ready(name: str, bars: Progress) -> None:
    """Build a text embedder's files for this machine now, so that no reply has to wait for them."""
    from app.factory import build_embedder
    from app.settings import Settings

    embedder = build_embedder(Settings(text_embedder=name))
    if not embedder.is_made:
        bars.note(f"Preparing {name} for this machine.")
        embedder.embed(["ready"])


def use(name: str, *, as_json: bool) -> None:
    """Fetch a text embedder, save it as the choice, and rebuild the search index with it.

    The choice is saved only once the embedder works. From then on each start rebuilds an index of another embedder, so this may
    break off anywhere.
    """
    from app import settings
    from app.models import weights
    from app.models.transfer import bars

    with bars() as progress:
        weights.pull(name, progress)
        make_ready(name, progress)
    path = settings.choose_embedder(name)
    if elsewhere := settings.embedder_set_in():
        rows, then = None, f"But the text embedder is {elsewhere}, which has priority."
    else:
        rows, then = _rebuild_index()
    report(
        {"file": str(path), "set": elsewhere, "indexed": rows}, f"{name} embeds texts from now on (saved in {path}). {then}",
        as_json=as_json,
    )  # fmt: skip


def _rebuild_index() -> tuple[int | None, str]:
    """Rebuild the index with the embedder that is set; return the number of its rows, and a sentence about it."""
    from app.factory import build_memory
    from app.settings import Settings

    now = Settings()
    if not now.database_url and not (now.data_dir.expanduser() / "journal.db").exists():
        return 0, "Nothing is remembered yet."
    try:
        with build_memory(now, fresh_index=True) as store, shown("indexing", "rows", None) as advance:
            rows = store.reindex(lambda done, total: advance(done, total - done))
    except FolderInUse:
        return None, "The data folder is in use: restart the program that uses it. Its start rebuilds the search index."
    return rows, f"{rows} turns and memories are indexed with it."
