"""What the answers about memories consist of."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from memory.core import records
from memory.core.records import Episode, PhotoMemory, Procedure, SemanticMemory
from memory.storage.memory_rows import MemoryRecord

MemoryKind = Literal["core", "semantic", "episodic", "procedural", "photo"]
KINDS: tuple[MemoryKind, ...] = ("core", "semantic", "episodic", "procedural", "photo")
_KIND = "`core` (a profile line), `semantic` (a fact), `episodic` (a topic), `procedural` (a habit or goal) or `photo`."
SENSITIVE = "The sensitive topic, if it has one. A reply never mentions it unasked."
PENDING = "The sensitive topic while it needs approval; until then no reply uses it."
CORRECTED = "Later corrections by the person, as sentences."


class Memory(BaseModel):
    """Something that is remembered. Fields that a kind does not have are empty."""

    id: str = Field(description="Its id, also for editing and forgetting.", examples=["sem_0123456789abcdef0123"])
    kind: MemoryKind = Field(description=_KIND)
    text: str = Field(description="What is remembered.")
    time: datetime = Field(description="When it was said, in the zone that it was said in.")
    key: str | None = Field(default=None, description="The name of a profile line or a habit.")
    category: str | None = Field(default=None, description="What kind of thing a picture shows.")
    keywords: list[str] = Field(default=[], description="Words that find it.")
    turn_id: str | None = Field(
        default=None, description="The message that a fact or a picture comes from; null: a program stored it."
    )
    turn_ids: list[str] = Field(default=[], description="The messages of a topic.")
    session: int | None = Field(
        default=None,
        description="The conversation of a topic, or the one after which a line or a habit was written; null: the person "
        "wrote it.",
    )
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
    replaces: list[str] = Field(default=[], description="The older facts that it replaced.")
    same_as: str | None = Field(default=None, description="The older fact that it repeats.")
    strength: int = Field(default=1, description="How often it was said.")
    edited: bool = Field(default=False, description="Whether the person wrote the text; later rewrites then keep it.")
    sensitive: str | None = Field(default=None, description=SENSITIVE)
    pending_approval: str | None = Field(default=None, description=PENDING)
    corrected: list[str] = Field(default=[], description=CORRECTED)

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
                    **shared, kind="semantic", text=record.content, keywords=list(record.keywords),
                    turn_id=next(iter(record.turn_ids), None), photo_ids=list(record.photo_ids),
                    valid_until=record.valid_until, superseded_by=record.superseded_by,
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
