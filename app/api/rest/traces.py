"""What the answers about messages and their replies consist of."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from app.api.rest.models import CORRECTED, PENDING, SENSITIVE, Recalled, Scores
from memory.core import records, usage
from memory.core.records import TurnState
from memory.upcoming.agenda import left_to_tell


class Step(BaseModel):
    """One step of the reasoning before a reply."""

    action: Literal["retrieve", "answer"] = Field(description="`retrieve`: it searched memory. `answer`: it wrote the reply.")
    think: str = Field(description="The thought.")
    query: str | None = Field(default=None, description="What it searched for.")
    start_time: str | None = Field(default=None, description="From when, as the model wrote it.")
    end_time: str | None = Field(default=None, description="Until when, as the model wrote it.")
    memory_ids: list[str] = Field(default=[], description="The ids of what was found.")
    warning: str | None = Field(default=None, description="What went wrong in this step, and what was done instead.")

    @classmethod
    def of(cls, step: records.Step) -> Step:
        """Return a stored step as an answer."""
        return cls(
            action=step.action, think=step.think, query=step.query, start_time=step.start_time, end_time=step.end_time,
            memory_ids=list(step.memory_ids), warning=step.warning,
        )  # fmt: skip


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
    guessed: bool = Field(description="Whether it is only a guess: no message has the person's words, this is the nearest.")
    entries: list[ForgetEntry] = Field(description="The first things that would be forgotten.")
    more: dict[str, int] = Field(description="How many more things of each kind would be forgotten.")
    undo_id: str | None = Field(default=None, description="The id that undoes it.")

    @classmethod
    def of(cls, offer: records.ForgetOffer) -> ForgetOffer:
        """Return a stored offer as an answer."""
        return cls(
            state=offer.state, about=offer.about, subjects=list(offer.subjects), guessed=offer.guessed, more=offer.more,
            undo_id=offer.forgotten,
            entries=[ForgetEntry(**one.model_dump()) for one in offer.entries],
        )  # fmt: skip


class Usage(BaseModel):
    """What the model calls of a reply took."""

    prompt_tokens: int = Field(description="Tokens in the prompts.")
    completion_tokens: int = Field(description="Tokens that the model wrote, its thoughts included.")
    total_tokens: int = Field(description="The sum of both.")
    calls: int = Field(description="The number of model calls.")
    seconds: float = Field(description="From the message to the end of the reply.")
    first_word_seconds: float | None = Field(description="From the message to the first word; null: there was none.")
    estimated: bool = Field(description="Whether some tokens were not counted by the model server but estimated from the text.")

    @classmethod
    def of(cls, taken: usage.Usage) -> Usage:
        """Return a stored usage as an answer."""
        return cls(**taken.model_dump())


class Trace(BaseModel):
    """How a reply came about."""

    steps: list[Step] = Field(description="The reasoning, step by step.")
    memories: list[Recalled] = Field(description="The memories that the reply could use.")
    personality: Scores | None = Field(description="The scores that the reply used; null: none were known.")
    timings_ms: dict[str, float] = Field(description="Milliseconds of each part.")
    usage: Usage | None = Field(description="What the model calls took; null: it is not known.")
    notes: list[str] = Field(description="Remarks on the reply for the person.")
    coming_up: list[str] = Field(description="Reminders for the person that the reply does not have, as sentences.")
    forget: ForgetOffer | None = Field(description="What the message asked to forget, if it did.")

    @classmethod
    def of(cls, trace: records.Trace) -> Trace:
        """Return a stored trace as an answer."""
        return cls(
            steps=[Step.of(one) for one in trace.steps],
            memories=[Recalled.of(one) for one in trace.memories],
            personality=Scores.of(trace.personality) if trace.personality else None,
            timings_ms=trace.timings_ms,
            usage=Usage.of(trace.usage) if trace.usage else None,
            notes=list(trace.notes),
            coming_up=left_to_tell(trace),
            forget=ForgetOffer.of(trace.forget) if trace.forget else None,
        )


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
    pending_approval: str | None = Field(description=PENDING)
    sensitive: str | None = Field(description=SENSITIVE)
    corrected: list[str] = Field(description=CORRECTED)
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
