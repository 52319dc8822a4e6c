"""`persona …`: the command line."""

from __future__ import annotations

import os
import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli import (
    api_commands,
    forget_commands,
    host_commands,
    import_commands,
    mcp_command,
    memory_commands,
    model_commands,
    page_command,
    person_commands,
    serve_command,
    uninstall_command,
    upkeep_commands,
)
from app.console import AsJson, User, fail, print_json, progress, say, steady_streams
from app.opened import INTERRUPTED, open_service
from memory.core.errors import InvalidInput, PersonaError

if TYPE_CHECKING:
    from app.events import Event
    from app.service import PersonaService
    from graph.context import MessageOptions
    from memory.core.records import Turn
    from memory.core.retry import Refusal

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="An assistant that remembers you, reasons over its memories, and adapts to your personality.",
)
app.add_typer(memory_commands.memory, name="memory")
app.add_typer(person_commands.personality, name="personality")
app.add_typer(person_commands.user, name="user")
app.add_typer(model_commands.models, name="models")
app.add_typer(api_commands.key, name="key")
app.add_typer(import_commands.imports, name="imports")
app.add_typer(host_commands.hosts, name="hosts")
for _group in entry_points(group="personavlm.commands"):
    app.add_typer(_group.load(), name=_group.name)
app.command()(page_command.page)
app.command()(mcp_command.mcp)
app.command()(upkeep_commands.work)
app.command()(upkeep_commands.reindex)
app.command()(host_commands.migrate)
app.command()(upkeep_commands.doctor)
app.command()(serve_command.serve)
app.command()(api_commands.api)
app.command("import")(import_commands.import_)
app.command()(uninstall_command.uninstall)

Time = Annotated[str | None, typer.Option("--time", help="Time of the message, for example 2026-03-01 09:30. Default: now.")]
Images = Annotated[list[Path] | None, typer.Option("--image", help="A picture to send. Can be given several times.")]
Force = Annotated[bool, typer.Option("--force-retrieve", help="Search memory at least once.")]
NoReasoning = Annotated[
    bool,
    typer.Option("--no-reasoning", help="Search memory once for the words of the message, then answer without thinking first."),
]
OffTheRecord = Annotated[bool, typer.Option("--off-the-record", help="Use memory, but save nothing.")]


def _print_version(wanted: bool) -> None:
    if wanted:
        from app.cli.version import line

        say(line())
        raise typer.Exit


@app.callback()
def _persona(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the versions of PersonaVLM and its main libraries."
        ),
    ] = False,
) -> None:
    pass


@app.command()
def ask(
    text: Annotated[str, typer.Argument(help="The message; - reads it from standard input.")],
    user: User = "me",
    time: Time = None,
    image: Images = None,
    force_retrieve: Force = False,
    no_reasoning: NoReasoning = False,
    off_the_record: OffTheRecord = False,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until the message is remembered.")] = False,
    as_json: AsJson = False,
) -> None:
    """Send one message and print the reply."""
    from app import set_aside
    from app.cli import marked
    from app.remembering import remember_and_report

    message = sys.stdin.read() if text == "-" else text
    options = _options(force_retrieve, no_reasoning, off_the_record)
    with open_service(user) as service:
        turn = _show(service, service.stream(user, message, image or (), time, options=options), quiet=as_json)
        if not as_json:
            forget_commands.say_what_next(turn)
        failure: PersonaError | None = None
        aside: list[Refusal] = []
        if wait:
            try:
                aside = remember_and_report(service, user, progress)
            except PersonaError as error:
                # The reply stays acknowledged: print it first, then the error.
                failure = error
                failure.message = f"The reply is saved, but the message is not in memory yet. {error.message}"
            turn = marked.after(service.memory, turn)
        if not as_json and (about := marked.notice_of(service.memory, turn)):
            progress(about)
        if as_json:
            after = {"personality_after": _personality(service, user)} if wait else {}
            answer = {**_answer(turn), **after}
            print_json(answer | ({"set_aside": set_aside.as_json(aside, own=True)} if aside else {}))
        if failure is not None:
            raise failure


@app.command()
def chat(
    user: User = "me",
    time: Time = None,
    image: Images = None,
    force_retrieve: Force = False,
    no_reasoning: NoReasoning = False,
    off_the_record: OffTheRecord = False,
) -> None:
    """Chat until an empty line or Ctrl-D. With --time, the conversation starts at that time."""
    from datetime import UTC, datetime

    from app.cli import marked
    from memory.core import clock

    begin = clock.parse_time(time) if time else None
    started = datetime.now(UTC)
    options = _options(force_retrieve, no_reasoning, off_the_record)
    images = list(image or ())
    with open_service(user, work=True) as service:
        progress(f"Talking as {user}. Enter an empty line to quit.")
        message = _read_line()
        while message:
            turn = None
            try:
                stamp = clock.later(begin, datetime.now(UTC) - started) if begin else None
                turn = _show(service, service.stream(user, message, images, stamp, options=options))
                if about := marked.notice_of(service.memory, turn):
                    progress(about)
            except PersonaError as error:
                fail(error, as_json=False)
            images = []
            message = (forget_commands.confirm(service, turn, _read_line) if turn else None) or _read_line()


@app.command()
def ingest(
    file: Annotated[Path, typer.Argument(help="JSON lines with time, user, assistant and optionally images.")],
    user: User,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until everything is remembered (calls the model).")] = False,
    as_json: AsJson = False,
) -> None:
    """Import a transcript into memory; lines that were imported before are skipped."""
    from app.importers.ingest import ingest_file
    from app.remembering import remember_and_report
    from app.service import PersonaService

    with PersonaService.from_settings(work=False) as service:
        report = ingest_file(service.memory, file, user)
        if wait:
            remember_and_report(service, user, progress)
        report["pending"] = service.memory.work.count(user)
    if as_json:
        print_json(report)
    else:
        say(f"{report['added']} turns added, {report['skipped']} skipped because they already exist.")
        if report.get("not_kept"):
            progress(f"{report['not_kept']} sensitive turns were left out, because {user} chose to keep nothing sensitive.")
        if report["pending"]:
            progress(f"{report['pending']} steps are left to remember them. `persona work` does them now.")


def main() -> None:
    """Run the command line; a `PersonaError` becomes one sentence and exit code 1."""
    steady_streams()
    try:
        app()
    except UnicodeEncodeError as error:
        fail(
            InvalidInput(f"The input contains bytes that are not text ({error.reason}). Use UTF-8."),
            as_json=_wants_json(),
        )
        sys.exit(1)
    except BrokenPipeError:
        # The reader closed the output, so nothing more can be written.
        sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115 - until the program ends
        sys.exit(1)
    except PersonaError as error:
        fail(error, as_json=_wants_json())
        sys.exit(1)
    except KeyboardInterrupt:
        progress("Stopped.")
        sys.exit(INTERRUPTED)


def _wants_json() -> bool:
    return "--json" in sys.argv


def _options(force_retrieve: bool, no_reasoning: bool, off_the_record: bool) -> MessageOptions:
    from graph.context import MessageOptions

    return MessageOptions(force_retrieve=force_retrieve, reasoning=not no_reasoning, off_the_record=off_the_record)


def _show(service: PersonaService, events: Any, *, quiet: bool = False) -> Turn:
    """Print a reply as it arrives: searches on stderr, the answer on stdout. Ctrl-C stops the reply and keeps it."""
    from app.events import Answered, Received
    from memory.upcoming.agenda import left_to_tell

    turn_id = ""
    try:
        for event in events:
            if isinstance(event, Received):
                turn_id = event.turn.id
            elif isinstance(event, Answered):
                if not quiet:
                    say("")
                    for note in (*event.turn.trace.notes, *left_to_tell(event.turn.trace)) if event.turn.trace else ():
                        progress(note)
                return event.turn
            elif not quiet:
                _print_event(event)
    except KeyboardInterrupt:
        service.stop(turn_id)
        progress("\nStopped. The message and the part of the reply that was shown are saved.")
        raise typer.Exit(INTERRUPTED) from None
    raise PersonaError("The reply ended without an answer. The message is saved; send it again.")


def _print_event(event: Event) -> None:
    from app.events import AnswerDelta, Recalled, Retrieving

    if isinstance(event, AnswerDelta):
        sys.stdout.write(event.text)
        sys.stdout.flush()
    elif isinstance(event, Retrieving):
        window = f" from {event.start_time or 'the beginning'} to {event.end_time or 'now'}"
        windowed = window if event.start_time or event.end_time else ""
        progress(f"… searching for: {event.query or 'the message itself'}{windowed}")
    elif isinstance(event, Recalled):
        progress(f"… found {len(event.memories)}")


def _personality(service: PersonaService, user: str) -> dict[str, float] | None:
    """Return the scores that the next reply uses; None while no trait is known."""
    from graph.prompts import manner

    scores = manner.scores_of(manner.known(service.memory.personality.evidence(user)))
    return scores.model_dump() if scores else None


def _answer(turn: Turn) -> dict[str, Any]:
    from memory.core.records import TurnState

    written = turn.model_dump(mode="json")
    trace = written["trace"]
    memories = [{name: entry[name] for name in ("id", "kind", "text", "time")} for entry in trace["memories"]]
    return {
        "turn_id": turn.id,
        # A request to forget is answered like any message; `forget` has its details.
        "state": TurnState.ANSWERED.value if turn.state is TurnState.REQUEST else turn.state.value,
        "reply": turn.reply,
        "steps": trace["steps"],
        "memories": memories,
        "personality": trace["personality"],
        "timings_ms": trace["timings_ms"],
        "usage": trace["usage"],
        # Only for a message that is pending approval or sensitive.
        **({"held": turn.held} if turn.held else {}),
        **({"sensitive": turn.sensitive} if turn.sensitive else {}),
        **({"forget": trace["forget"]} if trace["forget"] else {}),
        # Upcoming events: the message asked for them, or it is the first of the day.
        **({"due": trace["due"]} if trace["due"] else {}),
        # Notes for the person, about pictures for example; most replies have none.
        **({"notes": trace["notes"]} if trace["notes"] else {}),
    }


def _read_line(question: str = "> ") -> str:
    asked = sys.stdin.isatty()
    try:
        return input(question if asked else "").strip()
    except EOFError:
        if asked:
            # After Ctrl-D the cursor is still on the line of the question.
            progress("")
        return ""
    except KeyboardInterrupt:
        progress("")
        raise
