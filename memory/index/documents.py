"""Turning rows of the journal into index entries: the texts to embed, and the words to search."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from sqlalchemy import Connection, Row, func, select

from memory.core.clock import zone_of
from memory.core.passages import Passage, divide, entry_id, indexed, is_long, passages, said_in
from memory.core.records import SPOKEN, TurnState
from memory.core.sentences import sentences
from memory.core.temporal import named_window
from memory.index.entries import Entry
from memory.index.turn_traits import Traits, split_speaker, subject_of_wish, traits_of
from memory.storage.schema import turns

NOW, PAST = "semantic", "past"
"""Collections of facts: valid ones, and superseded ones."""
_EMBEDDED_CHARACTERS = 2_000
"""Characters of a message, and of a reply, that are passed to the embedder, which truncates them further."""
_DATED_KINDS = ("semantic", "episodic")
"""Types of memory whose event may have another time than the message."""


@dataclass(frozen=True)
class Indexed:
    """An entry without its embeddings, and the texts to embed.

    Attributes:
        entry: The entry.
        texts: (facet, text) pairs; the first is the entry's content.
    """

    entry: Entry
    texts: tuple[tuple[str, str], ...]


def names_of(record_id: str, facets: tuple[str, ...]) -> Iterator[str]:
    """Yield the ids of a record's documents: `RECORD/FACET-NUMBER` for a turn, which may repeat facets, else `RECORD/FACET`."""
    of_turn = "turn" in facets
    for number, facet in enumerate(facets):
        yield f"{record_id}/{facet}-{number}" if of_turn else f"{record_id}/{facet}"


def kind_of(row: Row[Any]) -> str:
    """Return the collection of a memory; superseded facts have one of their own."""
    return PAST if row.kind == NOW and row.superseded_by is not None else str(row.kind)


def is_shown(row: Row[Any]) -> bool:
    """Return whether a memory is neither forgotten nor pending approval."""
    return row.hidden_at is None and row.held is None


@dataclass(frozen=True)
class Place:
    """A turn's position in its session, by time.

    Attributes:
        number: Number of turns before it.
        before: Text and reply of the previous turn; None if that is not answered, or pending approval.
    """

    number: int
    before: Row[Any] | None


def places(connection: Connection, rows: Sequence[Row[Any]]) -> dict[str, Place]:
    """Return the positions of one user's turns in their sessions, by turn id."""
    if not rows:
        return {}
    other = turns.alias()
    # The plain comparison of times lets the database use its index; the second one is exact.
    earlier = (
        (other.c.user_id == turns.c.user_id)
        & (other.c.session == turns.c.session)
        & (other.c.at <= turns.c.at)
        & ((other.c.at < turns.c.at) | (other.c.seq < turns.c.seq))
    )
    # A regenerated turn has two rows, but was said once.
    nearest = select(other.c.id).where(earlier, other.c.state != TurnState.REPLACED)
    nearest = nearest.order_by(other.c.at.desc(), other.c.seq.desc()).limit(1).correlate(turns)
    # Counted in the database index alone, since a session may have thousands of turns.
    number = select(func.count()).select_from(other).where(earlier).correlate(turns)
    query = select(turns.c.id, nearest.scalar_subquery().label("before"), number.scalar_subquery().label("number"))
    found = connection.execute(query.where(turns.c.id.in_([row.id for row in rows]))).all()
    spoken = select(turns.c.id, turns.c.text, turns.c.reply).where(turns.c.state.in_(SPOKEN), turns.c.held.is_(None))
    said: dict[str, Any] = {
        row.id: row for row in connection.execute(spoken.where(turns.c.id.in_({row.before for row in found} - {None})))
    }
    return {row.id: Place(row.number, said.get(row.before)) for row in found}


def in_sequence(connection: Connection, rows: Sequence[Row[Any]]) -> dict[str, Place]:
    """Return the same as `places` for rows in the order of their sessions, which hold no other turns between them."""
    first = {row.session: row for row in reversed(rows)}
    found = places(connection, list(first.values()))
    for before, row in pairwise(rows):
        if row.session == before.session:
            heard = before if before.state in SPOKEN and before.held is None else None
            found[row.id] = Place(found[before.id].number + 1, heard)
    return found


def of_turn(row: Row[Any], place: Place) -> list[Indexed]:
    """Return the index entries of a turn.

    The embedded texts leave out speakers' names: the message, its sentences, the message with the reply, and the message after
    the previous turn. Full text covers the whole turn. For a long turn, the other texts come from its first passage, and each
    further passage has an entry of its own.

    Args:
        row: The turn.
        place: Its position in its session.

    Returns:
        The turn's own entry first; an empty list if searches must not find the turn.
    """
    if row.state not in SPOKEN or row.held is not None:
        return []
    before = place.before
    parts = passages(row.text, row.reply) if is_long(row.text, row.reply) else []
    text, reply = (row.text[: parts[0].end], "") if parts else (row.text, row.reply)
    speaker, body = split_speaker(text)
    earlier = (
        [_last_passage(part) for part in (split_speaker(before.text)[1], before.reply) if part] if before is not None else []
    )
    around = "\n".join([*earlier, body])
    texts = [("turn", body or "(picture)")]
    if speaker:
        texts.append(("whole", text))
    if row.reply:
        texts.append(
            ("exchange", f"{split_speaker(row.text)[1][:_EMBEDDED_CHARACTERS]}\n{row.reply[:_EMBEDDED_CHARACTERS]}".strip())
        )
    if earlier:
        texts.append(("before", around))
    said = sentences(body)
    if len(said) > 1:
        texts += [("sentence", part) for part in said]
    subject = subject_of_wish(body)
    if subject:
        texts.append(("sentence", subject))
    traits = traits_of(
        text,
        session=row.session,
        seq=place.number,
        before=earlier[-1] if earlier else None,
        partner=None if before is None else split_speaker(before.text)[0],
    )
    entry = Entry(row.id, "turn", row.at.timestamp(), row.text, f"{around}\n{reply}", traits, reply=row.reply)
    return [Indexed(entry, tuple(texts)), *(_of_passage(row, part, traits) for part in parts[1:])]


def _of_passage(row: Row[Any], passage: Passage, traits: Traits) -> Indexed:
    words = indexed(passage, row.text, row.reply)
    traits = replace(traits, length=len(words), lasting_wish=False)
    entry = Entry(entry_id(row.id, passage.number), "turn", row.at.timestamp(), words, traits=traits)
    if passage.of == "reply":
        return Indexed(entry, (("reply", words),))
    said = sentences(said_in(passage, row.text, row.reply))
    return Indexed(entry, (("turn", words), *(("sentence", part) for part in said if len(said) > 1)))


def _last_passage(text: str) -> str:
    """Return the last passage of a text: the next turn usually continues from there."""
    start, end = divide(text)[-1]
    return text[start:end]


def of_memory(row: Row[Any]) -> Indexed | None:
    """Return the index entry of a memory, by its content and its keywords; None if searches must not find it."""
    if not is_shown(row) or row.same_as is not None:
        return None
    text = f"{row.key}: {row.text}" if row.key is not None else row.text
    words = ", ".join(row.keywords)
    happened = named_window(text, row.at.astimezone(zone_of(row.zone)), "current_period") if row.kind in _DATED_KINDS else None
    entry = Entry(row.id, kind_of(row), row.at.timestamp(), f"{text}\n{words}", happened=happened)
    return Indexed(entry, (("content", text), *((("keywords", words),) if words else ())))
