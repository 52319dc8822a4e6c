"""The tools that change the memory: remember, forget, undo."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Literal

from app.api.mcp import recalling, times
from app.api.mcp.results import Forgotten, Remembered, Restored
from memory.consent.sensitive import NAMED
from memory.core import clock
from memory.core.errors import InvalidInput, NotFound, NothingToUndo
from memory.core.validation import check_text
from memory.forgetting.cascade import Cascade
from memory.forgetting.counts import counts_in_words
from memory.storage.tombstones import UNDO_WINDOW

if TYPE_CHECKING:
    from app.service import PersonaService
    from memory.core.records import Turn
    from memory.memory import Memory

Answer = Literal["yes", "no", "none"]
"""What the person said to the form: yes, no, or nothing."""
REPLY = "Noted."
"""The reply of a message that came without a conversation. A reply is never empty: the page reads that as a forgotten one."""


def remember(service: PersonaService, user_id: str, text: str, time: str | None, answer: Answer) -> Remembered:
    """Journal a text as the person's own message, and let the background work remember it like any other.

    Without a time it takes the path of a live message, `Memory.receive` and `Journal.finish`: it is said now, after everything
    that was said before, and an hour later its conversation ends and is summarised. With a time it takes the path of imported
    history, `Memory.ingest_turn`: it may be older than everything there, keeps its own place, and is not stored twice.
    `PersonaService.stream` is not it: nobody waits for a reply, so no model need be asked before the text is safe.

    Args:
        service: The service.
        user_id: The person.
        text: What they told.
        time: When, in their zone; None: now.
        answer: Their answer to the form, if the text is sensitive and they were asked.

    Raises:
        InvalidInput: The text or the time is not valid, or the person keeps nothing sensitive and the text is.
    """
    memory, zone = service.memory, times.zone_of(service.memory, user_id)
    check_text(text)
    stamp = times.said_at(time, zone)
    if (topic := memory.consent.unkept(user_id, text)) is not None:
        raise InvalidInput(
            f"That was about {NAMED[topic]}. It was not saved, because this person keeps nothing sensitive. "
            f"`persona user consent {user_id} --sensitive off` changes that."
        )
    if answer == "no":
        return Remembered(said="It was not saved, because the person said no.", id=None, state="not_saved")
    turn = _journaled(memory, user_id, text, stamp, zone)
    if turn is None:
        return Remembered(
            said="This was told before with the same time, or was forgotten since.", id=None, state="known_before"
        )
    service.journaled(user_id)
    if turn.held is None:
        about = f" It is marked as sensitive: about {NAMED[turn.sensitive]}." if turn.sensitive else ""
        return Remembered(said=f"Remembered, as said on {times.stated(turn.time)}.{about}", id=turn.id, state="remembered")
    if answer == "yes":
        memory.approvals.approve(user_id, turn.id)
        said = f"Remembered with the person's approval, as said on {times.stated(turn.time)}."
        return Remembered(said=said, id=turn.id, state="remembered")
    said = (
        f"That was about {NAMED[turn.held]}. It is remembered only after the person approves it, on the Memory page or by "
        f"`persona memory approve {turn.id} --user {user_id}`; `reject` forgets it."
    )
    return Remembered(said=said, id=turn.id, state="pending_approval")


def _journaled(memory: Memory, user_id: str, text: str, stamp: datetime | None, zone: str | None) -> Turn | None:
    if stamp is not None:
        return memory.ingest_turn(user_id, stamp, text, REPLY)
    turn = memory.receive(user_id, text, zone=zone)
    return memory.journal.finish(turn.id, REPLY)


def forget(service: PersonaService, user_id: str, subject: str) -> Forgotten:
    """Forget a memory, a message or a picture, with its cascade.

    Raises:
        NotFound: The person has nothing with that id.
    """
    memory = service.memory
    try:
        text = recalling.by_id(memory, user_id, subject).text
    except NotFound:
        # A picture, or something pending approval: both can be forgotten, and neither has a text to show.
        text = ""
    try:
        found = memory.forget(user_id, subject)
    except NotFound:
        if (before := _forgotten_before(memory, user_id, subject)) is None:
            raise
        return before
    assert isinstance(found, Cascade)
    until = clock.later(clock.now(times.zone_of(memory, user_id)), UNDO_WINDOW)
    said = f"{subject} is forgotten ({counts_in_words(found.counts())}). `undo` restores it within 10 minutes."
    if found.mentioned:
        said += f" These still mention it: {', '.join(found.mentioned)}."
    return Forgotten(
        said=said, id=subject, text=text, counts=found.counts(), mentioned=list(found.mentioned), undo_until=times.stated(until)
    )


def _forgotten_before(memory: Memory, user_id: str, subject: str) -> Forgotten | None:
    """Return what an earlier call forgot and `undo` can still restore: a client may repeat a call whose answer it lost."""
    one = next((one for one in memory.browse.undoable(user_id) if one.subject == subject), None)
    if one is None:
        return None
    until = times.stated(one.until.astimezone(clock.zone_of(times.zone_of(memory, user_id))))
    said = f"{subject} is forgotten already ({counts_in_words(one.counts)}). `undo` restores it until {until}."
    return Forgotten(said=said, id=subject, text="", counts=one.counts, mentioned=[], undo_until=until)


def undo(service: PersonaService, user_id: str, subject: str) -> Restored:
    """Restore what was forgotten, or a fact that a newer one replaced. What is there as it was is no error: see `forget`.

    Raises:
        NotFound: It was purged, or never existed.
    """
    said = f"{subject} is restored."
    try:
        service.memory.undo(user_id, subject)
    except NothingToUndo as error:
        said = error.message
    try:
        entry = recalling.by_id(service.memory, user_id, subject)
    except NotFound:
        entry = None
    return Restored(said=said, id=subject, memory=entry)
