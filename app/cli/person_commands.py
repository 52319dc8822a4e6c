"""`persona personality …` and `persona user …`: personality scores, users, archives and consent."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from app.console import AsJson, User, counted, print_json, print_records, print_table, progress, report
from app.opened import open_memory
from memory.consent.modes import Mode
from memory.core.errors import InvalidInput

personality = typer.Typer(no_args_is_help=True, help="Show and change personality scores.")
user = typer.Typer(no_args_is_help=True, help="List, export, import and delete users, and set their consent.")


class Answer(StrEnum):
    """A yes or no answer."""

    YES = "yes"
    NO = "no"


class Sensitive(StrEnum):
    """What happens to sensitive messages; `yes` and `no` say whether they are remembered without asking."""

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
    """Show the five scores, from 1 to 5. A trait has a score once several messages show it."""
    from graph.prompts import manner
    from memory.core.records import TRAITS

    with open_memory() as store:
        evidence = store.personality.evidence(user)
    point, known = evidence.point, manner.known(evidence)
    if as_json:
        print_json({**point.model_dump(mode="json"), "known": list(known)} if point else None)
        return
    if not known:
        progress(f"It is too early to tell the personality of {user}: a score needs several messages.")
    pinned = point.pinned if point else ()
    rows = [
        (trait, f"{known[trait]:.2f}", "pinned" if trait in pinned else "")
        if trait in known
        else (trait, "", "too early to tell")
        for trait in TRAITS
    ]
    print_table(("trait", "score", ""), rows)


@personality.command()
def history(user: User = "me", as_json: AsJson = False) -> None:
    """Show all changes of the scores, oldest first."""
    with open_memory() as store:
        points = store.personality.history(user)
    if as_json:
        print_records(points, as_json=True, columns=(), empty="")
        return
    if not points:
        progress(f"The personality of {user} has no history yet.")
        return
    rows = [
        (f"{point.time:%Y-%m-%d %H:%M}", point.cause, str(point.m), *(f"{score:.2f}" for _, score in point.scores.items()))
        for point in points
    ]
    print_table(("time", "cause", "m", "O", "C", "E", "A", "N"), rows)


@personality.command()
def pin(
    trait: Annotated[str, typer.Argument(help="openness, conscientiousness, extraversion, agreeableness, neuroticism.")],
    score: Annotated[float | None, typer.Argument(help="1 to 5. Leave it out to unpin the trait.")] = None,
    user: User = "me",
    as_json: AsJson = False,
) -> None:
    """Pin a trait at a score, or unpin it."""
    from memory.core import clock

    with open_memory() as store:
        point = store.personality.pin(user, trait, score, store.journal.last_time(user) or clock.now())
    done = f"is pinned at {score}" if score is not None else "is unpinned"
    report(point.model_dump(mode="json"), f"{trait} {done}.", as_json=as_json)


@personality.command()
def reset(user: User = "me", as_json: AsJson = False) -> None:
    """Reset all traits to 3.0, with nothing pinned."""
    from memory.core import clock

    with open_memory() as store:
        point = store.personality.reset(user, store.journal.last_time(user) or clock.now())
    report(point.model_dump(mode="json"), f"The personality of {user} was reset.", as_json=as_json)


@user.command("list")
def list_users(as_json: AsJson = False) -> None:
    """List all users."""
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
        progress("There are no users yet.")


@user.command()
def consent(
    name: Annotated[str, typer.Argument(help="The user.")],
    training: Annotated[
        Answer | None,
        typer.Option(
            "--training", help="Whether a model may be trained on their conversations. Leave it out to show the choice."
        ),
    ] = None,
    sensitive: Annotated[
        Sensitive | None,
        typer.Option(
            "--sensitive",
            help="What happens to sensitive messages from now on: remembered and marked (off), remembered only after approval "
            "(each), or answered but never kept (never-keep). yes means off, and no means each.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show or set consent to training, and what happens to sensitive messages."""
    from memory.consent.modes import IN_WORDS, SECRETS

    with open_memory() as store:
        if sensitive:
            store.consent.choose(name, _MODES[sensitive])
        said = store.consent.say(name, training=training is Answer.YES) if training else store.consent.of(name)
        mode, machine = store.consent.mode(name), store.consent.machine
    value = {"user": name, "training": bool(said and said.training), "since": said.since.isoformat() if said else None}
    value |= {"sensitive": mode == "off", "ask_consent": mode}
    if said is None:
        sentence = f"{name} has not decided yet. No model is trained on their conversations."
    elif said.training:
        sentence = f"{name} agreed on {said.since:%Y-%m-%d %H:%M} (UTC) that a model may be trained on their conversations."
    else:
        sentence = f"{name} refused on {said.since:%Y-%m-%d %H:%M} (UTC). No model is trained on their conversations."
    sentence += f" {IN_WORDS[mode]} {SECRETS}"
    if machine:
        sentence += f" PERSONA_ASK_CONSENT={machine} sets this for everyone on this machine."
    report(value, sentence, as_json=as_json)


@user.command("export")
def export_user(
    name: Annotated[str, typer.Argument(help="The user.")],
    file: Annotated[Path, typer.Argument(help="The file to create, for example ada.zip.")],
    as_json: AsJson = False,
) -> None:
    """Export all data of a user to one file: messages, memories, personality and pictures."""
    with open_memory() as store:
        counts = store.export_user(name, file)
    value = {"user": name, "file": str(file), "exported": counts}
    report(
        value, f"{file} contains all data of {name} ({counted(counts)}). It is not encrypted, so keep it safe.", as_json=as_json
    )


@user.command("import")
def import_user(
    file: Annotated[Path, typer.Argument(help="A file from `persona user export`.")], as_json: AsJson = False
) -> None:
    """Import an archive of a user who does not exist yet. If anything in it is invalid, nothing is imported."""
    with open_memory() as store:
        name, counts = store.import_user(file)
    report({"user": name, "imported": counts}, f"{name} was imported ({counted(counts)}).", as_json=as_json)


@user.command("delete")
def delete_user(
    name: Annotated[str, typer.Argument(help="The user to delete.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Delete all data of a user, at once and for good."""
    from memory.forgetting.counts import deletion_in_words, hosts_in_words

    if not yes and as_json:
        raise InvalidInput("With --json there is no question: add --yes to delete all data of a user for good.")
    if not yes:
        typer.confirm(f"Delete all data of {name} for good?", abort=True, err=True)
    with open_memory() as store:
        receipt = store.delete_user(name)
        found = store.left_of(name)
        did = store.deletion.hosts_of(name)
    counts = ", ".join(f"{count} {what}" for what, count in receipt.items())
    value = {"user": name, "deleted": receipt, "found": found, "hosts": [one.model_dump() for one in did]}
    after = f"{deletion_in_words(found)} {hosts_in_words(did)}".rstrip()
    report(value, f"{name} is deleted: {counts}. {after}", as_json=as_json)
