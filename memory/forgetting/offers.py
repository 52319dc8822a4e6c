"""Offers: what a request to forget would hide, named before anything is hidden.

SQL. The only write records that the person said no.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from sqlalchemy import Row, select, update

from memory.core import clock
from memory.core.errors import InvalidInput, NotFound
from memory.core.records import SPOKEN, ForgetEntry, ForgetOffer, Trace, Turn, TurnState
from memory.forgetting import guess
from memory.forgetting.cascade import Cascade, Counts, Together
from memory.forgetting.request_match import Sought
from memory.forgetting.request_rules import ForgetRequest
from memory.forgetting.service import Forgetting
from memory.storage.engine import Database
from memory.storage.schema import memories, turns, withheld
from memory.storage.turn_order import LATEST_FIRST
from memory.storage.turn_rows import to_turn

_MAX_NAMED_ENTRIES = 10
"""At most this many entries are named. The rest are only counted."""
_MAX_ENTRY_CHARACTERS = 100
"""At most this many characters of an entry are shown."""
_MIN_MEANT_COSINE = 0.5
"""A fact tells of the salary if its cosine to "The user told of their salary." is at least this: measured, decision 045."""
_ROOT_KINDS = ("semantic", "photo", "core", "procedural")
_KINDS_IN_ORDER = ("semantic", "core", "procedural", "photo", "turn", "episodic", "reply")


class Meaning(Protocol):
    """Compares texts with what is indexed of a user; empty if no threshold was measured for the embedder."""

    def bring_up(self, user_id: str) -> None:
        """Index what is not indexed yet of a user."""

    def cosines(self, user_id: str, kind: str, text: str) -> Mapping[str, float]:
        """Return the cosines of the records of a type that are nearest to a text."""

    def turn_cosines(self, user_id: str, texts: Sequence[str]) -> Mapping[str, float]:
        """Return how near turns are to a thing that several texts name, best first."""


class Offers:
    """Finds what a person asks to forget.

    Args:
        database: The journal's database.
        forgetting: Computes the cascade of a subject.
        in_turns: Returns how many of a user's turns contain each word.
        meaning: Finds the records and turns whose meaning is nearest to a text.
    """

    def __init__(
        self, database: Database, forgetting: Forgetting, in_turns: Callable[[str, Sequence[str]], Any], meaning: Meaning
    ) -> None:
        self._db = database
        self._forgetting = forgetting
        self._in_turns = in_turns
        self._meaning = meaning

    def make(self, request: ForgetRequest, turn: Turn) -> ForgetOffer:
        """Return what would be forgotten. Nothing is hidden.

        Args:
            request: The request that was recognised in the message.
            turn: The message that asks.
        """
        about = ", ".join(request.subjects)
        if request.what == "here":
            entry = ForgetEntry(id=turn.id, kind="turn", time=turn.time, text=_short(turn.text))
            return ForgetOffer(state="open", entries=(entry,))
        rows = self._said(turn)
        roots, sought = (self._last(turn, rows), []) if request.what == "last" else self._of(turn, request.subjects, rows)
        guessed = not roots and request.what == "subject"
        if guessed:
            roots, sought = self._guess(turn, request.subjects, rows), []
        if not roots:
            return ForgetOffer(state="nothing", about=about)
        self._meaning.bring_up(turn.user_id)
        counts: Counts = lambda words: self._in_turns(turn.user_id, words)  # noqa: E731 - the user is known here alone
        affected = self._forgetting.preview(turn.user_id, roots[0], counts, Together(roots[1:], _called(sought)))
        entries = self._entries(turn.user_id, affected)
        return ForgetOffer(
            state="open",
            about=about,
            subjects=tuple(roots),
            sought=tuple(sought),
            guessed=guessed,
            entries=tuple(entries[:_MAX_NAMED_ENTRIES]),
            more=dict(Counter(one.kind for one in entries[_MAX_NAMED_ENTRIES:])),
        )

    def before(self, turn: Turn) -> Turn | None:
        """Return the request to forget that a message may answer: the turn right before it, if less than an hour old."""
        earlier = (turns.c.user_id == turn.user_id) & (turns.c.at <= turn.time)
        if turn.seq:
            earlier &= (turns.c.at < turn.time) | (turns.c.seq < turn.seq)
        shown = turns.c.state.not_in((TurnState.REPLACED, TurnState.FORGOTTEN))
        # A request that was confirmed by a button is forgotten itself, and no message of yes stands for it.
        confirmed = (withheld.c.user_id == turns.c.user_id) & (withheld.c.turn_id == turns.c.id) & (withheld.c.part == "turn")
        pressed = select(turns, withheld.c.content).join(withheld, confirmed).where(earlier, withheld.c.subject == turns.c.id)
        with self._db.read() as connection:
            row = connection.execute(select(turns).where(earlier, shown).order_by(*LATEST_FIRST).limit(1)).first()
            gone = connection.execute(pressed.order_by(*LATEST_FIRST).limit(1)).first()
        if (
            gone is not None
            and gone.content["state"] == TurnState.REQUEST
            and (row is None or (gone.at, gone.seq) > (row.at, row.seq))
        ):
            done = Trace(forget=ForgetOffer(state="done", forgotten=gone.id))
            last = to_turn(gone).model_copy(update={"state": TurnState.REQUEST, "trace": done})
        elif row is None or row.state != TurnState.REQUEST or row.trace is None:
            return None
        else:
            last = to_turn(row)
        return last if clock.recent_since(turn.time) <= last.time else None

    def confirmed(self, turn: Turn) -> tuple[str, Together]:
        """Return what a yes to a request forgets: the request itself, if it is in the journal, and everything it named.

        Raises:
            InvalidInput: The request is not waiting for an answer.
        """
        offer = turn.trace.forget if turn.trace is not None else None
        if turn.seq:
            which = (turns.c.user_id == turn.user_id) & (turns.c.id == turn.id) & (turns.c.state == TurnState.REQUEST)
            with self._db.read() as connection:
                kept = connection.execute(select(turns.c.trace).where(which)).scalar()
            offer = Trace.model_validate(kept).forget if kept else None
        if offer is None or offer.state != "open":
            raise InvalidInput("That request was answered already. Say again what to forget.")
        first, *also = [*([turn.id] if turn.seq else []), *offer.subjects]
        return first, Together(also, _called(offer.sought))

    def keep(self, turn: Turn) -> None:
        """Record that the person said no to a request.

        Raises:
            NotFound: The request no longer exists.
        """
        which = (turns.c.user_id == turn.user_id) & (turns.c.id == turn.id) & (turns.c.state == TurnState.REQUEST)
        with self._db.write(turn.user_id) as connection:
            row = connection.execute(select(turns).where(which)).first()
            if row is None or row.trace is None:
                raise NotFound("That request no longer exists.")
            trace = Trace.model_validate(row.trace)
            if trace.forget is not None:
                kept = trace.model_copy(update={"forget": trace.forget.model_copy(update={"state": "kept"})})
                connection.execute(update(turns).where(which).values(trace=kept.model_dump(mode="json")))

    def _said(self, turn: Turn) -> list[Row[Any]]:
        """Return all spoken turns, newest last, including those pending approval."""
        columns = select(turns.c.id, turns.c.text, turns.c.at, turns.c.session, turns.c.seq)
        mine = (turns.c.user_id == turn.user_id) & turns.c.state.in_(SPOKEN)
        with self._db.read() as connection:
            return list(connection.execute(columns.where(mine).order_by(turns.c.at, turns.c.seq)))

    def _last(self, turn: Turn, rows: Sequence[Row[Any]]) -> list[str]:
        recent = [row for row in rows if clock.recent_since(turn.time) <= row.at <= turn.time and row.id != turn.id]
        return [recent[-1].id] if recent else []

    def _of(self, turn: Turn, subjects: Sequence[str], rows: Sequence[Row[Any]]) -> tuple[list[str], list[str]]:
        """Return the memories and messages that tell of any of these subjects, and the names of the subjects."""
        mine = (memories.c.user_id == turn.user_id) & memories.c.hidden_at.is_(None) & memories.c.kind.in_(_ROOT_KINDS)
        with self._db.read() as connection:
            known = connection.execute(select(memories).where(mine).order_by(memories.c.at, memories.c.id)).all()
        lines = [(row.id, f"{row.key or ''} {row.text} {' '.join(row.keywords)}") for row in known]
        said = [(row.id, row.text) for row in rows if row.id != turn.id]
        found: set[str] = set()
        called: list[str] = []
        for subject in subjects:
            sought = Sought(subject)
            if (window := sought.window(turn.time)) is not None:
                found |= {row.id for row in rows if row.id != turn.id and window.contains(row.at.timestamp())}
                continue
            its_names = sought.called(text for _, text in [*lines, *said])
            called += [subject, *sorted(its_names)]
            # A message that mentions a thing among others is about the others. A named person is meant wherever they are named.
            found |= sought.among(lines) | sought.mainly_among(said)
            for name in its_names:
                found |= Sought(name).among([*lines, *said])
            if not sought.names:
                found |= self._meant(turn.user_id, subject)
        return [name for name, _ in [*lines, *said] if name in found], called

    def _meant(self, user_id: str, subject: str) -> set[str]:
        """Return the facts and profile lines that mean a subject in other words."""
        first, _, rest = subject.partition(" ")
        told = f"The user told of their {rest if first.lower() in ('my', 'our', 'the') and rest else subject}."
        return {
            name
            for kind in ("semantic", "core")
            for name, cosine in self._meaning.cosines(user_id, kind, told).items()
            if cosine >= _MIN_MEANT_COSINE
        }

    def _guess(self, turn: Turn, subjects: Sequence[str], rows: Sequence[Row[Any]]) -> list[str]:
        """Return the one message that may tell of a subject in other words; empty if none is near enough."""
        if len(subjects) != 1 or not guess.may_be_guessed(subjects[0], turn.time):
            return []
        said = {row.id: row.text for row in rows if row.id != turn.id and guess.may_tell(row.text)}
        near = self._meaning.turn_cosines(turn.user_id, guess.texts_for(subjects[0]))
        one = guess.nearest({name: cosine for name, cosine in near.items() if name in said})
        return [one] if one is not None else []

    def _entries(self, user_id: str, affected: Cascade) -> list[ForgetEntry]:
        """Return one entry for each thing that would be hidden, memories first, replies last."""
        names = [*affected.memories, *affected.derived]
        told = set(affected.told) | set(affected.pictured)
        with self._db.read() as connection:
            of_user = (memories.c.user_id == user_id) & memories.c.id.in_(names) & memories.c.hidden_at.is_(None)
            rows = connection.execute(select(memories).where(of_user)).all()
            which = (turns.c.user_id == user_id) & turns.c.id.in_([*affected.turns, *told]) & turns.c.state.in_(SPOKEN)
            said = connection.execute(select(turns).where(which)).all()
        found = [_entry(row, row.kind, f"{row.key}: {row.text}" if row.key else row.text) for row in rows]
        found += [_entry(row, "turn", row.text or "(a picture)") for row in said if row.id in affected.turns]
        found += [_entry(row, "reply", row.reply) for row in said if row.id in told]
        return sorted(found, key=lambda one: (_KINDS_IN_ORDER.index(one.kind), one.time.timestamp(), one.id))


def _called(sought: Sequence[str]) -> Callable[[str], bool] | None:
    """Return a function that tells whether a text names any of these; None if nothing was named."""
    each = [Sought(subject) for subject in sought]
    return (lambda text: any(one.is_in(text) for one in each)) if each else None


def _entry(row: Row[Any], kind: str, text: str) -> ForgetEntry:
    return ForgetEntry(id=row.id, kind=kind, time=row.at.astimezone(clock.zone_of(row.zone)), text=_short(text))


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _MAX_ENTRY_CHARACTERS else f"{flat[:_MAX_ENTRY_CHARACTERS]}…"
