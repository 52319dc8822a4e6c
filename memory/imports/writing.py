"""Writes a batch of imported turns into the journal (SQL, in the caller's transaction)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, insert, update

from memory.consent.consent_rule import Marker
from memory.consent.sensitive import Topic
from memory.core import clock
from memory.core.records import TurnState, make_id
from memory.imports.lines import ReadingDepth
from memory.imports.staging import StagedLine
from memory.index.imported import FROM_IMPORT
from memory.personality.writing_wishes import wishes_in
from memory.storage import session_rows, turn_order, user_rows
from memory.storage.schema import sessions, turns, work
from memory.storage.work_queue import BEHIND, RANKS

_MAX_SESSIONS = 100_000_000


@dataclass(frozen=True)
class Progress:
    """How far an import is written.

    Attributes:
        lines: Number of lines written.
        session: The number of the last session in the import; -1 before the first.
        number: Its number in the journal.
        turns: Number of turns that the lines became.
        bad_pictures: Number of pictures that cannot be read.
        pictures_alone: Number of messages that such pictures are all of.
    """

    lines: int = 0
    session: int = -1
    number: int = 0
    turns: int = 0
    bad_pictures: int = 0
    pictures_alone: int = 0


@dataclass(frozen=True)
class Target:
    """Where a batch goes.

    Attributes:
        user_id: The user.
        import_id: The import.
        depth: How much of it the model reads.
        marker: As in `memory.stores.arrivals`.
    """

    user_id: str
    import_id: str
    depth: ReadingDepth
    marker: Marker | None


def write(
    connection: Connection,
    to: Target,
    lines: Sequence[StagedLine],
    images: Sequence[Sequence[str]],
    topics: Sequence[Topic | None],
    begun: Progress,
) -> Progress:
    """Write a batch in ended sessions of its own, and queue what the model is to read.

    Args:
        connection: The connection of a transaction that writes.
        to: Where it goes.
        lines: The lines, session by session.
        images: The ids of the stored pictures of each line.
        topics: The sensitive topic of each line. They are judged before: no message can be written during this transaction.
        begun: What was written before.

    Returns:
        What is written now.
    """
    user_rows.ensure(connection, to.user_id)
    seq = turn_order.next_seq(connection, to.user_id)
    said: list[dict[str, Any]] = []
    to_do: list[dict[str, Any]] = []
    begins: list[dict[str, Any]] = []
    session, number = begun.session, begun.number
    following = session_rows.next_number(connection, to.user_id)
    for line, shown, topic in zip(lines, images, topics, strict=True):
        if says_nothing(line, shown):
            continue
        if line.session != session:
            session, number = line.session, following + len(begins)
            begins.append({"user_id": to.user_id, "number": number, "ended": True, "summed_up": False, "begun": line.time})
            if to.depth == "sessions":
                # Newest first: the person asks about what is near.
                to_do.append(_work(to.user_id, to.import_id, "consolidate", str(number), _MAX_SESSIONS - number))
            elif to.depth == "all":
                to_do.append(_work(to.user_id, to.import_id, "consolidate", str(number), seq))
        said.append(_row(connection, to, seq, number, line, shown, topic))
        if to.depth == "all":
            to_do.append(_work(to.user_id, to.import_id, "remember", said[-1]["id"], seq))
        seq += 1
    for table, rows in ((sessions, begins), (turns, said), (work, to_do)):
        if rows:
            connection.execute(insert(table), rows)
    if to.depth == "all":
        # A conversation is summarised after its last message, which may be in a later batch.
        last = (work.c.user_id == to.user_id) & (work.c.kind == "consolidate") & (work.c.subject == str(number))
        connection.execute(update(work).where(last).values(seq=BEHIND + seq - 1))
    return replace(begun, lines=begun.lines + len(lines), session=session, number=number, turns=begun.turns + len(said))


def says_nothing(line: StagedLine, images: Sequence[str]) -> bool:
    """Return whether a line has no words, and no picture that can be read."""
    return not images and not line.has_words


def queue_sets(connection: Connection, user_id: str, import_id: str) -> None:
    """Queue the profile and the habits of an import, behind all of its conversations."""
    connection.execute(insert(work), _work(user_id, import_id, "consolidate", import_id, _MAX_SESSIONS))


def _row(
    connection: Connection, to: Target, seq: int, session: int, line: StagedLine, images: Sequence[str], topic: Topic | None
) -> dict[str, Any]:
    pending_for = to.marker.pending(connection, to.user_id, topic) if to.marker else None
    return {
        "id": make_id(to.user_id, "turn", seq), "user_id": to.user_id, "seq": seq, "session": session, "at": line.time,
        "zone": clock.zone_name(line.time), "text": line.text, "images": list(images), "reply": line.reply,
        "state": TurnState.ANSWERED, "pending": to.depth == "all", "error": None, "real_time": False,
        "received_at": clock.instant(), "trace": None, "revision": 1, "indexed_revision": FROM_IMPORT, "approved": False,
        "held": pending_for, "sensitive": topic, "import_id": to.import_id, "speaker": line.speaker,
        "by_other": line.by_other, "wishes": not line.by_other and bool(wishes_in(line.text)),
    }  # fmt: skip


def _work(user_id: str, import_id: str, kind: str, subject: str, seq: int) -> dict[str, Any]:
    return {
        "user_id": user_id, "import_id": import_id, "kind": kind, "subject": subject, "seq": BEHIND + seq,
        "rank": RANKS[kind], "attempts": 0,
    }  # fmt: skip
