"""What the answers about memories and messages consist of."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from memory.core import records
from memory.core.records import Episode, PhotoMemory, Procedure, SemanticMemory, TurnState
from memory.storage.memory_rows import MemoryRecord

MemoryKind = Literal["core", "semantic", "episodic", "procedural", "photo"]
KINDS: tuple[MemoryKind, ...] = ("core", "semantic", "episodic", "procedural", "photo")
_KIND = "`core` (a profile line), `semantic` (a fact), `episodic` (a topic), `procedural` (a habit or goal) or `photo`."
_SENSITIVE = "The sensitive topic, if it has one. A reply never mentions it unasked."
_PENDING = "The sensitive topic while it needs approval; until then no reply uses it."
_CORRECTED = "Later corrections by the person, as sentences."


class Memory(BaseModel):
    """Something that is remembered. Fields that a kind does not have are empty."""

    id: str = Field(description="Its id, also for editing and forgetting.", examples=["sem_0123456789abcdef0123"])
    kind: MemoryKind = Field(description=_KIND)
    text: str = Field(description="What is remembered.")
    time: datetime = Field(description="When it was said, in the zone that it was said in.")
    key: str | None = Field(default=None, description="The name of a profile line or a habit.")
    category: str | None = Field(default=None, description="What kind of thing a picture shows.")
    keywords: list[str] = Field(default=[], description="Words that find it.")
    turn_id: str | None = Field(default=None, description="The message that a fact or a picture comes from.")
    turn_ids: list[str] = Field(default=[], description="The messages of a topic.")
    session: int | None = Field(default=None, description="The conversation of a topic.")
    photo_ids: list[str] = Field(default=[], description="The pictures of a fact, or the picture that shows the thing.")
    box: list[float] | None = Field(
        default=None,
        min_length=4,
        max_length=4,
        description="Where the thing is: left, top, right and bottom, each as a fraction from 0 to 1.",
    )
    valid_until: datetime | None = Field(default=None, description="Until when a fact was true; null: it is still true.")
    superseded_by: str | None = Field(
        default=None, description="The newer fact that replaced it; its own id if the person marked it as outdated."
    )
    same_as: str | None = Field(default=None, description="The older fact that it repeats.")
    strength: int = Field(default=1, description="How often it was said.")
    edited: bool = Field(default=False, description="Whether the person wrote the text; later rewrites then keep it.")
    sensitive: str | None = Field(default=None, description=_SENSITIVE)
    pending_approval: str | None = Field(default=None, description=_PENDING)
    corrected: list[str] = Field(default=[], description=_CORRECTED)

    @classmethod
    def of(cls, record: MemoryRecord) -> Memory:
        """Return a stored memory as an answer."""
        shared: dict[str, Any] = {
            "id": record.id, "time": record.time, "edited": record.edited, "sensitive": record.sensitive,
            "corrected": list(record.corrected),
        }  # fmt: skip
        match record:
            case SemanticMemory():
                return cls(
                    **shared, kind="semantic", text=record.content, keywords=list(record.keywords), turn_id=record.turn_id,
                    photo_ids=list(record.photo_ids), valid_until=record.valid_until, superseded_by=record.superseded_by,
                    same_as=record.same_as, strength=record.strength, pending_approval=record.held,
                )  # fmt: skip
            case Episode():
                return cls(
                    **shared, kind="episodic", text=record.summary, keywords=list(record.keywords), session=record.session,
                    turn_ids=list(record.turn_ids),
                )  # fmt: skip
            case PhotoMemory():
                return cls(
                    **shared, kind="photo", text=record.caption, category=record.category,
                    box=list(record.box) if record.box else None,
                    turn_id=record.turn_id, photo_ids=[record.photo_id], pending_approval=record.held,
                )  # fmt: skip
            case Procedure():
                return cls(**shared, kind="procedural", text=record.text, key=record.key)
            case _:
                return cls(**shared, kind="core", text=record.value, key=record.key)


class Recalled(BaseModel):
    """A memory or a message that a search found, or that a reply used."""

    id: str = Field(description="Its id.")
    kind: Literal["core", "semantic", "episodic", "procedural", "photo", "turn"] = Field(description=f"`turn`, or {_KIND}")
    text: str = Field(description="What it says.")
    time: datetime = Field(description="When it was said.")
    score: float = Field(description="How well it matches; higher is better. Scores of two searches do not compare.")
    turn_ids: list[str] = Field(default=[], description="The messages that it shows or comes from.")
    photo_id: str | None = Field(default=None, description="The picture that it shows.")

    @classmethod
    def of(cls, found: records.Recalled) -> Recalled:
        """Return what a search found as an answer."""
        return cls(
            id=found.id, kind=found.kind, text=found.text, time=found.time, score=found.score,
            turn_ids=list(found.turn_ids), photo_id=found.photo_id,
        )  # fmt: skip


class Step(BaseModel):
    """One step of the reasoning before a reply."""

    action: Literal["retrieve", "answer"] = Field(description="`retrieve`: it searched memory. `answer`: it wrote the reply.")
    think: str = Field(description="The thought.")
    query: str | None = Field(default=None, description="What it searched for.")
    start_time: str | None = Field(default=None, description="From when, as the model wrote it.")
    end_time: str | None = Field(default=None, description="Until when, as the model wrote it.")
    memory_ids: list[str] = Field(default=[], description="The ids of what was found.")


class ForgetEntry(BaseModel):
    """One thing that would be forgotten."""

    id: str = Field(description="Its id.")
    kind: str = Field(description="Its kind; also `reply`.")
    time: datetime = Field(description="When it was said.")
    text: str = Field(description="What it says.")


class ForgetOffer(BaseModel):
    """What a message asked to forget. Nothing is forgotten before the person says yes."""

    state: Literal["open", "done", "kept", "nothing"] = Field(
        description="`open`: it waits for an answer. `done`: it is forgotten. `kept`: the person said no. `nothing`: not found."
    )
    about: str = Field(description="What it is about, in the person's words.")
    subjects: list[str] = Field(description="The ids that one yes forgets.")
    entries: list[ForgetEntry] = Field(description="The first things that would be forgotten.")
    more: dict[str, int] = Field(description="How many more things of each kind would be forgotten.")
    undo_id: str | None = Field(default=None, description="The id that undoes it.")

    @classmethod
    def of(cls, offer: records.ForgetOffer) -> ForgetOffer:
        """Return a stored offer as an answer."""
        return cls(
            state=offer.state, about=offer.about, subjects=list(offer.subjects), more=offer.more, undo_id=offer.forgotten,
            entries=[ForgetEntry(**one.model_dump()) for one in offer.entries],
        )  # fmt: skip


class Scores(BaseModel):
    """Five personality scores from 1 to 5; 3 is neutral."""

    openness: float = Field(description="Curiosity.")
    conscientiousness: float = Field(description="Order and care.")
    extraversion: float = Field(description="Liveliness.")
    agreeableness: float = Field(description="Kindness.")
    neuroticism: float = Field(description="Worry.")

    @classmethod
    def of(cls, scores: records.BigFive) -> Scores:
        """Return stored scores as an answer."""
        return cls(**scores.model_dump())


class Trace(BaseModel):
    """How a reply came about."""

    steps: list[Step] = Field(description="The reasoning, step by step.")
    memories: list[Recalled] = Field(description="The memories that the reply could use.")
    personality: Scores | None = Field(description="The scores that the reply used; null: none were known.")
    timings_ms: dict[str, float] = Field(description="Milliseconds of each part.")
    notes: list[str] = Field(description="Remarks on the reply for the person.")
    forget: ForgetOffer | None = Field(description="What the message asked to forget, if it did.")

    @classmethod
    def of(cls, trace: records.Trace) -> Trace:
        """Return a stored trace as an answer."""
        return cls(
            steps=[
                Step(
                    action=one.action, think=one.think, query=one.query, start_time=one.start_time, end_time=one.end_time,
                    memory_ids=list(one.memory_ids),
                )
                for one in trace.steps
            ],
            memories=[Recalled.of(one) for one in trace.memories],
            personality=Scores.of(trace.personality) if trace.personality else None,
            timings_ms=trace.timings_ms,
            notes=list(trace.notes),
            forget=ForgetOffer.of(trace.forget) if trace.forget else None,
        )  # fmt: skip


class Turn(BaseModel):
    """A message of the person, and the reply to it."""

    id: str = Field(description="Its id.", examples=["tur_0123456789abcdef0123"])
    session: int | None = Field(description="The number of its conversation; null: off the record.")
    time: datetime = Field(description="When it was said, in the zone that it was said in.")
    text: str = Field(description="The message.")
    photo_ids: list[str] = Field(description="The pictures that came with it.")
    reply: str = Field(description="The reply; empty: there is none yet, or it was forgotten.")
    state: TurnState = Field(
        description="`received`: a reply is on its way. `answered`. `stopped`: the person stopped the reply. `failed`: there "
        "is none. `request`: the message asked to forget something. `forgotten`, `replaced`: it was while it was answered."
    )
    error: str | None = Field(description="Why there is no reply.")
    recorded: bool = Field(description="Whether it is in the journal; false: it was off the record.")
    pending: bool = Field(description="Whether it is not in memory yet.")
    pending_approval: str | None = Field(description=_PENDING)
    sensitive: str | None = Field(description=_SENSITIVE)
    corrected: list[str] = Field(description=_CORRECTED)
    trace: Trace | None = Field(default=None, description="How the reply came about; only for a single message.")

    @classmethod
    def of(cls, turn: records.Turn) -> Turn:
        """Return a message as an answer."""
        return cls(
            id=turn.id, session=turn.session or None, time=turn.time, text=turn.text, photo_ids=list(turn.images),
            reply=turn.reply, state=turn.state, error=turn.error, recorded=turn.seq > 0, pending=turn.pending,
            pending_approval=turn.held, sensitive=turn.sensitive, corrected=list(turn.corrected),
            trace=Trace.of(turn.trace) if turn.trace else None,
        )  # fmt: skip
