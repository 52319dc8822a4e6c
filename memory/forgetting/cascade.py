"""The cascade: what forgetting one thing affects, that is, everything that says it and everything made from that.

SQL, read only.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Connection, Row, select

from memory.core.errors import InvalidInput, NotFound
from memory.core.records import SPOKEN, TurnState
from memory.forgetting import quarantine
from memory.forgetting.text_match import TextMatch, TextMatchOfSeveral
from memory.storage.schema import memories, photos, sessions, turns

_EXTRACTED_KINDS = ("semantic", "photo")
_LINE_KINDS = ("core", "procedural")
Counts = Callable[[Sequence[str]], tuple[dict[str, int], int]]


@dataclass(frozen=True)
class Cascade:
    """The ids of everything that is forgotten together.

    Attributes:
        kind: The type of the named subject: a type of memory, `turn` or `photo`.
        memories: Memories that say it. They are never extracted again.
        derived: Summaries and lines that were made from it. They are rebuilt without it.
        turns: Messages that are forgotten whole.
        told: Turns whose reply or thoughts reveal it.
        shown: Turns whose trace shows that it was retrieved, while reply and thoughts do not reveal it.
        pictured: Turns that lose a picture.
        photos: Pictures that are forgotten.
        sessions: Sessions that are summarised again.
        mentioned: Turns and memories that still speak of it in the person's own words. They stay.
    """

    kind: str
    memories: tuple[str, ...] = ()
    derived: tuple[str, ...] = ()
    turns: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()
    pictured: tuple[str, ...] = ()
    photos: tuple[str, ...] = ()
    sessions: tuple[int, ...] = ()
    mentioned: tuple[str, ...] = ()

    def counts(self) -> dict[str, int]:
        """Return how many things of each type are forgotten, under the names that receipts store; see `counts_in_words`."""
        return {
            "memories": len(self.memories),
            "made from it": len(self.derived),
            "messages": len(self.turns),
            "replies": len(self.told) + len(self.pictured),
            "pictures": len(self.photos),
        }

    def to_json(self) -> dict[str, Any]:
        """Return the cascade as the JSON object that the database stores."""
        return asdict(self)

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Cascade:
        """Return the cascade that `to_json` stored."""
        found: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in kept.items()}
        return cls(**found)


@dataclass(frozen=True)
class Together:
    """More subjects that are forgotten with the first one.

    Attributes:
        also: Their ids. An id that no longer exists is skipped.
        called: Whether a text names what the person asked to forget.
    """

    also: Sequence[str]
    called: Callable[[str], bool] | None = None


def of(connection: Connection, user_id: str, subject: str, in_turns: Counts, together: Together | None = None) -> Cascade:
    """Return the cascade of one subject.

    Args:
        connection: The caller's connection.
        user_id: The user who forgets.
        subject: The id of a memory, a turn or a picture.
        in_turns: Returns how many of the user's turns contain each given word, and how many turns there are.
        together: More subjects that are forgotten with it.

    Raises:
        NotFound: The user has nothing with that id.
        InvalidInput: The message is still being answered.
    """
    known = _Known(connection, user_id)
    kind, said, spoken, seen = known.roots(subject)
    for name in together.also if together else ():
        if known.has(name):
            _, its_said, its_spoken, its_seen = known.roots(name)
            said, spoken, seen = said | its_said, spoken | its_spoken, seen | its_seen
    said, spoken = known.spread(said, spoken)
    if any(known.turns[name].state == TurnState.RECEIVED for name in spoken):
        raise InvalidInput("That message is being answered. Stop the reply, or wait for it, and forget it then.")
    alone = {name for name in known.carried(spoken) if not known.carriers(name) - spoken}
    named = seen
    pictured = known.carriers(*named) - spoken if named else set()
    seen = seen | alone
    said |= {name for name, row in known.memories.items() if row.kind == "photo" and row.extra["photo_id"] in seen}
    if named:
        said |= {name for name, row in known.memories.items() if row.kind == "semantic" and seen & set(row.extra["photo_ids"])}
    facts = [known.memories[name] for name in said if name in known.memories]
    told_by = [row for row in facts if row.kind != "episodic"]
    # A request to forget reveals nothing about its subject, and no summary includes it.
    text_turns = {name for name in spoken if known.turns[name].state != TurnState.REQUEST}
    match = _text_match(known, text_turns, told_by, in_turns, together)
    first = known.first_of(text_turns)
    topics = known.topics(text_turns, first, match) - said
    lines = {
        name
        for name, row in known.memories.items()
        if row.kind in _LINE_KINDS
        and not row.edited
        and first is not None
        and known.since(row, first)
        and match.tells(_line(row))
    } - said
    # Turns that another forgetting has hidden could come back, so they count. Purged turns have no text any more.
    others = [row for name, row in known.turns.items() if name not in spoken and row.state != TurnState.FORGOTTEN]
    # Other requests to forget the same thing name it too, and have no other use.
    asked = {
        row.id
        for row in others
        if row.state == TurnState.REQUEST and (_offered(row) & (said | spoken | seen) or match.tells(row.text))
    }
    spoken |= asked
    others = [row for row in others if row.id not in asked]
    # The profile is in every prompt and in no trace, so only the words of a reply show whether it used a profile line.
    told = {row.id for row in others if match.names(_written(row))}
    told |= {
        row.id for row in others if _follows(row, [known.turns[name] for name in text_turns]) and match.tells(_written(row))
    }
    shown: set[str] = set()
    while True:
        # A later prompt may have shown a reply that reveals it.
        shown = {row.id for row in others if known.traced(row.id) & (said | spoken | topics | lines | told)}
        more = {row.id for row in others if row.id in shown and match.tells(_written(row))}
        if more <= told:
            break
        told |= more
    open_turns = [row for row in others if row.state in SPOKEN and row.id not in known.set_aside]
    mentioned = [row.id for row in open_turns if match.tells(row.text)] if spoken or facts else []
    mentioned += [
        name
        for name, row in known.memories.items()
        if name not in said | topics | lines and row.hidden_at is None and row.kind != "photo" and match.tells(_line(row))
    ]
    sessions = {known.turns[name].session for name in text_turns} | {
        int(known.memories[name].source) for name in topics | lines
    }
    return Cascade(
        kind=kind,
        memories=tuple(sorted(said)),
        derived=tuple(sorted(topics | lines)),
        turns=tuple(sorted(spoken)),
        told=tuple(sorted(told)),
        shown=tuple(sorted(shown - told)),
        pictured=tuple(sorted(pictured)),
        photos=tuple(sorted(seen)),
        sessions=tuple(sorted(sessions)) if topics or lines else (),
        mentioned=tuple(sorted(mentioned)),
    )


class _Known:
    """All that the journal stores about one user."""

    def __init__(self, connection: Connection, user_id: str) -> None:
        self._connection, self._user = connection, user_id
        self._traced: dict[str, set[str]] = {}
        self.memories = {row.id: row for row in connection.execute(select(memories).where(memories.c.user_id == user_id))}
        self.set_aside = quarantine.as_it_was(connection, user_id)
        said = connection.execute(select(turns).where(turns.c.user_id == user_id)).all()
        self.turns: dict[str, Any] = {
            row.id: SimpleNamespace(**{**row._mapping, **self.set_aside[row.id]}) if row.id in self.set_aside else row  # noqa: SLF001 - SQLAlchemy's public way
            for row in said
        }
        mine = select(sessions.c.number, sessions.c.begun).where(sessions.c.user_id == user_id)
        self._begun = {row.number: row.begun for row in connection.execute(mine)}
        self._shown = {row.id for row in said if row.state != TurnState.FORGOTTEN}

    def roots(self, subject: str) -> tuple[str, set[str], set[str], set[str]]:
        """Return the subject's type and the memories, turns and pictures that it stands for."""
        if subject in self.memories and self.memories[subject].hidden_at is None:
            row = self.memories[subject]
            match row.kind:
                case "photo":
                    return "photo", {subject}, set(), {row.extra["photo_id"]}
                case "episodic":
                    # A topic is retrieved as its raw turns. If they stayed, it would still be told.
                    return row.kind, {subject}, set(row.extra["turn_ids"]) & set(self.turns), set()
                case "semantic":
                    return row.kind, {subject}, {row.source} & set(self.turns), set()
                case _:
                    return row.kind, {subject}, set(), set()
        if subject in self._shown:
            return "turn", set(), {subject}, set()
        mine = (photos.c.user_id == self._user) & (photos.c.id == subject) & photos.c.hidden_at.is_(None)
        if self._connection.execute(select(photos.c.id).where(mine)).first() is not None:
            return "photo", set(), set(), {subject}
        raise NotFound(f"This user has no memory, message or picture {subject!r}. `persona memory list` shows ids.")

    def has(self, subject: str) -> bool:
        """Return whether the user has a visible memory, message or picture with this id."""
        try:
            self.roots(subject)
        except NotFound:
            return False
        return True

    def spread(self, said: set[str], spoken: set[str]) -> tuple[set[str], set[str]]:
        """Add the turns that facts were taken from, and the facts taken from those turns, until nothing is added."""
        while True:
            twins = {
                name
                for name, row in self.turns.items()
                if row.state not in (*SPOKEN, TurnState.RECEIVED, TurnState.FORGOTTEN)
                and any(row.text == self.turns[own].text and row.session == self.turns[own].session for own in spoken)
            }
            more = {
                name
                for name, row in self.memories.items()
                if (row.kind in _EXTRACTED_KINDS and row.source in spoken) or (row.same_as is not None and row.same_as in said)
            }
            sources = {self.memories[name].source for name in said | more if self.memories[name].kind == "semantic"}
            wider = said | more, spoken | twins | (sources & set(self.turns))
            if wider == (said, spoken):
                return wider
            said, spoken = wider

    def first_of(self, spoken: set[str]) -> tuple[int, datetime | None] | None:
        """Return the lowest session number among some turns, and when the earliest of their sessions began."""
        numbers = {self.turns[name].session for name in spoken}
        begun = [self._begun[number] for number in numbers if self._begun.get(number) is not None]
        return (min(numbers), min(begun, default=None)) if numbers else None

    def since(self, row: Row[Any], first: tuple[int, datetime | None]) -> bool:
        """Return whether a memory comes from a session with this number or a later one, or that began no earlier.

        Such a memory may rest on the turns that `first` describes.
        """
        if not row.source.isdecimal():
            return False
        number, begun = first
        its = self._begun.get(int(row.source))
        return int(row.source) >= number or (begun is not None and its is not None and its >= begun)

    def topics(
        self, spoken: set[str], first: tuple[int, datetime | None] | None, match: TextMatch | TextMatchOfSeveral
    ) -> set[str]:
        """Return the topics that are rebuilt: all topics of a session that reveals it, except those that the person wrote."""
        if first is None:
            return set()
        rows = [row for row in self.memories.values() if row.kind == "episodic"]
        whole = {str(self.turns[name].session) for name in spoken}
        whole |= {row.source for row in rows if self.since(row, first) and match.tells(f"{row.text} {row.keywords}")}
        return {row.id for row in rows if spoken & set(row.extra["turn_ids"]) or (row.source in whole and not row.edited)}

    def carried(self, names: Collection[str]) -> set[str]:
        """Return the pictures that these turns carry."""
        return {photo for name in names for photo in self.turns[name].images}

    def carriers(self, *photo_ids: str) -> set[str]:
        """Return the turns that carry any of these pictures."""
        return {name for name, row in self.turns.items() if set(photo_ids) & set(row.images)}

    def traced(self, turn_id: str) -> set[str]:
        """Return the ids of memories and turns that a turn was shown."""
        if turn_id not in self._traced:
            shown = (self.turns[turn_id].trace or {}).get("memories", [])
            self._traced[turn_id] = {name for one in shown for name in (one["id"], *one["turn_ids"])}
        return self._traced[turn_id]


def _text_match(
    known: _Known, spoken: Collection[str], facts: Sequence[Row[Any]], in_turns: Counts, together: Together | None
) -> TextMatch | TextMatchOfSeveral:
    """Return the matcher that recognises the forgotten texts: one for all of them, or one for each of several subjects."""
    alone = [row for row in facts if row.source not in spoken]
    if together is None:
        said = [known.turns[name].text for name in spoken] + [_line(row) for row in alone]
        return TextMatch(said, [word for row in facts for word in row.keywords], in_turns)
    groups = {
        name: ([known.turns[name].text], [word for row in facts if row.source == name for word in row.keywords])
        for name in spoken
    }
    groups |= {row.id: ([_line(row)], list(row.keywords)) for row in alone}
    return TextMatchOfSeveral([TextMatch(said, words, in_turns) for said, words in groups.values()], together.called)


def _offered(row: Row[Any]) -> set[str]:
    """Return the ids that a request to forget names."""
    offer = (row.trace or {}).get("forget") or {}
    return {*offer.get("subjects", ()), *(one["id"] for one in offer.get("entries", ()))}


def _follows(row: Row[Any], spoken: Sequence[Row[Any]]) -> bool:
    """Return whether a turn comes after one of these in its session: then its prompt showed their words."""
    return any(row.session == one.session and (row.at, row.seq) > (one.at, one.seq) for one in spoken)


def _line(row: Row[Any]) -> str:
    return f"{row.key}: {row.text}" if row.key else str(row.text)


def _written(row: Row[Any]) -> str:
    """Return everything that the model wrote in a turn."""
    steps = (row.trace or {}).get("steps", [])
    return "\n".join([row.reply, *(f"{step.get('think') or ''} {step.get('query') or ''}" for step in steps)])
