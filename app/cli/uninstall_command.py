"""`persona uninstall`: lists the files of this program on the machine, and removes them on request."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from app.console import AsJson, print_json, print_table, progress, say
from memory.core import extras

_CHECKOUT = Path(__file__).parents[2]


def uninstall(
    yes: Annotated[
        bool, typer.Option("--yes", help="Remove the models, the files built from them, and the choice of the chat model.")
    ] = False,
    data: Annotated[bool, typer.Option("--data", help="Remove all memories of all users, for good.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the files of this program, and remove them on request. `make uninstall` also removes a checkout's environment."""
    from app.cli import installed as found
    from app.models.transfer import in_words
    from app.settings import Settings

    settings = Settings()
    own = Path(sys.prefix)
    listed = found.places(settings, own if own.is_relative_to(_CHECKOUT) else None)
    parts: set[found.Part] = {*(("models",) if yes else ()), *(("data",) if data else ())}
    removed = found.remove(listed, parts, settings) if parts else []
    if as_json:
        objects = [
            {"part": one.part, "what": one.what, "path": str(one.path), "bytes": one.size, "removed": one in removed}
            for one in listed
        ]
        print_json(objects)
        return
    rows = [(one.what, in_words(one.size), str(one.path), "removed" if one in removed else "") for one in listed]
    if listed:
        print_table(("what", "size", "where", ""), rows)
    else:
        say("There are no files of this program on this machine.")
    others = found.not_ours(settings)
    if others and any(one.part == "data" for one in listed):
        progress(f"Other files in the data folder are not touched: {', '.join(others[:5])}{' …' if len(others) > 5 else ''}.")  # noqa: PLR2004
    if alone := found.left_alone():
        progress(f"Not touched, because they may belong to something else: {', '.join(map(str, alone))}.")
    if settings.database_url or settings.chroma_url or settings.photos_url:
        progress("Data on servers is not touched. `persona user delete` removes a user from them.")
    in_checkout = own.is_relative_to(_CHECKOUT)
    if not parts:
        everything, memories = (
            ("`make uninstall YES=1` removes the environment and the models", "make uninstall DATA=1")
            if in_checkout
            else ("`persona uninstall --yes` removes the models", "persona uninstall --data")
        )
        progress(
            f"Nothing was removed. {everything} (other checkouts use the same models). `{memories}` removes all memories for "
            "good; `persona user export` saves the memories of a user to a file first."
        )
    if not in_checkout and not extras.is_checkout():
        progress(f"To remove the program itself, run `{extras.removal()}`.")
