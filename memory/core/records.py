"""The typed records that the journal stores and all other rooms use."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from memory.core.brought_up import BroughtUp
from memory.core.usage import Usage
from memory.core.validation import user_name

LOWEST, HIGHEST = 1, 5
"""Lowest and highest personality score."""

TRAITS = ("openness", "conscientiousness", "extraversion", "agreeableness", "neuroticism")
"""The Big Five in the published order: O, C, E, A, N."""

Kind = Literal["core", "semantic", "episodic", "procedural", "photo", "turn"]


def make_id(user_id: str, kind: str, source: str | int, ordinal: int = 0) -> str:
    """Return a record's id, derived from its source, so that repeating work gives the same id.

    Args:
        user_id: The user whose record it is.
        kind: The record's type (`turn`, `semantic`, …); the id begins with its first three letters.
        source: The turn, session or key that the record comes from.
        ordinal: The record's number among several from the same source.
    """
    # A user id may contain the separator; escaping it keeps two different records from getting the same id.
    named = (user_name(user_id), kind, str(source), str(ordinal))
    text = "\x1f".join(part.replace("\x1e", "\x1e\x1e").replace("\x1f", "\x1e-") for part in named)
    return f"{kind[:3]}_{hashlib.sha256(text.encode()).hexdigest()[:20]}"


def user_key(user_id: str) -> str:
    """Return a name for a user that any store accepts: 32 hexadecimal digits, different for each user id."""
    return hashlib.sha256(user_name(user_id).encode()).hexdigest()[:32]


class Record(BaseModel):
    """Base class of the records: immutable, and unknown fields are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class TurnState(StrEnum):
    """The state of a turn."""

    RECEIVED = "received"
    ANSWERED = "answered"
    STOPPED = "stopped"
    FAILED = "failed"
    REPLACED = "replaced"
    FORGOTTEN = "forgotten"
    REQUEST = "request"
    """A request to forget, or the answer to an offer: part of the conversation, but not of prompts, search or extraction."""


SPOKEN = (TurnState.ANSWERED, TurnState.STOPPED)
"""Turns in these states are used in prompts, search and extraction."""


class BigFive(Record):
    """Five scores from 1 to 5; 3 is neutral."""

    openness: float = Field(default=3.0, ge=1, le=5)
    conscientiousness: float = Field(default=3.0, ge=1, le=5)
    extraversion: float = Field(default=3.0, ge=1, le=5)
    agreeableness: float = Field(default=3.0, ge=1, le=5)
    neuroticism: float = Field(default=3.0, ge=1, le=5)

    def items(self) -> Iterator[tuple[str, float]]:
        """Yield (trait, score) in the order O C E A N."""
        for trait in TRAITS:
            yield trait, getattr(self, trait)


class Spoken(Record):
    """A turn as a prompt shows it, or parts of it (`excerpt`); `other` is the name of another person who said it."""

    time: datetime
    text: str
    reply: str
    corrected: tuple[str, ...] = ()
    excerpt: bool = False
    other: str | None = None


class Recalled(Record):
    """One memory that a prompt used: an entry in the reply's receipt."""

    id: str
    kind: Kind
    text: str
    time: datetime
    score: float = 0.0
    turn_ids: tuple[str, ...] = ()
    """Ids of the turns that the entry shows (an episode's raw turns) or was extracted from."""
    parts: tuple[str, ...] = ()
    """Ids of the passages shown, of turns that are not shown whole; see `memory.core.passages`."""
    photo_id: str | None = None
    """The photo that the entry shows."""
    talk: tuple[Spoken, ...] = ()
    """The turns that a prompt shows, one by one. `text` holds them in readable form, and a trace stores only `text`."""


class Step(Record):
    """One reasoning step: the thought, the action, and the ids of the retrieved memories."""

    think: str = ""
    action: Literal["retrieve", "answer"]
    query: str | None = None
    start_time: str | None = None
    end_time: str | None = None
    memory_ids: tuple[str, ...] = ()
    warning: str | None = None


class ForgetEntry(Record):
    """One entry that a request to forget would hide; `kind` may also be `reply`."""

    id: str
    kind: str
    time: datetime
    text: str


class ForgetOffer(Record):
    """The offer that answers a request to forget, and its outcome.

    Attributes:
        state: `open`: it waits for a yes. `done`: it is forgotten. `kept`: the person said no. `nothing`: nothing was found.
        about: The person's own words for the thing to forget.
        subjects: Ids that one yes forgets.
        sought: The words searched for: the person's own words and other names of the same thing.
        guessed: Whether it is only the message nearest in meaning, because nothing has the person's words.
        entries: The first entries that would be hidden.
        more: How many further entries would be hidden, by type.
        forgotten: The id that `undo` restores it by.
    """

    state: Literal["open", "done", "kept", "nothing"]
    about: str = ""
    subjects: tuple[str, ...] = ()
    sought: tuple[str, ...] = ()
    guessed: bool = False
    entries: tuple[ForgetEntry, ...] = ()
    more: dict[str, int] = Field(default_factory=dict)
    forgotten: str | None = None


class Trace(Record):
    """How a reply was produced; `notes` are remarks for the person. Traces from older versions have no `usage`."""

    steps: tuple[Step, ...] = ()
    memories: tuple[Recalled, ...] = ()
    personality: BigFive | None = None
    timings_ms: dict[str, float] = Field(default_factory=dict)
    usage: Usage | None = None
    notes: tuple[str, ...] = ()
    forget: ForgetOffer | None = None
    due: tuple[BroughtUp, ...] = ()


class Turn(Record):
    """One message and its reply.

    Attributes:
        seq: The turn's number in the user's order of arrival, from 1; `session`: the number of its session, from 1.
        time: When it was said, in the zone it was said in.
        pending: Whether the turn is still to be remembered.
        error: Why there is no reply (state `failed`).
        real_time: Whether the turn has its time of arrival, rather than a given time.
        held: The sensitive topic of the message while it is pending approval; until then it is not recalled.
        sensitive: The sensitive topic, kept after approval or without one: never mentioned unasked, and never trained on.
        corrected: Later corrections by the person, as marks; filled in only when turns are read to be shown.
        speaker: The name before the text, in an imported talk between people; `by_other`: whether it is another person's.
    """

    id: str
    user_id: str
    seq: int
    session: int
    time: datetime
    text: str
    images: tuple[str, ...] = ()
    reply: str = ""
    state: TurnState = TurnState.RECEIVED
    pending: bool = False
    error: str | None = None
    real_time: bool = True
    held: str | None = None
    sensitive: str | None = None
    trace: Trace | None = None
    corrected: tuple[str, ...] = ()
    speaker: str | None = None
    by_other: bool = False


class ProfileEntry(Record):
    """One line of the core profile. The person wrote `edited` lines, and a rewrite keeps them; `sensitive` is the topic."""

    id: str
    key: str
    value: str
    time: datetime
    edited: bool = False
    sensitive: str | None = None
    corrected: tuple[str, ...] = ()


class CoreProfile(Record):
    """The key-value profile; it always has a `name`."""

    entries: tuple[ProfileEntry, ...] = ()

    def values(self) -> dict[str, str]:
        """Return the profile as a plain mapping, `name` first."""
        known = {entry.key: " ".join([entry.value, *entry.corrected]) for entry in self.entries}
        return {"name": known.pop("name", "unknown"), **known}

    def always(self) -> dict[str, str]:
        """Return the lines for every prompt, `name` first: the name, and the lines that the person wrote."""
        pinned = tuple(entry for entry in self.entries if entry.edited or entry.key == "name")
        return CoreProfile(entries=pinned).values()


class SemanticMemory(Record):
    """A fact about the person, extracted from one turn, or stored by a program.

    Attributes:
        turn_id: The turn; the fact's own id if a program stored it.
        time: When it was said; the fact is valid from then on.
        valid_until: When a newer fact superseded it; None: it is still valid.
        superseded_by: Id of the newer fact; the fact's own id if the person marked it as outdated.
        same_as: Id of the older fact that this one repeats; a repeated fact is not recalled beside the older one.
        strength: How often it was said.
        held: As `Turn.held` of its turn: it is pending approval, and is not recalled.
        sensitive: As `Turn.sensitive` of its turn.
        corrected: Later corrections by the person in another memory, as marks.
    """

    id: str
    turn_id: str
    time: datetime
    content: str
    keywords: tuple[str, ...] = ()
    reason: str = ""
    photo_ids: tuple[str, ...] = ()
    edited: bool = False
    valid_until: datetime | None = None
    superseded_by: str | None = None
    same_as: str | None = None
    strength: int = 1
    held: str | None = None
    sensitive: str | None = None
    corrected: tuple[str, ...] = ()

    @property
    def turn_ids(self) -> tuple[str, ...]:
        """The turn that it was extracted from; empty if a program stored it, which has no message."""
        return () if self.turn_id == self.id else (self.turn_id,)

    @property
    def is_valid(self) -> bool:
        """Whether the fact is neither superseded nor a repetition."""
        return self.superseded_by is None and self.same_as is None

    @property
    def told(self) -> str:
        """The content, the date until which it was true if it is superseded, and the marks of later corrections."""
        over = "" if self.valid_until is None else f" (True until {self.valid_until:%Y-%m-%d}, no longer.)"
        return " ".join([f"{self.content}{over}", *self.corrected])


Box = tuple[float, float, float, float]
"""Left, top, right and bottom of a part of a picture, each as a fraction of its width or height, from 0 to 1."""


class PhotoMemory(Record):
    """A memory of a photo that came with a turn, or of one named thing in it.

    Attributes:
        turn_id: The turn that the photo came with.
        photo_id: The stored photo.
        caption: The thing's name, or the words that came with the photo.
        category: The kind of thing, if that was said.
        box: Where the thing is in the upright picture; None: the whole picture.
        held: As `Turn.held` of its turn; `sensitive` likewise.
    """

    id: str
    turn_id: str
    photo_id: str
    time: datetime
    caption: str
    category: str | None = None
    box: Box | None = None
    edited: bool = False
    held: str | None = None
    sensitive: str | None = None
    corrected: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The caption, with the category if there is one."""
        return f"{self.caption} ({self.category})" if self.category else self.caption

    @property
    def told(self) -> str:
        """The sentence that describes the photo to a model or a person."""
        return f"A picture was shown: {self.label}"


class Episode(Record):
    """One topic of an ended session, recalled as its raw turns; `sensitive` is the topic of a sensitive turn among them."""

    id: str
    session: int
    time: datetime
    summary: str
    keywords: tuple[str, ...] = ()
    turn_ids: tuple[str, ...] = ()
    edited: bool = False
    sensitive: str | None = None
    corrected: tuple[str, ...] = ()


class Procedure(Record):
    """One habit or goal; `sensitive` is its sensitive topic, if any."""

    id: str
    key: str
    time: datetime
    text: str
    edited: bool = False
    sensitive: str | None = None
    corrected: tuple[str, ...] = ()


class Photo(Record):
    """A photo that came with a message; `id` is the SHA-256 hash of the received bytes."""

    id: str
    time: datetime
    media_type: str
    width: int
    height: int
    size: int


class PersonalityPoint(Record):
    """One point of the personality timeline.

    Attributes:
        cause: `turn` (the PEM update changed the scores), `reset`, or `pin`.
        inferred: Scores that the turn's words alone suggest, 1 to 5 per trait (3: no evidence); only set if `cause` is `turn`.
        m: Number of the user's remembered turns before this one, since the last reset.
        pinned: Traits whose scores do not change.
    """

    turn_id: str | None
    time: datetime
    cause: Literal["turn", "reset", "pin"] = "turn"
    inferred: BigFive | None = None
    scores: BigFive = BigFive()
    m: int = 0
    pinned: tuple[str, ...] = ()


class WorkItem(Record):
    """One row of the work queue."""

    id: int
    user_id: str
    kind: Literal["remember", "consolidate"]
    subject: str
    """A turn's id, or a session's number as text."""
    attempts: int = 0


class Line(Record):
    """One turn of a transcript.

    Attributes:
        time: When it was said, in its zone.
        text: The person's message, and in `reply` the reply to it.
        images: Ids of stored photos.
    """

    time: datetime
    text: str
    reply: str
    images: tuple[str, ...] = ()
