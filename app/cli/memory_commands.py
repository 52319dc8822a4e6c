"""`persona memory …`: show and change memories."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.console import AsJson, User, counted, print_json, print_records, print_table, progress, report, say
from app.opened import open_memory, open_memory_of
from memory.core.errors import InvalidInput

if TYPE_CHECKING:
    from memory.forgetting.purge import ForgetReceipt
    from memory.memory import Memory
    from memory.storage.memory_rows import MemoryRecord

memory = typer.Typer(no_args_is_help=True, help="Show and change memories.")


class KindName(StrEnum):
    """The memory types that a command can select."""

    CORE = "core"
    SEMANTIC = "semantic"
    EPISODIC = "episodic"
    PROCEDURAL = "procedural"
    PHOTO = "photo"


Kind = Annotated[KindName | None, typer.Option("--kind", help="Only this type of memory.")]
MemoryId = Annotated[str, typer.Argument(help="The id of the memory, from `persona memory list`.")]
Approvals = Annotated[list[str] | None, typer.Argument(help="Ids from `persona memory list --held`.")]
Every = Annotated[bool, typer.Option("--all", help="All pending approvals.")]
_KINDS = {"cor": "core", "sem": "semantic", "epi": "episodic", "pro": "procedural", "pho": "photo"}
"""The memory type for the first three letters of an id."""


@memory.command("list")
def list_memories(
    user: User = "me",
    kind: Kind = None,
    pending: Annotated[bool, typer.Option("--held", help="List the messages that need approval.")] = False,
    as_json: AsJson = False,
) -> None:
    """List memories, oldest first."""
    with open_memory_of(user) as store:
        if pending:
            _list_pending(store, user, as_json=as_json)
        else:
            _list(store.memories.entries(user, kind=kind.value if kind else None, include_pending=True), user, as_json=as_json)


@memory.command()
def search(
    text: Annotated[str, typer.Argument(help="The search text.")],
    user: User = "me",
    kind: Kind = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=100)] = 10,
    as_json: AsJson = False,
) -> None:
    """Search memories and messages, best match first."""
    with open_memory_of(user) as store:
        found = store.search(user, text, kind=kind.value if kind else None, limit=limit)
        print_records(found, as_json=as_json, columns=("id", "kind", "time", "text", "score"), empty="Nothing found.")


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
    text: Annotated[str, typer.Argument(help="The corrected text.")],
    user: User = "me",
    as_json: AsJson = False,
) -> None:
    """Correct a memory. The program never overwrites your text."""
    with open_memory() as store:
        record = store.edit(user, memory_id, text)
    report(record.model_dump(mode="json"), f"{memory_id} now says: {text}", as_json=as_json)


@memory.command()
def outdated(memory_id: MemoryId, user: User = "me", as_json: AsJson = False) -> None:
    """Mark a memory as no longer true: a fact is kept as history, a profile line or a habit is removed."""
    from memory.core import clock

    with open_memory() as store:
        record = store.outdate(user, memory_id, store.journal.last_time(user) or clock.now())
    done = record.model_dump(mode="json") if record else {"id": memory_id, "dropped": True}
    how = "at any time" if record else "within 10 minutes"
    report(done, f"{memory_id} is no longer true. `persona memory undo` reverts this {how}.", as_json=as_json)


@memory.command()
def forget(
    subjects: Annotated[
        list[str], typer.Argument(help="Ids of memories, messages or pictures. Several are forgotten together.")
    ],
    user: User = "me",
    now: Annotated[
        bool, typer.Option("--now", help="Delete at once and for good. Without this option, you can undo for 10 minutes.")
    ] = False,
    personality_too: Annotated[
        bool,
        typer.Option(
            "--personality",
            help="Also remove the effect that these messages had on the personality scores. Undo does not bring this back.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Forget a memory, a message or a picture, with the memories and replies that are based on it."""
    from memory.forgetting.cascade import Together
    from memory.forgetting.counts import counts_in_words
    from memory.forgetting.purge import ForgetReceipt

    subject = subjects[0]
    together = Together(subjects[1:]) if subjects[1:] else None
    with open_memory() as store:
        found = store.forget(user, subject, now=now, personality_too=personality_too, together=together)
    done: dict[str, Any] = {"id": subject, "forgotten": True, "purged": now}
    if isinstance(found, ForgetReceipt):
        done["receipt"] = found.model_dump(mode="json")
        sentence = f"{subject} is deleted for good ({counts_in_words(found.removed) or 'nothing'}). {_verified(found)}"
    else:
        done["reach"] = found.to_json()
        sentence = (
            f"{subject} is forgotten ({counts_in_words(found.counts())}). `persona memory undo` restores it within 10 minutes."
        )
    if found.mentioned:
        sentence += f" These still mention it: {', '.join(found.mentioned)}."
    report(done, sentence, as_json=as_json)


@memory.command()
def approve(what: Approvals = None, every: Every = False, user: User = "me", as_json: AsJson = False) -> None:
    """Approve sensitive messages, so that they are remembered like any other."""
    with open_memory() as store:
        done = [store.approvals.approve(user, name) for name in _pending_turns(store, user, what, every=every)]
    report({"approved": done}, f"Approved: {', '.join(done) or 'nothing was pending'}.", as_json=as_json)


@memory.command()
def reject(
    what: Approvals = None,
    every: Every = False,
    user: User = "me",
    now: Annotated[
        bool, typer.Option("--now", help="Delete at once and for good. Without this option, you can undo for 10 minutes.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Reject sensitive messages: forget them, with what is based on them. You can undo this for 10 minutes."""
    with open_memory() as store:
        names = _pending_turns(store, user, what, every=every)
        for name in names:
            store.reject(user, name, now=now)
    after = "" if now else " `persona memory undo` restores it within 10 minutes."
    sentence = f"{'Deleted for good' if now else 'Forgotten'}: {', '.join(names) or 'nothing was pending'}.{after}"
    report({"rejected": names}, sentence, as_json=as_json)


@memory.command()
def upcoming(
    user: User = "me",
    days: Annotated[int, typer.Option("--days", min=0, max=3_660, help="Number of days ahead.")] = 7,
    as_json: AsJson = False,
) -> None:
    """List upcoming events that you mentioned, nearest first."""
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
        progress(f"{user} mentioned no event {within}.")


@memory.command()
def receipts(user: User = "me", as_json: AsJson = False) -> None:
    """Show the receipts for deleted memories, with the result of the check after each deletion."""
    from memory.forgetting.counts import counts_in_words

    with open_memory() as store:
        kept = store.receipts(user)
    if as_json:
        print_json([one.model_dump(mode="json") for one in kept])
        return
    rows = [
        [one.subject, one.kind, f"{one.purged_at:%Y-%m-%d %H:%M}", counts_in_words(one.removed) or "nothing", _verified(one)]
        for one in kept
    ]
    if rows:
        print_table(("what", "kind", "purged (UTC)", "removed", "check afterwards"), rows)
    else:
        say(f"{user} has no receipts: nothing was deleted for good.")


@memory.command()
def undo(subject: MemoryId, user: User = "me", as_json: AsJson = False) -> None:
    """Restore a forgotten memory (within 10 minutes), or a fact that was replaced by a newer one (at any time)."""
    with open_memory() as store:
        record = store.undo(user, subject)
    done = record.model_dump(mode="json") if record else {"id": subject}
    report(done, f"{subject} is restored.", as_json=as_json)


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
        rows.append([record.id, _KINDS[record.id[:3]], f"{record.time:%Y-%m-%d %H:%M}", before + text + after, _state(fields)])
    if rows:
        print_table(("id", "kind", "time", "text", "state"), rows)
    else:
        progress(f"Nothing is remembered about {user} yet.")


def _list_pending(store: Memory, user: str, *, as_json: bool) -> None:
    waiting = store.approvals.waiting(user)
    if as_json:
        print_json([one.model_dump(mode="json") for one in waiting])
    elif waiting:
        rows = [(one.turn_id, one.topic, f"{one.time:%Y-%m-%d %H:%M}", one.text, "; ".join(one.facts)) for one in waiting]
        print_table(("id", "about", "time", "message", "taken from it"), rows)
    else:
        progress("Nothing needs approval.")


def _pending_turns(store: Memory, user: str, names: list[str] | None, *, every: bool) -> list[str]:
    """Return the chosen messages, each once; an id without a pending approval is an error."""
    if every == bool(names):
        raise InvalidInput("Give ids or --all. `persona memory list --held` shows what needs approval.")
    if every:
        return [one.turn_id for one in store.approvals.waiting(user)]
    return list(dict.fromkeys(store.approvals.turn_of(user, name) for name in names or ()))


def _verified(receipt: ForgetReceipt) -> str:
    from memory.forgetting.counts import hosts_in_words

    if any(receipt.found.values()):
        left = counted(receipt.found)
        return f"Something is left: {left}. Close other programs that use the folder, then run `persona reindex`."
    return f"A check found nothing left in any store or file. {hosts_in_words(receipt.hosts)}".rstrip()


def _state(fields: dict[str, Any]) -> str:
    """Return the state of a memory: pending approval, changed, or marked as sensitive."""
    if fields.get("held"):
        return f"needs approval ({fields['held']})"
    marked = f"sensitive ({fields['sensitive']})" if fields.get("sensitive") else ""
    return ", ".join(filter(None, (_changed(fields), marked)))


def _changed(fields: dict[str, Any]) -> str:
    """Return how newer facts and corrections changed a memory."""
    if fields.get("corrected"):
        return " ".join(fields["corrected"])
    if fields.get("superseded_by"):
        newer = fields["superseded_by"]
        after = ", marked by you" if newer == fields["id"] else f", then {newer}"
        return f"until {fields['valid_until']:%Y-%m-%d}{after}"
    if fields.get("same_as"):
        return f"repeats {fields['same_as']}"
    return f"said {fields['strength']} times" if fields.get("strength", 1) > 1 else ""
