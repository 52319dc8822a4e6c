"""`persona memory …`, `persona personality …`, `persona user …`: seeing and changing what is known."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.console import AsJson, User, print_json, print_records, print_table, progress, say
from memory.errors import InvalidInput

if TYPE_CHECKING:
    from memory.purge import Receipt
    from memory.store import Memory

memory = typer.Typer(no_args_is_help=True, help="See and change what is remembered.")
personality = typer.Typer(no_args_is_help=True, help="See and change the personality that it sees.")
user = typer.Typer(no_args_is_help=True, help="List, export, import and delete users, and what they agreed to.")


class Answer(StrEnum):
    """What a person says to something that is asked of them."""

    YES = "yes"
    NO = "no"


class KindName(StrEnum):
    """The kinds of memory that can be asked for."""

    CORE = "core"
    SEMANTIC = "semantic"
    EPISODIC = "episodic"
    PROCEDURAL = "procedural"
    PHOTO = "photo"


Kind = Annotated[KindName | None, typer.Option("--kind", help="One type of memory.")]
MemoryId = Annotated[str, typer.Argument(help="The memory's id, as `persona memory list` shows it.")]
Held = Annotated[list[str] | None, typer.Argument(help="Ids that `persona memory list --held` shows.")]
Every = Annotated[bool, typer.Option("--all", help="Everything that waits.")]
_KINDS = {"cor": "core", "sem": "semantic", "epi": "episodic", "pro": "procedural", "pho": "photo"}
"""What the first three letters of an id stand for."""


@memory.command("list")
def list_memories(
    user: User = "me",
    kind: Kind = None,
    held: Annotated[bool, typer.Option("--held", help="What waits for a yes or no, message by message.")] = False,
    as_json: AsJson = False,
) -> None:
    """List what is remembered, oldest first."""
    empty = f"Nothing is remembered of {user} yet."
    with _open() as store:
        if held:
            _list_held(store, user, as_json=as_json)
            return
        records = store.knowledge.entries(user, kind=kind.value if kind else None, held=True)
    if as_json:
        print_records(records, as_json=True, columns=(), empty="")
        return
    rows = []
    for record in records:
        fields = record.model_dump()
        text = next(str(fields[name]) for name in ("content", "summary", "text", "value", "caption") if name in fields)
        before = f"{fields['key']}: " if "key" in fields else ""
        after = f" ({fields['category']})" if fields.get("category") else ""
        rows.append(
            [record.id, _KINDS[record.id[:3]], f"{record.time:%Y-%m-%d %H:%M}", before + text + after, _standing(fields)]
        )
    if rows:
        print_table(("id", "kind", "time", "text", "standing"), rows)
    else:
        progress(empty)


@memory.command()
def search(
    text: Annotated[str, typer.Argument(help="What to look for.")],
    user: User = "me",
    kind: Kind = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=100)] = 10,
    as_json: AsJson = False,
) -> None:
    """Search what is remembered and what was said, best first."""
    with _open() as store:
        found = store.search(user, text, kind=kind.value if kind else None, limit=limit)
    print_records(found, as_json=as_json, columns=("id", "kind", "time", "text", "score"), empty="Nothing was found.")


@memory.command()
def show(memory_id: MemoryId, user: User = "me", as_json: AsJson = False) -> None:
    """Show one memory with all its fields."""
    with _open() as store:
        record = store.knowledge.get(user, memory_id)
    if as_json:
        print_json(record.model_dump(mode="json"))
    else:
        print_table(("field", "value"), [(name, str(value)) for name, value in record.model_dump(mode="json").items()])


@memory.command()
def edit(
    memory_id: MemoryId,
    text: Annotated[str, typer.Argument(help="What it should say.")],
    user: User = "me",
    as_json: AsJson = False,
) -> None:
    """Put a memory right; a later rewrite keeps what you wrote."""
    with _open() as store:
        record = store.edit(user, memory_id, text)
    _done(record.model_dump(mode="json"), f"{memory_id} now says: {text}", as_json=as_json)


@memory.command()
def outdated(memory_id: MemoryId, user: User = "me", as_json: AsJson = False) -> None:
    """Say that something was true until now: a fact is kept as what was, a line of profile or habits is dropped."""
    from memory import clock

    with _open() as store:
        record = store.outdate(user, memory_id, store.journal.last_time(user) or clock.now())
    done = record.model_dump(mode="json") if record else {"id": memory_id, "dropped": True}
    how = "at any time" if record else "within 10 minutes"
    _done(done, f"{memory_id} is no longer true. `persona memory undo` takes that back, {how}.", as_json=as_json)


@memory.command()
def forget(
    subject: Annotated[str, typer.Argument(help="The id of a memory, a message or a picture.")],
    user: User = "me",
    now: Annotated[bool, typer.Option("--now", help="For good at once; without it, undo works for 10 minutes.")] = False,
    personality_too: Annotated[
        bool, typer.Option("--personality", help="Take its messages out of the history of the personality, for good.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Forget a memory, a message or a picture with all that tells of it: found nowhere from now on."""
    from memory.purge import Receipt

    with _open() as store:
        found = store.forget(user, subject, now=now, personality_too=personality_too)
    done: dict[str, Any] = {"id": subject, "forgotten": True, "purged": now}
    if isinstance(found, Receipt):
        done["receipt"] = found.model_dump(mode="json")
        sentence = f"{subject} is forgotten for good ({_counted(found.removed)}). {_probed(found)}"
    else:
        done["reach"] = found.to_json()
        sentence = (
            f"{subject} is forgotten ({_counted(found.counts())}). Until it is purged in 10 minutes, `persona memory undo` "
        )
        sentence += "brings it back."
    if found.mentioned:
        sentence += f" These still speak of it: {', '.join(found.mentioned)}."
    _done(done, sentence, as_json=as_json)


@memory.command()
def approve(what: Held = None, every: Every = False, user: User = "me", as_json: AsJson = False) -> None:
    """Remember something sensitive that was held: from now on it is recalled like anything else."""
    with _open() as store:
        done = [store.approve(user, name) for name in _held(store, user, what, every=every)]
    _done({"approved": done}, f"Remembered from now on: {', '.join(done) or 'nothing waited'}.", as_json=as_json)


@memory.command()
def reject(
    what: Held = None,
    every: Every = False,
    user: User = "me",
    now: Annotated[bool, typer.Option("--now", help="For good at once; without it, undo works for 10 minutes.")] = False,
    as_json: AsJson = False,
) -> None:
    """Forget something sensitive that was held, with all that tells of it; undo works for 10 minutes."""
    with _open() as store:
        names = _held(store, user, what, every=every)
        for name in names:
            store.reject(user, name, now=now)
    after = "" if now else " `persona memory undo` works for 10 minutes, until it is purged."
    sentence = f"Forgotten{' for good' if now else ''}: {', '.join(names) or 'nothing waited'}.{after}"
    _done({"rejected": names}, sentence, as_json=as_json)


@memory.command()
def receipts(user: User = "me", as_json: AsJson = False) -> None:
    """Show what was forgotten for good, and that nothing of it was found afterwards."""
    from memory.purge import Receipt

    with _open() as store:
        kept = [Receipt.model_validate(one) for one in store.forgetting.receipts(user)]
    if as_json:
        print_json([one.model_dump(mode="json") for one in kept])
        return
    rows = [[one.subject, one.kind, f"{one.purged_at:%Y-%m-%d %H:%M}", _counted(one.removed), _probed(one)] for one in kept]
    if rows:
        print_table(("what", "kind", "purged (UTC)", "removed", "looked for afterwards"), rows)
    else:
        say(f"Nothing of {user} was forgotten for good.")


@memory.command()
def undo(subject: MemoryId, user: User = "me", as_json: AsJson = False) -> None:
    """Bring back what was forgotten, within 10 minutes; or let stand again what a newer fact replaced, at any time."""
    with _open() as store:
        record = store.undo(user, subject)
    done = record.model_dump(mode="json") if record else {"id": subject}
    _done(done, f"{subject} stands as it did before.", as_json=as_json)


@personality.command("show")
def show_personality(user: User = "me", as_json: AsJson = False) -> None:
    """Show the five scores, 1 to 5."""
    from memory.records import BigFive

    with _open() as store:
        point = store.curve.newest(user)
    if as_json:
        print_json(point.model_dump(mode="json") if point else None)
        return
    if point is None:
        progress(f"Nothing is known of the personality of {user} yet: every score is 3.0.")
    scores = point.scores if point else BigFive()
    pinned = point.pinned if point else ()
    rows = [(trait, f"{score:.2f}", "pinned" if trait in pinned else "") for trait, score in scores.items()]
    print_table(("trait", "score", ""), rows)


@personality.command()
def history(user: User = "me", as_json: AsJson = False) -> None:
    """Show how the scores came about, oldest first."""
    with _open() as store:
        points = store.curve.history(user)
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
    from memory import clock

    with _open() as store:
        point = store.curve.pin(user, trait, score, store.journal.last_time(user) or clock.now())
    held = f"stays at {score}" if score is not None else "moves again"
    _done(point.model_dump(mode="json"), f"{trait} {held}.", as_json=as_json)


@personality.command()
def reset(user: User = "me", as_json: AsJson = False) -> None:
    """Begin anew: 3.0 each, nothing pinned."""
    from memory import clock

    with _open() as store:
        point = store.curve.reset(user, store.journal.last_time(user) or clock.now())
    _done(point.model_dump(mode="json"), f"The personality of {user} begins anew.", as_json=as_json)


@user.command("list")
def list_users(as_json: AsJson = False) -> None:
    """List who there is."""
    with _open() as store:
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
        Answer | None,
        typer.Option("--sensitive", help="Whether sensitive things are remembered without asking, from now on."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say whether a model may be trained on someone's conversations, and whether sensitive things need a yes each."""
    with _open() as store:
        said = store.consent.say(name, training=training is Answer.YES) if training else store.consent.of(name)
        if sensitive:
            store.consent.keep_sensitive(name, unasked=sensitive is Answer.YES)
        asks = store.consent.asks(name)
    value = {"user": name, "training": bool(said and said.training), "since": said.since.isoformat() if said else None}
    value["sensitive"] = not asks
    if said is None:
        sentence = f"{name} was never asked: nothing is trained on their conversations."
    elif said.training:
        sentence = f"{name} agreed on {said.since:%Y-%m-%d %H:%M} (UTC) that a model is trained on their conversations."
    else:
        sentence = f"{name} does not agree, since {said.since:%Y-%m-%d %H:%M} (UTC): nothing is trained on their conversations."
    sentence += (
        " Before something sensitive is remembered, they are asked."
        if asks
        else " Sensitive things are remembered without asking."
    )
    _done(value, sentence, as_json=as_json)


@user.command("export")
def export_user(
    name: Annotated[str, typer.Argument(help="Whose.")],
    file: Annotated[Path, typer.Argument(help="A new file, for example ada.zip.")],
    as_json: AsJson = False,
) -> None:
    """Write everything of a user into one file: what was said, what is remembered, the personality, the pictures."""
    with _open() as store:
        counts = store.export_user(name, file)
    value = {"user": name, "file": str(file), "exported": counts}
    _done(value, f"{file} holds everything of {name} ({_counted(counts)}). It is not encrypted: keep it safe.", as_json=as_json)


@user.command("import")
def import_user(
    file: Annotated[Path, typer.Argument(help="What `persona user export` wrote.")], as_json: AsJson = False
) -> None:
    """Take in an archive, whole or not at all; its user must not be here yet."""
    with _open() as store:
        name, counts = store.import_user(file)
    _done({"user": name, "imported": counts}, f"{name} is here again ({_counted(counts)}).", as_json=as_json)


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
    with _open() as store:
        receipt = store.delete_user(name)
        found = store.left_of(name)
    counts = ", ".join(f"{count} {what}" for what, count in receipt.items())
    after = "Nothing was found afterwards, in any store." if not any(found.values()) else f"Still there: {_counted(found)}."
    _done({"user": name, "deleted": receipt, "found": found}, f"{name} is deleted: {counts}. {after}", as_json=as_json)


def _list_held(store: Memory, user: str, *, as_json: bool) -> None:
    waiting = store.held.waiting(user)
    if as_json:
        print_json([one.model_dump(mode="json") for one in waiting])
    elif waiting:
        rows = [(one.turn_id, one.topic, f"{one.time:%Y-%m-%d %H:%M}", one.text, "; ".join(one.facts)) for one in waiting]
        print_table(("id", "about", "time", "message", "taken from it"), rows)
    else:
        progress("Nothing waits for a yes or no.")


def _held(store: Memory, user: str, names: list[str] | None, *, every: bool) -> list[str]:
    """Return the messages that are meant, each once; one that does not wait stops all of it."""
    if every == bool(names):
        raise InvalidInput("Name what is meant, by id, or say --all. `persona memory list --held` shows what waits.")
    if every:
        return [one.turn_id for one in store.held.waiting(user)]
    return list(dict.fromkeys(store.held.turn_of(user, name) for name in names or ()))


def _counted(removed: dict[str, int]) -> str:
    return ", ".join(f"{what}: {count}" for what, count in removed.items() if count) or "nothing else"


def _probed(receipt: Receipt) -> str:
    if receipt.is_clean:
        return "Nothing of it was found afterwards, in any store or file."
    left = _counted(receipt.found)
    return f"Something of it is still there: {left}. Close other programs that use the folder, then `persona reindex`."


def _standing(fields: dict[str, Any]) -> str:
    """Say what newer facts did to this one, or that it waits for a word."""
    if fields.get("held"):
        return f"held ({fields['held']}): approve or reject"
    if fields.get("superseded_by"):
        newer = fields["superseded_by"]
        after = ", as you said" if newer == fields["id"] else f", then {newer}"
        return f"until {fields['valid_until']:%Y-%m-%d}{after}"
    if fields.get("same_as"):
        return f"says again {fields['same_as']}"
    return f"said {fields['strength']} times" if fields.get("strength", 1) > 1 else ""


def _open() -> Memory:
    from app.build import build_memory
    from app.settings import Settings

    memory = build_memory(Settings())
    try:
        # Whoever comes by sees to it: nothing else may run for months.
        memory.purge_due()
    except BaseException:
        memory.close()
        raise
    return memory


def _done(value: object, sentence: str, *, as_json: bool) -> None:
    if as_json:
        print_json(value)
    else:
        say(sentence)
