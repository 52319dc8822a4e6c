"""`persona memory …`: seeing and changing what is remembered."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.console import AsJson, User, counted, print_json, print_records, print_table, progress, report, say
from app.opened import open_memory, open_memory_of
from memory.core.errors import InvalidInput

if TYPE_CHECKING:
    from memory.forgetting.purge import Receipt
    from memory.memory import Memory
    from memory.storage.memory_rows import MemoryRecord

memory = typer.Typer(no_args_is_help=True, help="See and change what is remembered.")


class KindName(StrEnum):
    """The kinds of memory that can be asked for."""

    CORE = "core"
    SEMANTIC = "semantic"
    EPISODIC = "episodic"
    PROCEDURAL = "procedural"
    PHOTO = "photo"


Kind = Annotated[KindName | None, typer.Option("--kind", help="One type of memory.")]
MemoryId = Annotated[str, typer.Argument(help="The memory's id, as `persona memory list` shows it.")]
Approvals = Annotated[list[str] | None, typer.Argument(help="Ids that `persona memory list --held` shows.")]
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
    with open_memory_of(user) as store:
        if held:
            _list_held(store, user, as_json=as_json)
        else:
            _list(store.memories.entries(user, kind=kind.value if kind else None, held=True), user, as_json=as_json)


@memory.command()
def search(
    text: Annotated[str, typer.Argument(help="What to look for.")],
    user: User = "me",
    kind: Kind = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=100)] = 10,
    as_json: AsJson = False,
) -> None:
    """Search what is remembered and what was said, best first."""
    with open_memory_of(user) as store:
        found = store.search(user, text, kind=kind.value if kind else None, limit=limit)
        print_records(found, as_json=as_json, columns=("id", "kind", "time", "text", "score"), empty="Nothing was found.")


@memory.command()
def show(memory_id: MemoryId, user: User = "me", as_json: AsJson = False) -> None:
    """Show one memory with all its fields."""
    with open_memory() as store:
        record = store.memories.get(user, memory_id)
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
    with open_memory() as store:
        record = store.edit(user, memory_id, text)
    report(record.model_dump(mode="json"), f"{memory_id} now says: {text}", as_json=as_json)


@memory.command()
def outdated(memory_id: MemoryId, user: User = "me", as_json: AsJson = False) -> None:
    """Say that something was true until now: a fact is kept as what was, a line of profile or habits is dropped."""
    from memory.core import clock

    with open_memory() as store:
        record = store.outdate(user, memory_id, store.journal.last_time(user) or clock.now())
    done = record.model_dump(mode="json") if record else {"id": memory_id, "dropped": True}
    how = "at any time" if record else "within 10 minutes"
    report(done, f"{memory_id} is no longer true. `persona memory undo` takes that back, {how}.", as_json=as_json)


@memory.command()
def forget(
    subjects: Annotated[list[str], typer.Argument(help="The id of a memory, a message or a picture; several go together.")],
    user: User = "me",
    now: Annotated[bool, typer.Option("--now", help="For good at once; without it, undo works for 10 minutes.")] = False,
    personality_too: Annotated[
        bool, typer.Option("--personality", help="Also undo does not bring back what its messages did to the personality.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Forget a memory, a message or a picture with all that tells of it: found nowhere from now on."""
    from memory.forgetting.cascade import Together
    from memory.forgetting.purge import Receipt

    subject = subjects[0]
    together = Together(subjects[1:]) if subjects[1:] else None
    with open_memory() as store:
        found = store.forget(user, subject, now=now, personality_too=personality_too, together=together)
    done: dict[str, Any] = {"id": subject, "forgotten": True, "purged": now}
    if isinstance(found, Receipt):
        done["receipt"] = found.model_dump(mode="json")
        sentence = f"{subject} is forgotten for good ({counted(found.removed)}). {_probed(found)}"
    else:
        done["reach"] = found.to_json()
        sentence = (
            f"{subject} is forgotten ({counted(found.counts())}). Until it is purged in 10 minutes, `persona memory undo` "
        )
        sentence += "brings it back."
    if found.mentioned:
        sentence += f" These still speak of it: {', '.join(found.mentioned)}."
    report(done, sentence, as_json=as_json)


@memory.command()
def approve(what: Approvals = None, every: Every = False, user: User = "me", as_json: AsJson = False) -> None:
    """Remember something sensitive that was held: from now on it is recalled like anything else."""
    with open_memory() as store:
        done = [store.approve(user, name) for name in _held(store, user, what, every=every)]
    report({"approved": done}, f"Remembered from now on: {', '.join(done) or 'nothing waited'}.", as_json=as_json)


@memory.command()
def reject(
    what: Approvals = None,
    every: Every = False,
    user: User = "me",
    now: Annotated[bool, typer.Option("--now", help="For good at once; without it, undo works for 10 minutes.")] = False,
    as_json: AsJson = False,
) -> None:
    """Forget something sensitive that was held, with all that tells of it; undo works for 10 minutes."""
    with open_memory() as store:
        names = _held(store, user, what, every=every)
        for name in names:
            store.reject(user, name, now=now)
    after = "" if now else " `persona memory undo` works for 10 minutes, until it is purged."
    sentence = f"Forgotten{' for good' if now else ''}: {', '.join(names) or 'nothing waited'}.{after}"
    report({"rejected": names}, sentence, as_json=as_json)


@memory.command()
def upcoming(
    user: User = "me",
    days: Annotated[int, typer.Option("--days", min=0, max=3_660, help="How far ahead.")] = 7,
    as_json: AsJson = False,
) -> None:
    """List what is coming up: days that you told of, the nearest first."""
    from memory.core import clock
    from memory.upcoming.agenda import away, when

    with open_memory_of(user) as store:
        found = store.dates.upcoming(user, clock.now(), days)
    if as_json:
        print_json([one.model_dump(mode="json") for one in found])
    elif found:
        print_table(("when", "away", "what was said", "id"), [(when(one), away(one), one.text, one.id) for one in found])
    else:
        within = {0: "today", 1: "in the next day"}.get(days, f"in the next {days} days")
        progress(f"Nothing is coming up {within}, as far as {user} has told.")


@memory.command()
def receipts(user: User = "me", as_json: AsJson = False) -> None:
    """Show what was forgotten for good, and that nothing of it was found afterwards."""
    from memory.forgetting.purge import Receipt

    with open_memory() as store:
        kept = [Receipt.model_validate(one) for one in store.forgetting.receipts(user)]
    if as_json:
        print_json([one.model_dump(mode="json") for one in kept])
        return
    rows = [[one.subject, one.kind, f"{one.purged_at:%Y-%m-%d %H:%M}", counted(one.removed), _probed(one)] for one in kept]
    if rows:
        print_table(("what", "kind", "purged (UTC)", "removed", "looked for afterwards"), rows)
    else:
        say(f"Nothing of {user} was forgotten for good.")


@memory.command()
def undo(subject: MemoryId, user: User = "me", as_json: AsJson = False) -> None:
    """Bring back what was forgotten, within 10 minutes; or let stand again what a newer fact replaced, at any time."""
    with open_memory() as store:
        record = store.undo(user, subject)
    done = record.model_dump(mode="json") if record else {"id": subject}
    report(done, f"{subject} stands as it did before.", as_json=as_json)


def _list(records: Sequence[MemoryRecord], user: str, *, as_json: bool) -> None:
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
        progress(f"Nothing is remembered of {user} yet.")


def _list_held(store: Memory, user: str, *, as_json: bool) -> None:
    waiting = store.approvals.waiting(user)
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
        return [one.turn_id for one in store.approvals.waiting(user)]
    return list(dict.fromkeys(store.approvals.turn_of(user, name) for name in names or ()))


def _probed(receipt: Receipt) -> str:
    if receipt.is_clean:
        return "Nothing of it was found afterwards, in any store or file."
    left = counted(receipt.found)
    return f"Something of it is still there: {left}. Close other programs that use the folder, then `persona reindex`."


def _standing(fields: dict[str, Any]) -> str:
    """Say how a memory is by now: pending approval, or changed since, and whether it is marked as sensitive."""
    if fields.get("held"):
        return f"held ({fields['held']}): approve or reject"
    marked = f"sensitive ({fields['sensitive']})" if fields.get("sensitive") else ""
    return ", ".join(filter(None, (_changed(fields), marked)))


def _changed(fields: dict[str, Any]) -> str:
    """Say what newer facts and corrections did to a memory."""
    if fields.get("corrected"):
        return " ".join(fields["corrected"])
    if fields.get("superseded_by"):
        newer = fields["superseded_by"]
        after = ", as you said" if newer == fields["id"] else f", then {newer}"
        return f"until {fields['valid_until']:%Y-%m-%d}{after}"
    if fields.get("same_as"):
        return f"says again {fields['same_as']}"
    return f"said {fields['strength']} times" if fields.get("strength", 1) > 1 else ""
