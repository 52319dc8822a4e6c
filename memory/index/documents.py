"""What rows of the journal mean for an index: the documents of each, and what they are found by."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Row, func, select

from memory.core.clock import zone_of
from memory.core.passages import Passage, divide, entry_id, indexed, is_long, passages, said_in
from memory.core.records import SPOKEN, TurnState
from memory.core.sentences import sentences
from memory.core.temporal import named_period
from memory.index.search_index import Entry
from memory.index.turn_traits import Traits, split_speaker, subject_of_wish, traits_of
from memory.storage.schema import turns

NOW, PAST = "semantic", "past"
"""Collections of facts: what holds, and what a newer one made untrue."""
_READ = 2_000
"""Characters of a message, and of a reply, of which an embedder reads the beginning."""
_HAPPENS = ("semantic", "episodic")
"""Kinds that may tell of something at a time of its own."""


@dataclass(frozen=True)
class Indexed:
    """An entry without what its embedder reads, and the texts that it is to read.

    Attributes:
        entry: The entry.
        texts: (facet, text); the first is what it says.
    """

    entry: Entry
    texts: tuple[tuple[str, str], ...]


def names_of(record_id: str, facets: tuple[str, ...]) -> Iterator[str]:
    """Yield the documents' ids: `RECORD/FACET-NUMBER` of a turn, which has several of a facet, else `RECORD/FACET`."""
    of_turn = "turn" in facets
    for number, facet in enumerate(facets):
        yield f"{record_id}/{facet}-{number}" if of_turn else f"{record_id}/{facet}"


def kind_of(row: Row[Any]) -> str:
    """Name the collection of a memory: what is no longer true has one of its own."""
    return PAST if row.kind == NOW and row.superseded_by is not None else str(row.kind)


def is_shown(row: Row[Any]) -> bool:
    """Say whether a memory is neither hidden nor held."""
    return row.hidden_at is None and row.held is None


@dataclass(frozen=True)
class Place:
    """Where a turn is in its session, by time.

    Attributes:
        number: How many turns come before it.
        before: Text and reply of the one before it, where that is spoken and not held.
    """

    number: int
    before: Row[Any] | None


def places(connection: Connection, rows: Sequence[Row[Any]]) -> dict[str, Place]:
    """Return where turns of one user are in their sessions, by id."""
    if not rows:
        return {}
    other = turns.alias()
    # The first half of the comparison of times alone lets an index begin there.
    earlier = (
        (other.c.user_id == turns.c.user_id)
        & (other.c.session == turns.c.session)
        & (other.c.at <= turns.c.at)
        & ((other.c.at < turns.c.at) | (other.c.seq < turns.c.seq))
    )
    # What was answered again stands there twice, and was said once.
    nearest = select(other.c.id).where(earlier, other.c.state != TurnState.REPLACED)
    nearest = nearest.order_by(other.c.at.desc(), other.c.seq.desc()).limit(1).correlate(turns)
    # Of the index alone: a session may have thousands of turns.
    number = select(func.count()).select_from(other).where(earlier).correlate(turns)
    query = select(turns.c.id, nearest.scalar_subquery().label("before"), number.scalar_subquery().label("number"))
    found = connection.execute(query.where(turns.c.id.in_([row.id for row in rows]))).all()
    spoken = select(turns.c.id, turns.c.text, turns.c.reply).where(turns.c.state.in_(SPOKEN), turns.c.held.is_(None))
    said: dict[str, Any] = {
        row.id: row for row in connection.execute(spoken.where(turns.c.id.in_({row.before for row in found} - {None})))
    }
    return {row.id: Place(row.number, said.get(row.before)) for row in found}


def of_turn(row: Row[Any], place: Place) -> list[Indexed]:
    """Index a turn by itself, by its sentences, with its reply, and with the turn before it, without the names of who speaks.

    Its words are all of it. The rest of a long turn is that of its first passage; each further one has an entry of its own.

    Args:
        row: The turn.
        place: Where it is in its session.

    Returns:
        The turn's own entry first; nothing where it is not to be found.
    """
    if row.state not in SPOKEN or row.held is not None:
        return []
    before = place.before
    parts = passages(row.text, row.reply) if is_long(row.text, row.reply) else []
    text, reply = (row.text[: parts[0].end], "") if parts else (row.text, row.reply)
    speaker, body = split_speaker(text)
    earlier = [_end_of(part) for part in (split_speaker(before.text)[1], before.reply) if part] if before is not None else []
    around = "\n".join([*earlier, body])
    texts = [("turn", body or "(picture)")]
    if speaker:
        texts.append(("whole", text))
    if row.reply:
        texts.append(("exchange", f"{split_speaker(row.text)[1][:_READ]}\n{row.reply[:_READ]}".strip()))
    if earlier:
        texts.append(("before", around))
    said = sentences(body)
    if len(said) > 1:
        texts += [("sentence", part) for part in said]
    subject = subject_of_wish(body)
    if subject:
        texts.append(("sentence", subject))
    traits = traits_of(text, session=row.session, seq=place.number, before=earlier[-1] if earlier else None)
    entry = Entry(row.id, "turn", row.at.timestamp(), row.text, f"{around}\n{reply}", traits, reply=row.reply)
    return [Indexed(entry, tuple(texts)), *(_of_passage(row, part, traits) for part in parts[1:])]


def _of_passage(row: Row[Any], passage: Passage, traits: Traits) -> Indexed:
    words = indexed(passage, row.text, row.reply)
    traits = replace(traits, length=len(words), standing=False)
    entry = Entry(entry_id(row.id, passage.number), "turn", row.at.timestamp(), words, traits=traits)
    if passage.of == "reply":
        return Indexed(entry, (("reply", words),))
    said = sentences(said_in(passage, row.text, row.reply))
    return Indexed(entry, (("turn", words), *(("sentence", part) for part in said if len(said) > 1)))


def _end_of(text: str) -> str:
    """Return a text, or the end of a long one: what comes next seldom goes on from its beginning."""
    start, end = divide(text)[-1]
    return text[start:end]


def of_memory(row: Row[Any]) -> Indexed | None:
    """Index a memory by what it says and by its keywords; None where it is not to be found."""
    if not is_shown(row) or row.same_as is not None:
        return None
    text = f"{row.key}: {row.text}" if row.key is not None else row.text
    words = ", ".join(row.keywords)
    happened = named_period(text, row.at.astimezone(zone_of(row.zone)), "current_period") if row.kind in _HAPPENS else None
    entry = Entry(row.id, kind_of(row), row.at.timestamp(), f"{text}\n{words}", happened=happened)
    return Indexed(entry, (("content", text), *((("keywords", words),) if words else ())))
