"""Personality: the scores known so far, their history, pin, unpin and reset."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from app.api.rest.models import Scores
from app.api.rest.paging import Cursor, Limit, Page, page_by_number
from app.api.rest.person import Me, failures
from graph.prompts import manner
from memory.core.records import TRAITS, PersonalityPoint

router = APIRouter(tags=["personality"])

Trait = Annotated[str, Path(description=f"One of {', '.join(TRAITS)}.", examples=["openness"])]


class TraitState(BaseModel):
    """One trait."""

    trait: str = Field(description="Its name.", examples=["openness"])
    score: float | None = Field(description="From 1 to 5; null: too early to tell, since a score needs several messages.")
    pinned: bool = Field(description="Whether the person set the score; messages then do not change it.")
    shown_by: int = Field(description="How many of the newest messages showed the trait.")


class Personality(BaseModel):
    """The personality as replies use it."""

    traits: list[TraitState] = Field(description="The five traits.")
    manner: list[str] = Field(description="How replies are written for this person, as the model is told.")
    time: datetime | None = Field(description="When the newest message was judged, or the person set a score; null: never.")


class Point(BaseModel):
    """One change of the scores."""

    time: datetime = Field(description="When.")
    cause: Literal["turn", "reset", "pin"] = Field(description="`turn`: a message. `pin`, `reset`: the person.")
    turn_id: str | None = Field(description="The message that changed them.")
    scores: Scores = Field(description="The scores afterwards, also of traits that are not known yet.")
    inferred: Scores | None = Field(description="What the words of the message alone suggest; 3: no evidence.")
    messages: int = Field(description="The number of remembered messages before it, since the last reset.")
    pinned: list[str] = Field(description="The traits that are pinned.")

    @classmethod
    def of(cls, point: PersonalityPoint) -> Point:
        """Return a point of the personality timeline as an answer."""
        return cls(
            time=point.time, cause=point.cause, turn_id=point.turn_id, scores=Scores.of(point.scores), messages=point.m,
            inferred=Scores.of(point.inferred) if point.inferred else None, pinned=list(point.pinned),
        )  # fmt: skip


class Pin(BaseModel):
    """The score that a trait is pinned at."""

    model_config = ConfigDict(extra="forbid", strict=True)

    score: float = Field(description="From 1 to 5.", examples=[4.0], json_schema_extra={"minimum": 1, "maximum": 5})


@router.get("/personality", summary="The scores known so far", operation_id="get_personality", responses=failures())
def get_personality(me: Me) -> Personality:
    """Return the five traits, and how replies are written for this person."""
    evidence = me.memory.personality.evidence(me.id)
    known = manner.known(evidence)
    pinned = evidence.point.pinned if evidence.point else ()
    return Personality(
        traits=[
            TraitState(
                trait=trait, score=known.get(trait), pinned=trait in pinned, shown_by=manner.shown_by(evidence, trait)
            )
            for trait in TRAITS
        ],
        manner=manner.lines(evidence),
        time=evidence.point.time if evidence.point else None,
    )  # fmt: skip


@router.get("/personality/history", summary="All changes", operation_id="list_personality_history", responses=failures())
def list_personality_history(me: Me, limit: Limit = 50, cursor: Cursor = "") -> Page[Point]:
    """List all changes of the scores, oldest first."""
    points = me.memory.personality.history(me.id)
    page = page_by_number(points, cursor, limit)
    return Page(items=[Point.of(point) for point in page.items], total=page.total, next=page.next)


@router.post("/personality/reset", summary="Reset all traits", operation_id="reset_personality", responses=failures())
def reset_personality(me: Me) -> Point:
    """Reset all traits to 3.0, with nothing pinned."""
    return Point.of(me.memory.personality.reset(me.id, me.now()))


@router.put("/personality/{trait}", summary="Pin a trait", operation_id="pin_trait", responses=failures())
def pin_trait(me: Me, trait: Trait, pin: Pin) -> Point:
    """Set a score that messages do not change."""
    return Point.of(me.memory.personality.pin(me.id, trait, pin.score, me.now()))


@router.delete("/personality/{trait}", summary="Unpin a trait", operation_id="unpin_trait", responses=failures())
def unpin_trait(me: Me, trait: Trait) -> Point:
    """Let messages change the trait again."""
    return Point.of(me.memory.personality.pin(me.id, trait, None, me.now()))
