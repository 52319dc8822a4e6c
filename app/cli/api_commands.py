"""`persona api` and `persona key …`: the HTTP server, and the keys of programs that use it."""

from __future__ import annotations

from typing import Annotated

import typer

from app.console import AsJson, print_json, print_table, progress, report, say
from app.opened import open_keys
from memory.core import extras

key = typer.Typer(no_args_is_help=True, help="Make, list and revoke API keys.")
_EXTRA = "api"


def api(
    host: Annotated[str, typer.Option("--host", help="The address to listen on. Default: only this machine.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65_535, help="The port; 0: any free one.")] = 8600,
    rate: Annotated[int, typer.Option("--rate", min=1, help="Most requests of one caller in a minute.")] = 600,
    at_once: Annotated[int, typer.Option("--at-once", min=1, help="Most requests at the same time.")] = 200,
    max_body: Annotated[int, typer.Option("--max-body", min=1_000, help="Most bytes of one request.")] = 40_000_000,
    max_archive: Annotated[
        int, typer.Option("--max-archive", min=1_000, help="Most bytes of an archive to import (POST /api/v1/import).")
    ] = 1_073_741_824,
    metrics_key: Annotated[
        str, typer.Option("--metrics-key", help="The id of the key that may read the counts of all people at /metrics.")
    ] = "",
) -> None:
    """Serve the assistant over HTTP: OpenAI-compatible chat (/v1), REST (/api/v1, /docs) and MCP (/mcp)."""
    extras.require(_EXTRA)
    from app.api.guard import Limits
    from app.api.server import check_start, print_ready, run
    from app.misspelt_settings import misspelt
    from app.operations.start import as_service
    from app.service import PersonaService
    from app.settings import Settings

    settings = Settings()
    as_service(settings)
    for name in misspelt():
        progress(name)
    # Before the service is opened, which works in the background at once and is one of the hosts.
    with open_keys(owner=True) as keys:
        check_start(keys, host, metrics_key)
    limits = Limits(body_bytes=max_body, archive_bytes=max_archive, at_once=at_once, per_minute=rate)
    with PersonaService.from_settings(settings) as service:
        service.announce()
        service.prepare("me")
        run(service, host=host, port=port, limits=limits, on_ready=print_ready, metrics_key=metrics_key)


@key.command("create")
def create_key(
    user: Annotated[str, typer.Option("--user", help="The person whose memory the key opens.")],
    trust_user_headers: Annotated[
        bool,
        typer.Option(
            "--trust-user-headers",
            help="For a front end with several users: each of them (header X-OpenWebUI-User-Id) is a person of their own.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make a key and print it. It is shown only now; only a digest of it is stored."""
    with open_keys() as keys:
        made, secret = keys.create(user, trusts_headers=trust_user_headers)
    if as_json:
        print_json({"id": made.id, "key": secret, "user": made.user})
        return
    progress(f"This key opens the memory of {made.user}. It is shown only now. `persona key revoke {made.id}` ends it.")
    say(secret)


@key.command("list")
def list_keys(as_json: AsJson = False) -> None:
    """List all keys, without their secrets."""
    with open_keys() as keys:
        found = keys.list()
    if as_json:
        print_json([one.model_dump(mode="json") for one in found])
    elif found:
        rows = [
            (
                one.id, one.user, "each user of a front end" if one.trusts_headers else "", f"{one.created:%Y-%m-%d %H:%M}",
                f"revoked {one.revoked:%Y-%m-%d %H:%M}" if one.revoked else "",
            )
            for one in found
        ]  # fmt: skip
        print_table(("id", "person", "", "made (UTC)", ""), rows)
    else:
        progress("There are no keys. `persona key create --user NAME` makes one.")


@key.command("revoke")
def revoke_key(
    key_id: Annotated[str, typer.Argument(help="The id, from `persona key list`.")], as_json: AsJson = False
) -> None:
    """Revoke a key at once and for good."""
    with open_keys() as keys:
        revoked = keys.revoke(key_id)
    report(revoked.model_dump(mode="json"), f"The key {key_id} of {revoked.user} is revoked.", as_json=as_json)
