"""`persona bench peers`: this program and others for memory, measured in one run."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from app.console import AsJson, print_json, progress, say

_PAGE = "RESULTS.md"


def peers(
    data: Annotated[Path, typer.Option("--data", help="LoCoMo's file; not part of this project.")],
    names: Annotated[str, typer.Option("--peers", help="Programs, separated by commas; ours: this one.")] = (
        "ours,mem0,langmem,mempalace,hindsight,chroma,langgraph_store"
    ),
    conversations: Annotated[int | None, typer.Option("--conversations", min=1, help="Only this many, from the first.")] = None,
    save: Annotated[
        Path | None, typer.Option("--save", help=f"Save the result to this file, and the table beside it as {_PAGE}.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Give this program and others the same turns and questions: what each finds, how fast, and what it keeps.

    `make peers` installs the others. What cannot run says why, in its row.
    """
    from evals.components.peers import compare
    from evals.datasets.locomo import load
    from evals.peers import installed
    from evals.peers.table import page
    from evals.perf import results

    wanted = names.split(",")
    installed.check_known(wanted)
    talks = load(data)[:conversations]
    counts = {
        "conversations": len(talks),
        "turns": sum(len(one.turns) for one in talks),
        "questions": sum(len(one.questions) for one in talks),
    }
    found = {"data": counts, "memory_gb": _memory_gb(), "programs": compare(talks, wanted, progress)}
    result = results.save(save, "peers", found) if save is not None else results.described("peers", found)
    if save is not None:
        save.with_name(_PAGE).write_text(page(result), encoding="utf-8")
        progress(f"Saved to {save} and {save.with_name(_PAGE)}.")
    if as_json:
        print_json(result)
    else:
        say(page(result))


def _memory_gb() -> int:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9)
