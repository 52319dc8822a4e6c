"""`persona work`, `persona reindex` and `persona doctor`: maintenance."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.health_options import HealthHost, HealthPort, MetricsKey
from app.console import AsJson, print_json, print_table, progress, say
from app.duration_words import rate
from app.progress import shown
from memory.core.errors import InvalidInput, PersonaError
from memory.core.priority import behind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from memory.storage.work_queue import Left


def work(
    retry: Annotated[bool, typer.Option("--retry", help="Try again the steps of remembering that could not be done.")] = False,
    user: Annotated[str | None, typer.Option("--user", "-u", help="The user. Default: all users.")] = None,
    forever: Annotated[
        bool, typer.Option("--forever", help="Go on until Ctrl-C or SIGTERM, with what comes later too.")
    ] = False,
    health_port: HealthPort = None,
    health_host: HealthHost = "127.0.0.1",
    metrics_key: MetricsKey = "",
    as_json: AsJson = False,
) -> None:
    """Do the background work now: remember what is not in memory yet."""
    if forever:
        from app.cli.working import work_on

        if user is not None or as_json:
            raise InvalidInput(
                "With --forever, the work of all users is done and nothing is printed. Leave --user and --json out."
            )
        work_on(retry=retry, health_port=health_port, health_host=health_host, metrics_key=metrics_key)
    if health_port is not None:
        raise InvalidInput("Without --forever, the command ends by itself, and --health-port answers nobody. Add --forever.")
    _work_now(user, retry=retry, as_json=as_json)


def _work_now(user: str | None, *, retry: bool, as_json: bool) -> None:
    from app import set_aside
    from app.remembering import is_alone, remember_now
    from app.service import PersonaService
    from memory.storage.work_queue import steps_by_import

    with PersonaService.from_settings(work=False) as service:
        # First, because a purge can add sessions that must be summarised again.
        purged, failed, done = service.memory.purge_due(), None, 0
        tried = service.retry(user) if retry else 0
        began = time.monotonic()
        try:
            done = remember_now(service, user)
        except PersonaError as error:
            failed = error
        seconds = time.monotonic() - began
        paused = [one for one in service.memory.work.left(user) if one.paused]
        with behind():
            for name in [user] if user else service.memory.imports.users():
                while service.memory.imports.deepen(name):
                    pass
        aside = service.memory.refusals.set_aside(user)
        own = user is not None or is_alone(service.memory)
    lines = set_aside.told(aside, own=own, named=user is None)
    if failed is not None:
        for line in [*lines, *_paused(paused)]:
            progress(line)
        raise failed
    if as_json:
        found = {
            "done": done, "seconds": round(seconds, 1), "a_minute": round(done * 60 / seconds, 2) if done else None,
            "purged": purged, "paused": steps_by_import(paused), "set_aside": set_aside.as_json(aside, own=own),
        }  # fmt: skip
        print_json(found | ({"tried_again": tried} if retry else {}))
        return
    if retry and (tried or not done):
        say(f"{tried} steps were tried again." if tried else "Nothing was set aside.")
    fast = f" ({rate(done * 60 / seconds)})" if done else ""
    say(f"{done} steps done{fast}, {purged} forgotten memories purged.")
    for line in lines:
        say(line)
    for line in _paused(paused):
        say(line)


def _paused(left: Sequence[Left]) -> list[str]:
    from memory.storage.work_queue import steps_by_import

    return [
        f"Paused: {steps:,} {'step' if steps == 1 else 'steps'} of the import {name}. "
        f"`persona imports resume {name}` goes on with it."
        for name, steps in steps_by_import(left).items()
    ]


def reindex(as_json: AsJson = False) -> None:
    """Rebuild the search indexes from the journal; no chat model is called."""
    from app.factory import build_memory
    from app.settings import Settings

    with build_memory(Settings(), fresh_index=True) as store, shown("indexing", "rows", None) as advance:
        rows = store.reindex(lambda done, total: advance(done, total - done))
    if as_json:
        print_json({"indexed": rows})
    else:
        say(f"{rows} turns and memories are indexed.")


def doctor(
    ask: Annotated[
        bool, typer.Option("--try", help="Also send the model a test question, with a picture if it can see.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check what works and what is off, and say how to turn it on."""
    from app.doctor import examine
    from app.models.trial import try_model
    from app.settings import Settings

    findings = examine(Settings())
    if ask:
        findings += try_model(Settings())
    if as_json:
        print_json([finding.__dict__ for finding in findings])
    else:
        print_table(("", "what", "details"), [(finding.state, finding.what, finding.detail) for finding in findings])
    if any(finding.state == "broken" for finding in findings):
        progress("Something that a conversation needs is broken. See above.")
        raise typer.Exit(1)
