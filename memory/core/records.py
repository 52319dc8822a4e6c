"""The typed records that the journal keeps and everything else passes around."""

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
"""The ends of a personality score."""

TRAITS = ("openness", "conscientiousness", "extraversion", "agreeableness", "neuroticism")
"""The Big Five in the published order O C E A N."""

Kind = Literal["core", "semantic", "episodic", "procedural", "photo", "turn"]


def make_id(user_id: str, kind: str, source: str | int, ordinal: int = 0) -> str:
    """Derive a record's id from what it is made of, so that redoing work names the same record.

    Args:
        user_id: Whose record it is.
        kind: What it is (`turn`, `semantic`, …); the first three letters lead the id.
        source: The turn, session or key that it comes from.
        ordinal: Its place among several from the same source.
    """
    # The mark between the parts may stand in a name: nobody's parts may look like another's.
    named = (user_name(user_id), kind, str(source), str(ordinal))
    parts = (part.replace("\x1e", "\x1e\x1e").replace("\x1f", "\x1e-") for part in named)
    digest = hashlib.sha256("\x1f".join(parts).encode()).hexdigest()
    return f"{kind[:3]}_{digest[:20]}"


def user_key(user_id: str) -> str:
    """Name a user where a store restricts names: 32 hexadecimal digits, one to one with the id."""
    return hashlib.sha256(user_name(user_id).encode()).hexdigest()[:32]


class Record(BaseModel):
    """Base of the records: immutable, and strict about unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class TurnState(StrEnum):
    """How far a turn has come."""

    RECEIVED = "received"
    ANSWERED = "answered"
    STOPPED = "stopped"
    FAILED = "failed"
    REPLACED = "replaced"
    FORGOTTEN = "forgotten"
    REQUEST = "request"
    """It asked to forget something, or answered to that: in the conversation, and in no prompt, search or extraction."""


SPOKEN = (TurnState.ANSWERED, TurnState.STOPPED)
"""States whose turns feed prompts, search and extraction."""


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
    """A turn of talk as it is shown: when it was said, the message, the reply; of an excerpt, parts of them."""

    time: datetime
    text: str
    reply: str
    corrected: tuple[str, ...] = ()
    excerpt: bool = False


class Recalled(Record):
    """One remembered thing that went into a prompt: a line of the reply's receipt."""

    id: str
    kind: Kind
    text: str
    time: datetime
    score: float = 0.0
    turn_ids: tuple[str, ...] = ()
    """The turns that this entry shows (an episode's raw turns) or was extracted from."""
    parts: tuple[str, ...] = ()
    """The passages that it shows of turns that it does not show whole; see `memory.core.passages`."""
    photo_id: str | None = None
    """The stored picture that this entry shows."""
    talk: tuple[Spoken, ...] = ()
    """The turns that a prompt shows, each by itself. `text` has them as a person reads them; a trace keeps that alone."""


class Step(Record):
    """One step of the reasoning: what was thought, what was done, what came back."""

    think: str = ""
    action: Literal["retrieve", "answer"]
    query: str | None = None
    start_time: str | None = None
    end_time: str | None = None
    memory_ids: tuple[str, ...] = ()
    warning: str | None = None


class ForgetEntry(Record):
    """One thing that a request to forget names; `kind` may be `reply` too."""

    id: str
    kind: str
    time: datetime
    text: str


class ForgetOffer(Record):
    """What a message asked to forget, and what came of that.

    Attributes:
        state: `open`: it waits for a yes. `done`: it is forgotten. `kept`: the person said no. `nothing`: nothing was found.
        about: How the person called it.
        subjects: Ids that are forgotten with one yes.
        sought: What was sought: how the person called it, and what else it is called.
        entries: What would be hidden, the first of it.
        more: How much more, by kind.
        forgotten: By which id undo brings it back.
    """

    state: Literal["open", "done", "kept", "nothing"]
    about: str = ""
    subjects: tuple[str, ...] = ()
    sought: tuple[str, ...] = ()
    entries: tuple[ForgetEntry, ...] = ()
    more: dict[str, int] = Field(default_factory=dict)
    forgotten: str | None = None


class Trace(Record):
    """How a reply came to be; `notes` say what a person should know of it. Traces of older versions have no `usage`."""

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
        seq: The turn's place in the user's own sequence, from 1.
        session: The user's session that it belongs to, from 1.
        time: When it was said, in the zone it was said in.
        pending: Whether it still waits to be remembered.
        error: Why there is no reply (state `failed`).
        real_time: Whether it was said as it arrived, rather than at a given time.
        held: What sensitive thing it tells of, while it is pending approval and is not recalled.
        sensitive: The same for good, approved or never asked about: its mark. It is never brought up unasked, nor trained on.
        corrected: What the person corrected of it since, as marks; filled in where turns are read to be shown.
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


class ProfileEntry(Record):
    """One line of the core profile; `edited` ones the person wrote, and a rewrite keeps them; `sensitive` is its mark."""

    id: str
    key: str
    value: str
    time: datetime
    edited: bool = False
    sensitive: str | None = None
    corrected: tuple[str, ...] = ()


class CoreProfile(Record):
    """The key-value profile that is always in the prompt; `name` is always there."""

    entries: tuple[ProfileEntry, ...] = ()

    def values(self) -> dict[str, str]:
        """Return the profile as a plain mapping, `name` first."""
        known = {entry.key: " ".join([entry.value, *entry.corrected]) for entry in self.entries}
        return {"name": known.pop("name", "unknown"), **known}

    def always(self) -> dict[str, str]:
        """Return what is in every prompt, `name` first: the name, and the lines that the person wrote."""
        pinned = tuple(entry for entry in self.entries if entry.edited or entry.key == "name")
        return CoreProfile(entries=pinned).values()


class SemanticMemory(Record):
    """What one turn said about the person.

    Attributes:
        time: When it was said: it is valid from then on.
        valid_until: When a newer one made it untrue; None: it still holds.
        superseded_by: The newer one; its own id where its person said that it is outdated.
        same_as: The older one that this only repeats; this one is then not recalled beside it.
        strength: How often it was said.
        held: As that of its turn: it is pending approval, and is not recalled.
        sensitive: As that of its turn: its mark.
        corrected: What the person corrected of it since, in another memory, as marks.
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
    def is_valid(self) -> bool:
        """Say whether it still holds, and stands for itself."""
        return self.superseded_by is None and self.same_as is None

    @property
    def told(self) -> str:
        """The content and, where it is no longer true, until when it was; with the marks of what was corrected since."""
        over = "" if self.valid_until is None else f" (True until {self.valid_until:%Y-%m-%d}, no longer.)"
        return " ".join([f"{self.content}{over}", *self.corrected])


Box = tuple[float, float, float, float]
"""Left, top, right and bottom of a part of a picture, each a share of its width or height, from 0 to 1."""


class PhotoMemory(Record):
    """Something that was seen: a picture that a turn carried, or one named thing in it.

    Attributes:
        turn_id: The turn that carried it.
        photo_id: The stored picture.
        caption: What it is called, or what was said with it.
        category: What kind of thing it is, where that was said.
        box: Where in the upright picture it is; None: all of it.
        held: As that of its turn.
        sensitive: As that of its turn.
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
        """What was seen, and what kind of thing it is."""
        return f"{self.caption} ({self.category})" if self.category else self.caption

    @property
    def told(self) -> str:
        """What a model, or a person, is told of it."""
        return f"A picture was shown: {self.label}"


class Episode(Record):
    """One topic of an ended session, recalled as its raw turns; `sensitive` is the mark of one of these."""

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
    """One habit or goal; `sensitive` is its mark."""

    id: str
    key: str
    time: datetime
    text: str
    edited: bool = False
    sensitive: str | None = None
    corrected: tuple[str, ...] = ()


class Photo(Record):
    """A picture that a message carried: `id` is the sha256 of the received bytes."""

    id: str
    time: datetime
    media_type: str
    width: int
    height: int
    size: int


class PersonalityPoint(Record):
    """One step of the personality curve.

    Attributes:
        cause: `turn` (PEM moved it), `reset`, or `pin`.
        inferred: What the turn's words alone suggested, 1 to 5 per trait (3: no evidence); None but for `turn`.
        m: The user's remembered turns before this one, since the last reset.
        pinned: Traits that do not move.
    """

    turn_id: str | None
    time: datetime
    cause: Literal["turn", "reset", "pin"] = "turn"
    inferred: BigFive | None = None
    scores: BigFive = BigFive()
    m: int = 0
    pinned: tuple[str, ...] = ()


class WorkItem(Record):
    """A row of pending background work."""

    id: int
    user_id: str
    kind: Literal["remember", "consolidate"]
    subject: str
    """A turn's id, or a session's number as text."""
    attempts: int = 0


RefusalCause = Literal["refused", "too_long", "thought"]
"""Why a step is set aside: the server refuses the call; the prompt does not fit; the model's thought took all the tokens."""


class Refusal(Record):
    """A step of background work that is set aside.

    Attributes:
        subject: A turn's id, or a session's number as text.
        step: `personality`, `semantic` or `change` of a turn; `episodic`, `procedural` or `core` of a session.
        cause: What was in the way.
        status: The server's HTTP status, where it said one.
        reason: The server's own words; they may repeat the prompt.
        at: When it was set aside.
        time: When the message was said, or the session began.
        text: The message, or the first of the session.
    """

    user_id: str
    kind: Literal["remember", "consolidate"]
    subject: str
    step: str
    cause: RefusalCause
    status: int | None
    reason: str
    at: datetime
    time: datetime
    text: str


class Line(Record):
    """One turn of a transcript.

    Attributes:
        time: When it was said, in its zone.
        text: What the person said.
        reply: What was answered.
        images: Ids of stored photos.
    """

    time: datetime
    text: str
    reply: str
    images: tuple[str, ...] = ()
