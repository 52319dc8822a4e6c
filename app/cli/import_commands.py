"""`persona import` and `persona imports …`: history from other programs."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

import typer

from app.console import AsJson, User, print_json, print_table, progress, report, say
from app.progress import shown
from memory.core import clock
from memory.imports import reasons
from memory.imports.reasons import nothing_added

if TYPE_CHECKING:
    from app.importers.importing import Wanted
    from app.importers.preview import Preview
    from memory.imports.lines import Import, ReadingDepth
    from memory.memory import Memory

AnyUser = Annotated[str | None, typer.Option("--user", "-u", help="The user. Default: all users.")]
ImportId = Annotated[str, typer.Argument(metavar="ID", help="The id, from `persona imports list`.")]
imports = typer.Typer(no_args_is_help=True, help="List imports, pause what the model reads of them, and undo them as a whole.")


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
        typer.Option("--remember", help="What the model reads later: nothing, each session once, or every message."),
    ] = "sessions",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what is in it, and write nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Import your history: ChatGPT, Claude, Gemini, WhatsApp, Telegram and others. What is here already is skipped."""
    from app.importers.conversations import Choices
    from app.importers.importing import Wanted, unused
    from app.opened import open_memory

    choices = Choices(zone, me, day_first)
    day = clock.parse_start(since, zone) if since else None
    wanted = Wanted(choices, format_, day, remember)
    if dry_run:
        _show_preview(path, user, wanted, as_json=as_json)
        return
    with open_memory() as memory:
        done = _import(memory, path, user, wanted)
        steps = memory.imports.reading.steps(user).get(done["id"], 0)
    for told in unused(wanted, done["format"], done["me"]):
        progress(told)
    if as_json:
        print_json(done)
        return
    say(_added(done))
    quoted = shlex.quote(user)
    if done["added"]:
        progress(f"`persona imports undo {done['id']} --user {quoted}` takes all of it out again.")
    _show_left_out(done["skipped"])
    _show_me(done["me"], me)
    if done["waiting"]:
        them = "it" if done["waiting"] == 1 else "them"
        progress(
            f"{counted(done['waiting'], 'turn waits', 'turns wait')} for your approval, and nothing recalls {them} before. "
            f"`persona memory list --held --user {quoted}` shows them."
        )
    if steps:
        progress(
            f"The model has {counted(steps, 'step')} to do for it in the background. `persona work` does them now; "
            "what was said can be found already."
        )


def _added(done: dict[str, Any]) -> str:
    if not done["added"]:
        return nothing_added(done["messages"], done["skipped"], "message" if done["conversations"] else "memory")
    if not done["conversations"]:
        return f"{counted(done['added'], 'memory', 'memories')} added, of {done['messages']:,}."
    of = _part(done["added_messages"], done["messages"], done["conversations"])
    return f"{counted(done['added'], 'turn')} added, from {of}."


def _part(added: int, messages: int, conversations: int) -> str:
    """Return of how many messages turns are: "9 of the 12 messages in 2 conversations"."""
    part = f"{added:,} of the " if added < messages else ""
    return f"{part}{counted(messages, 'message')} in {counted(conversations, 'conversation')}"


def _import(memory: Memory, path: Path, user: str, wanted: Wanted) -> dict[str, Any]:
    from app.importers.importing import import_history
    from memory.core.priority import behind

    for one in memory.imports.resume():
        what = counted(one.added, "turn")
        progress(f"The import {one.id} that was interrupted is at its end now: {what}.")
    counts = {"read": 0, "write": 0}

    def on_progress(step: str, messages: int) -> None:
        counts[step] += messages
        advance(counts["write"], max(counts["read"] - counts["write"], 0))

    with shown("importing", "messages", None) as advance:
        done = import_history(memory, path, user, wanted, on_progress)
    words, _ = memory.imports.shallow(user)
    with shown("embedding", "turns", words) as advance, behind():
        left = words
        while left:
            memory.imports.deepen(user)
            left, _ = memory.imports.shallow(user)
            advance(words - left, left)
    return done


def _show_preview(path: Path, user: str, wanted: Wanted, *, as_json: bool) -> None:
    from app.factory import build_embedder
    from app.importers.importing import unused
    from app.importers.person import person_in
    from app.importers.preview import preview
    from app.settings import Settings

    with person_in(Settings(), user, build_embedder) as person:
        found = preview(path, wanted, person)
    for told in unused(wanted, found.format, found.me):
        progress(told)
    if as_json:
        from memory.imports.lines import ReadingDepth

        calls = {depth: found.calls(depth) for depth in get_args(ReadingDepth)}
        print_json({**found.as_json(), "model_calls": calls, "model_seconds": {"none": 0.0, **_seconds(found)}})
        return
    if found.facts:
        say(f"{found.label}: {counted(found.facts, 'memory', 'memories')}. Nothing was written; no model reads them.")
        _show_left_out(found.left_out)
        if not found.adds:
            progress(nothing_added(found.facts, found.left_out, "memory", "Nothing would be added"))
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
        progress(
            "It is a talk between people, and which of them is you is not said. Nothing is imported before you name yourself "
            f"with --me: {found.writers}."
        )
    _show_me(found.me, wanted.choices.me)
    if not found.adds:
        progress(nothing_added(found.messages, found.left_out, "message", "Nothing would be added"))
        return
    adds, of = counted(found.added.turns, "turn"), _part(found.added.messages, found.messages, len(found.conversations))
    progress(f"{adds} would be added, from {of}.")
    progress(_calls(found))
    progress(_how_long(found))


_MOST_SHOWN, _MOST_PEOPLE = 40, 4


def _calls(found: Preview) -> str:
    once, every = (
        "number known once you say which of them you are" if calls is None else counted(calls, "model call")
        for calls in (found.calls("sessions"), found.calls("all"))
    )
    return (
        f"Nothing was written. --remember sessions lets the model read each session once ({once}), --remember all every "
        f"message ({every}), --remember none nothing."
    )


def _seconds(found: Preview) -> dict[ReadingDepth, float | None]:
    """Return about how many seconds the model takes, by how much it reads; None: nothing like it was measured yet."""
    from app.settings import Settings
    from app.step_times import Model, StepTimes, steps_of

    settings = Settings()
    times, model = StepTimes(settings.data_dir.expanduser()), Model.named_by(settings)
    depths: tuple[ReadingDepth, ...] = ("sessions", "all")
    known = {depth: found.calls(depth) is not None for depth in depths}
    return {depth: times.estimate(model, steps_of(depth, found.added)) if known[depth] else None for depth in depths}


def _how_long(found: Preview) -> str:
    from app.duration_words import about

    told = {depth: about(seconds) for depth, seconds in _seconds(found).items() if seconds is not None}
    if not told:
        return "How long that takes with this model is known after its first calls; `persona work` then shows it."
    known = " and ".join(f"{words} for --remember {depth}" for depth, words in told.items())
    rest = "" if "all" in told else " How long all would take is known after the first messages that this model has read."
    return f"With this model that takes {known}, by what it took here before.{rest}"


def _show_left_out(skipped: dict[str, int]) -> None:
    """Show what is left out: first of the messages, then what comes besides them."""
    for reason, count in reasons.of_messages(skipped).items():
        progress(f"Left out: {reason} ({count:,}).")
    for reason, count in reasons.besides(skipped).items():
        progress(f"Left out besides: {reason} ({count:,}).")


def _show_me(found: str, said: str) -> None:
    """Say whom a talk between people took for the person, if they did not say it themselves."""
    if found and not said:
        progress(f"You are taken to be {found}. If that is wrong, name yourself with --me.")


@imports.command("list")
def list_imports(user: AnyUser = None, as_json: AsJson = False) -> None:
    """List what was imported, newest first."""
    from app.importers.importing import report as as_report
    from app.opened import open_reading

    with open_reading() as reading:
        found = [(name, one) for name in ([user] if user else reading.users()) for one in reading.of(name)]
        left = reading.steps(user)
    found.sort(key=lambda pair: pair[1].at, reverse=True)
    if as_json:
        shown = [
            {
                **as_report(one),
                "user": name,
                "name": one.name,
                "at": one.at.isoformat(),
                "state": one.state,
                "depth": one.depth,
                "paused": one.paused,
                "steps": left.get(one.id, 0),
            }
            for name, one in found
        ]
        print_json(shown)
    elif found:
        # Not a table: eight columns do not fit into a window of 80 characters.
        for name, one in found:
            say(_told(one, name, left.get(one.id, 0)))
    else:
        progress(f"Nothing was imported for {user}." if user else "Nothing was imported.")


def _told(one: Import, user: str, steps: int) -> str:
    here = clock.zone_of(None)
    parts = [_listed(one), one.days(here), f"imported on {one.at.astimezone(here):%Y-%m-%d at %H:%M}", _state(one, steps)]
    return f"{one.id}  {one.name} ({one.format}), user {user}\n  {'; '.join(filter(None, parts))}"


def _listed(one: Import) -> str:
    return counted(one.added, "turn") if one.conversations else counted(one.added, "memory", "memories")


def _state(one: Import, steps: int) -> str:
    """Return what happens to an import, and what the model has still to read of it."""
    parts: list[str] = [one.state if one.state != "done" or not steps else ""]
    if one.paused and (steps or one.state == "writing"):
        parts.append("paused")
    if steps:
        parts.append(f"{counted(steps, 'step')} left")
    return ", ".join(filter(None, parts))


@imports.command("pause")
def pause_import(import_id: ImportId, user: AnyUser = None, as_json: AsJson = False) -> None:
    """Let the model leave an import unread until it is resumed. Conversations, and what is searched, go on."""
    from app.opened import open_reading

    with open_reading() as reading:
        steps = reading.pause(import_id, user)
    report(
        {"id": import_id, "paused": True, "steps": steps},
        f"Paused: {counted(steps, 'step')} of the import {import_id}. `persona imports resume {import_id}` goes on with it; a "
        "step that runs now is done to its end.",
        as_json=as_json,
    )


@imports.command("resume")
def resume_import(import_id: ImportId, user: AnyUser = None, as_json: AsJson = False) -> None:
    """Let the model go on with an import that was paused."""
    from app.opened import open_reading

    with open_reading() as reading:
        steps = reading.resume(import_id, user)
    then = "`persona work` does them now." if _folder_is_free() else "They go on in the background."
    report(
        {"id": import_id, "paused": False, "steps": steps},
        f"The model goes on with the import {import_id}, behind your conversations: {counted(steps, 'step')} left. {then}"
        if steps
        else f"The model has nothing left to read of the import {import_id}.",
        as_json=as_json,
    )


@imports.command("undo")
def undo_import(
    import_id: ImportId,
    user: AnyUser = None,
    as_json: AsJson = False,
) -> None:
    """Take an import out of memory as a whole, for good, with everything that was made from it."""
    from app.opened import open_memory

    with open_memory() as memory:
        gone = memory.imports.undo(user or memory.imports.user_of(import_id), import_id)
    report(
        {"id": import_id, **gone},
        f"{counted(gone['messages'], 'turn')}, {counted(gone['memories'], 'memory', 'memories')} and "
        f"{counted(gone['pictures'], 'picture')} are removed. The file can be imported again.",
        as_json=as_json,
    )


def _folder_is_free() -> bool:
    """Return whether no other program has the data folder, so that `persona work` can have it."""
    from app.settings import Settings
    from memory.core.errors import FolderInUse
    from memory.storage.folder_lock import FolderLock

    settings = Settings()
    if settings.chroma_url:
        # Programs that share servers share the folder too.
        return True
    try:
        FolderLock(settings.data_dir.expanduser()).release()
    except FolderInUse:
        return False
    return True


def counted(number: int, one: str, several: str = "") -> str:
    """Return a number with its noun."""
    return f"{number:,} {one if number == 1 else several or one + 's'}"
