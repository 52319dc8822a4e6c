"""`persona personality …`, `persona user …`: how someone is seen, and who there is."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from app.console import AsJson, User, counted, print_json, print_records, print_table, progress, report
from app.opened import open_memory
from memory.consent.modes import Mode
from memory.core.errors import InvalidInput

personality = typer.Typer(no_args_is_help=True, help="See and change the personality that it sees.")
user = typer.Typer(no_args_is_help=True, help="List, export, import and delete users, and what they agreed to.")


class Answer(StrEnum):
    """What a person says to something that is asked of them."""

    YES = "yes"
    NO = "no"


class Sensitive(StrEnum):
    """What is to be done with what is sensitive; `yes` and `no` say whether it is remembered without asking."""

    OFF = "off"
    EACH = "each"
    NEVER_KEEP = "never-keep"
    YES = "yes"
    NO = "no"


_MODES: dict[Sensitive, Mode] = {
    Sensitive.OFF: "off",
    Sensitive.EACH: "each",
    Sensitive.NEVER_KEEP: "never-keep",
    Sensitive.YES: "off",
    Sensitive.NO: "each",
}


@personality.command("show")
def show_personality(user: User = "me", as_json: AsJson = False) -> None:
    """Show the five scores, 1 to 5, of those traits that several messages show; `known` names them."""
    from graph.prompts import manner
    from memory.core.records import TRAITS

    with open_memory() as store:
        evidence = store.personality.evidence(user)
    point, known = evidence.point, manner.known(evidence)
    if as_json:
        print_json({**point.model_dump(mode="json"), "known": list(known)} if point else None)
        return
    if not known:
        progress(f"It is too early to say how {user} is: only what several messages show counts.")
    pinned = point.pinned if point else ()
    rows = [
        (trait, f"{known[trait]:.2f}", "pinned" if trait in pinned else "")
        if trait in known
        else (trait, "", "too early to say")
        for trait in TRAITS
    ]
    print_table(("trait", "score", ""), rows)


@personality.command()
def history(user: User = "me", as_json: AsJson = False) -> None:
    """Show how the scores came about, oldest first."""
    with open_memory() as store:
        points = store.personality.history(user)
    if as_json:
        print_records(points, as_json=True, columns=(), empty="")
        return
    if not points:
        progress(f"Nothing is known of the personality of {user} yet.")
        return
    rows = [
        (f"{point.time:%Y-%m-%d %H:%M}", point.cause, str(point.m), *(f"{score:.2f}" for _, score in point.scores.items()))
        for point in points
    ]
    print_table(("time", "cause", "m", "O", "C", "E", "A", "N"), rows)


@personality.command()
def pin(
    trait: Annotated[str, typer.Argument(help="openness, conscientiousness, extraversion, agreeableness, neuroticism.")],
    score: Annotated[float | None, typer.Argument(help="1 to 5; left out: let it move again.")] = None,
    user: User = "me",
    as_json: AsJson = False,
) -> None:
    """Hold a trait at a score."""
    from memory.core import clock

    with open_memory() as store:
        point = store.personality.pin(user, trait, score, store.journal.last_time(user) or clock.now())
    held = f"stays at {score}" if score is not None else "moves again"
    report(point.model_dump(mode="json"), f"{trait} {held}.", as_json=as_json)


@personality.command()
def reset(user: User = "me", as_json: AsJson = False) -> None:
    """Begin anew: 3.0 each, nothing pinned."""
    from memory.core import clock

    with open_memory() as store:
        point = store.personality.reset(user, store.journal.last_time(user) or clock.now())
    report(point.model_dump(mode="json"), f"The personality of {user} begins anew.", as_json=as_json)


@user.command("list")
def list_users(as_json: AsJson = False) -> None:
    """List who there is."""
    with open_memory() as store:
        rows = store.journal.users()
    if as_json:
        print_json([{**row, "last": row["last"].isoformat() if row["last"] else None} for row in rows])
    elif rows:
        shown = [
            (row["id"], str(row["turns"]), str(row["pending"]), f"{row['last']:%Y-%m-%d %H:%M}" if row["last"] else "")
            for row in rows
        ]
        print_table(("user", "turns", "to remember", "last turn (UTC)"), shown)
    else:
        progress("There is nobody yet.")


@user.command()
def consent(
    name: Annotated[str, typer.Argument(help="Whose conversations.")],
    training: Annotated[
        Answer | None, typer.Option("--training", help="Whether a model may be trained on them; left out: show what was said.")
    ] = None,
    sensitive: Annotated[
        Sensitive | None,
        typer.Option(
            "--sensitive",
            help="From now on, sensitive things are remembered and marked (off, or yes), asked about first (each, or no), "
            "or answered and never remembered (never-keep).",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say whether a model may be trained on someone's conversations, and what is done with sensitive things."""
    from memory.consent.modes import IN_WORDS, SECRETS

    with open_memory() as store:
        if sensitive:
            store.consent.choose(name, _MODES[sensitive])
        said = store.consent.say(name, training=training is Answer.YES) if training else store.consent.of(name)
        mode, machine = store.consent.mode(name), store.consent.machine
    value = {"user": name, "training": bool(said and said.training), "since": said.since.isoformat() if said else None}
    value |= {"sensitive": mode == "off", "ask_consent": mode}
    if said is None:
        sentence = f"{name} was never asked: nothing is trained on their conversations."
    elif said.training:
        sentence = f"{name} agreed on {said.since:%Y-%m-%d %H:%M} (UTC) that a model is trained on their conversations."
    else:
        sentence = f"{name} does not agree, since {said.since:%Y-%m-%d %H:%M} (UTC): nothing is trained on their conversations."
    sentence += f" {IN_WORDS[mode]} {SECRETS}"
    if machine:
        sentence += f" PERSONA_ASK_CONSENT={machine} says so for everybody on this machine."
    report(value, sentence, as_json=as_json)


@user.command("export")
def export_user(
    name: Annotated[str, typer.Argument(help="Whose.")],
    file: Annotated[Path, typer.Argument(help="A new file, for example ada.zip.")],
    as_json: AsJson = False,
) -> None:
    """Write everything of a user into one file: what was said, what is remembered, the personality, the pictures."""
    with open_memory() as store:
        counts = store.export_user(name, file)
    value = {"user": name, "file": str(file), "exported": counts}
    report(value, f"{file} holds everything of {name} ({counted(counts)}). It is not encrypted: keep it safe.", as_json=as_json)


@user.command("import")
def import_user(
    file: Annotated[Path, typer.Argument(help="What `persona user export` wrote.")], as_json: AsJson = False
) -> None:
    """Take in an archive, whole or not at all; its user must not be here yet."""
    with open_memory() as store:
        name, counts = store.import_user(file)
    report({"user": name, "imported": counts}, f"{name} is here again ({counted(counts)}).", as_json=as_json)


@user.command("delete")
def delete_user(
    name: Annotated[str, typer.Argument(help="Whom to delete.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Delete everything of a user, at once and for good."""
    if not yes and as_json:
        raise InvalidInput("Nobody is asked with --json: say --yes to delete everything of a user, for good.")
    if not yes:
        typer.confirm(f"Delete everything that is remembered of {name}, for good?", abort=True, err=True)
    with open_memory() as store:
        receipt = store.delete_user(name)
        found = store.left_of(name)
    counts = ", ".join(f"{count} {what}" for what, count in receipt.items())
    after = "Nothing was found afterwards, in any store." if not any(found.values()) else f"Still there: {counted(found)}."
    report({"user": name, "deleted": receipt, "found": found}, f"{name} is deleted: {counts}. {after}", as_json=as_json)
