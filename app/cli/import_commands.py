"""`persona import` and `persona imports …`: history from other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from app.console import AsJson, User, print_json, print_table, progress, report, say
from app.progress import shown
from memory.core import clock

if TYPE_CHECKING:
    from app.importers.importing import Wanted
    from app.importers.preview import Preview
    from memory.memory import Memory

AnyUser = Annotated[str | None, typer.Option("--user", "-u", help="The user. Default: all users.")]
imports = typer.Typer(no_args_is_help=True, help="List imports, and undo them as a whole.")


def import_(
    path: Annotated[Path, typer.Argument(metavar="FILE_OR_FOLDER", help="A file, a folder or a zip file.")],
    user: User,
    me: Annotated[str, typer.Option("--me", help="Your own name in talk between people, if it cannot be found.")] = "",
    format_: Annotated[
        str, typer.Option("--format", help="The format, if it is not recognised: chatgpt, claude, whatsapp, …")
    ] = "",
    zone: Annotated[
        str | None,
        typer.Option("--zone", help="The zone of times that name none, such as Europe/Berlin. Default: this machine's."),
    ] = None,
    day_first: Annotated[
        bool | None,
        typer.Option("--day-first/--month-first", help="How dates of two numbers are read, if the file does not tell."),
    ] = None,
    since: Annotated[str | None, typer.Option("--since", help="Only messages from this day on, such as 2025-01-01.")] = None,
    remember: Annotated[
        Literal["none", "sessions", "all"],
        typer.Option("--remember", help="What the model reads later: nothing, each conversation once, or every message."),
    ] = "sessions",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what is in it, and write nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Import your history: ChatGPT, Claude, Gemini, WhatsApp, Telegram and others. What is here already is skipped."""
    from app.importers.conversations import Choices
    from app.importers.importing import Wanted
    from app.opened import open_memory

    choices = Choices(zone, me, day_first)
    day = clock.parse_time(f"{since} 00:00" if since and len(since) == len("2025-01-01") else since, zone) if since else None
    wanted = Wanted(choices, format_, day, remember)
    if dry_run:
        _show_preview(path, wanted, as_json=as_json)
        return
    with open_memory() as memory:
        done = _import(memory, path, user, wanted)
    if as_json:
        print_json(done)
        return
    say(_added(done))
    if done["added"]:
        progress(f"`persona imports undo {done['id']} --user {user}` takes all of it out again.")
    _show_left_out(done["skipped"])
    if done["pending"]:
        progress(
            f"The model has {done['pending']} steps to do for it in the background. `persona work` does them now; "
            "what was said can be found already."
        )


def _added(done: dict[str, Any]) -> str:
    if not done["conversations"]:
        return f"{counted(done['added'], 'memory', 'memories')} added, of {done['messages']}."
    return (
        f"{counted(done['added'], 'turn')} added, from {counted(done['messages'], 'message')} in "
        f"{counted(done['conversations'], 'conversation')}."
    )


def _import(memory: Memory, path: Path, user: str, wanted: Wanted) -> dict[str, Any]:
    from app.importers.importing import import_history
    from memory.core.priority import behind

    counted = {"read": 0, "write": 0}

    def on_progress(step: str, turns: int) -> None:
        counted[step] += turns
        advance(counted["write"], max(counted["read"] - counted["write"], 0))

    with shown("importing", "messages", None) as advance:
        done = import_history(memory, path, user, wanted, on_progress)
    words, _ = memory.imports.shallow(user)
    with shown("embedding", "messages", words) as advance, behind():
        left = words
        while left:
            memory.imports.deepen(user)
            left, _ = memory.imports.shallow(user)
            advance(words - left, left)
    return done


def _show_preview(path: Path, wanted: Wanted, *, as_json: bool) -> None:
    from app.importers.preview import preview

    found = preview(path, wanted)
    if as_json:
        print_json(found.as_json())
        return
    if found.facts:
        say(f"{found.label}: {counted(found.facts, 'memory', 'memories')}. Nothing was written; no model reads them.")
        _show_left_out(found.left_out)
        return
    say(
        f"{found.label}: {counted(found.messages, 'message')} in {counted(len(found.conversations), 'conversation')}, "
        f"{found.span}."
    )
    rows = [
        (one.title or one.id, str(one.messages), one.span, one.language, ", ".join(one.people[:_MOST_PEOPLE]))
        for one in found.conversations[:_MOST_SHOWN]
    ]
    print_table(("conversation", "messages", "from, to", "language", "people"), rows)
    if len(found.conversations) > _MOST_SHOWN:
        say(f"… and {len(found.conversations) - _MOST_SHOWN} more conversations.")
    _show_left_out(found.left_out)
    for place in found.places:
        progress(place)
    if found.asks_me:
        progress("It is a talk between people, and which of them is you is not said. Name yourself with --me.")
    progress(_calls(found))


_MOST_SHOWN, _MOST_PEOPLE = 40, 4


def _calls(found: Preview) -> str:
    return (
        "Nothing was written. --remember sessions lets the model read each conversation once "
        f"({found.calls('sessions')} calls), --remember all every message ({found.calls('all')} calls), --remember none "
        "nothing."
    )


def _show_left_out(skipped: dict[str, int]) -> None:
    for reason, count in sorted(skipped.items(), key=lambda one: -one[1]):
        progress(f"Left out: {count} {reason}.")


@imports.command("list")
def list_imports(user: AnyUser = None, as_json: AsJson = False) -> None:
    """List what was imported, newest first."""
    from app.importers.importing import report as as_report
    from app.opened import open_memory

    with open_memory() as memory:
        found = [(name, one) for name in ([user] if user else memory.imports.users()) for one in memory.imports.of(name)]
    found.sort(key=lambda pair: pair[1].at, reverse=True)
    if as_json:
        shown = [
            {**as_report(one), "user": name, "name": one.name, "at": one.at.isoformat(), "state": one.state}
            for name, one in found
        ]
        print_json(shown)
    elif found:
        rows = [
            (one.id, name, one.format, one.name, f"{one.at:%Y-%m-%d %H:%M}", str(one.added), one.state) for name, one in found
        ]
        print_table(("id", "user", "format", "file", "imported (UTC)", "turns", ""), rows)
    else:
        progress(f"Nothing was imported for {user}." if user else "Nothing was imported.")


@imports.command("undo")
def undo_import(
    import_id: Annotated[str, typer.Argument(metavar="ID", help="The id, from `persona imports list`.")],
    user: AnyUser = None,
    as_json: AsJson = False,
) -> None:
    """Take an import out of memory as a whole, for good, with everything that was made from it."""
    from app.opened import open_memory

    with open_memory() as memory:
        gone = memory.imports.undo(user or memory.imports.user_of(import_id), import_id)
    report(
        {"id": import_id, **gone},
        f"{gone['messages']} messages, {gone['memories']} memories and {gone['pictures']} pictures are removed. "
        "The file can be imported again.",
        as_json=as_json,
    )


def counted(number: int, one: str, several: str = "") -> str:
    """Return a number with its noun."""
    return f"{number:,} {one if number == 1 else several or one + 's'}"
