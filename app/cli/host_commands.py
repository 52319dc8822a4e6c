"""`persona migrate` and `persona hosts …`: a service of several hosts, for the person who runs it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from app.console import AsJson, print_json, print_table, progress, report, say
from memory.core.errors import InvalidInput

if TYPE_CHECKING:
    from memory.storage.host_list import HostList

hosts = typer.Typer(no_args_is_help=True, help="The hosts that share the journal, and what they keep in the object store.")


def migrate(
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; the exit code is 1 if the journal must be migrated.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Bring the journal's schema up to date. On one machine, every program does this by itself when it starts."""
    from app.factory import migrate
    from app.settings import Settings

    before, needed = migrate(Settings(), check=check)
    behind = before != needed
    had = "no schema yet" if before is None else f"the schema {before}"
    if check:
        sentence = (
            f"The journal has {had}, and this program needs {needed}. Run `persona migrate`."
            if behind
            else f"The journal has the newest schema ({needed})."
        )
    elif behind:
        sentence = f"The journal had {had}; now it has {needed}."
    else:
        sentence = f"The journal has the newest schema ({needed}). Nothing was changed."
    report({"before": before, "needed": needed, "behind": behind and check}, sentence, as_json=as_json)
    if check and behind:
        raise typer.Exit(1)


@hosts.command("list")
def list_hosts(as_json: AsJson = False) -> None:
    """List the hosts, which programs of them are alive, and how many purges wait for them."""
    from app.factory import several_hosts
    from app.settings import Settings

    with _open() as registry:
        found = registry.all()
    if as_json:
        print_json([one.model_dump(mode="json") for one in found])
    elif found:
        rows = [
            (
                one.id, one.name, ", ".join(one.processes) or "not running", f"{one.seen:%Y-%m-%d %H:%M}" if one.seen else "",
                str(one.purges or ""),
            )
            for one in found
        ]  # fmt: skip
        print_table(("id", "name", "alive", "seen (UTC)", "purges to do"), rows)
        if down := [one.name for one in found if one.purges and not one.processes]:
            progress(
                f"Purges wait for {', '.join(down)}: files there may hold what was forgotten. Start the program there. If "
                "its files are gone for good, run `persona hosts remove ID`."
            )
    elif several_hosts(Settings()):
        progress("No host has started yet.")
    else:
        progress("One machine uses this journal. PERSONA_DATABASE_URL and PERSONA_CHROMA_URL on servers let several share it.")


@hosts.command("remove")
def remove_host(
    host_id: Annotated[str, typer.Argument(help="The id, from `persona hosts list`.")], as_json: AsJson = False
) -> None:
    """Remove a host whose files were destroyed. Purges then no longer wait for it."""
    with _open() as registry:
        registry.remove(host_id)
    if as_json:
        print_json({"removed": host_id})
    else:
        say(f"The host {host_id} is removed. If it starts again with its old files, it is a new host: delete the files first.")


@hosts.command("reencrypt")
def reencrypt_objects(as_json: AsJson = False) -> None:
    """Encrypt what is in the object store with the first key of PERSONA_OBJECTS_KEY. It may be interrupted and repeated."""
    from app.factory import build_objects, open_journal
    from app.progress import shown
    from app.settings import Settings
    from memory.hosts.reencryption import reencrypt

    settings = Settings()
    objects = build_objects(settings)
    if objects is None:
        raise InvalidInput("There is no object store. Set PERSONA_PHOTOS_URL and PERSONA_OBJECTS_KEY.")
    with closing(open_journal(settings)) as database, shown("encrypting", "photos", None) as advance:
        done = reencrypt(database, objects, advance)
    report(
        done.model_dump(),
        f"{done.rewritten} objects were encrypted with the first key, and {done.current} were already. {done.copies} copies of "
        "index files were deleted; hosts make them again.",
        as_json=as_json,
    )
    if done.unreadable:
        progress(
            f"{done.unreadable} objects are as they were: damaged, or encrypted with a key that is not set. Add that key to "
            "PERSONA_OBJECTS_KEY, after a comma, and repeat the command."
        )
        raise typer.Exit(1)


@contextmanager
def _open() -> Iterator[HostList]:
    """Open the registry alone: a running program keeps the data folder."""
    from app.factory import open_journal
    from app.settings import Settings
    from memory.storage.host_list import HostList

    database = open_journal(Settings())
    try:
        yield HostList(database)
    finally:
        database.close()
