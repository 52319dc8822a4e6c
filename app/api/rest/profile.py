"""The profile, what is coming up, and what is remembered in numbers."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from app.api.rest.inputs import Text
from app.api.rest.models import Memory
from app.api.rest.paging import Page
from app.api.rest.person import Me, failures
from app.api.rest.related import memories_of, memory_of
from memory.core import clock
from memory.upcoming.agenda import DAYS, away, when
from memory.upcoming.agenda import Upcoming as Entry

router = APIRouter(tags=["profile"])


class Known(BaseModel):
    """The person whose memory this is, in numbers."""

    user: str = Field(description="The person: that of the API key, or the one that the request names.")
    counts: dict[str, int] = Field(description="The number of memories of each kind, and of messages (`turn`).")


class Line(BaseModel):
    """A line of the profile in the person's own words."""

    model_config = ConfigDict(extra="forbid", strict=True)

    key: Text = Field(description="The name of the line; upper and lower case are the same.", examples=["home"])
    value: Text = Field(description="What it says; both together at most 2,000 characters.", examples=["Oslo"])


class Upcoming(BaseModel):
    """Something that the person mentioned and that is coming up."""

    id: str = Field(description="The id of the message or the fact that says so.")
    kind: Literal["turn", "semantic"] = Field(description="`turn`: a message. `semantic`: a fact.")
    day: date = Field(description="The day, or the first day of a period.")
    last: date = Field(description="The last day of a period; otherwise the same day.")
    hour: str | None = Field(description="The time of day, HH:MM; null: not given.")
    days: int = Field(description="Days from today; negative: the period has begun.")
    when: str = Field(description="The day in words.")
    away: str = Field(description="The distance in words.")
    text: str = Field(description="The sentence that says so, word for word.")
    time: datetime = Field(description="When it was said.")
    yearly: bool = Field(description="Whether it comes every year.")
    about: bool = Field(description="Whether the day is only approximate.")
    sensitive: bool = Field(description="Whether it is sensitive; no reply then mentions it unasked.")
    mentioned: bool = Field(description="Whether a reply has already reminded of this.")
    turn_id: str = Field(description="The message in which it was said.")

    @classmethod
    def of(cls, one: Entry) -> Upcoming:
        """Return an entry of the agenda as an answer."""
        return cls(**one.model_dump(exclude={"sources"}), when=when(one), away=away(one))


@router.get("/me", summary="Whose memory this is", operation_id="get_me", responses=failures())
def get_me(me: Me) -> Known:
    """Return the person that requests with this key are about, and how much is remembered."""
    return Known(user=me.id, counts=me.memory.browse.counts(me.id))


@router.get("/profile", summary="Get the profile", operation_id="get_profile", responses=failures())
def get_profile(me: Me) -> Page[Memory]:
    """List the lines of the profile, the name first. All lines are on one page."""
    lines = sorted(me.memory.memories.profile(me.id).entries, key=lambda line: line.key != "name")
    return Page(items=memories_of(me, lines), total=len(lines))


@router.put("/profile", summary="Set a line of the profile", operation_id="set_profile_line", responses=failures())
def set_profile_line(me: Me, line: Line) -> Memory:
    """Set one line to what the person wrote. The assistant never changes such a line."""
    key = " ".join(line.key.split()).lower()
    return memory_of(me, me.memory.set_profile(me.id, key, line.value.strip(), me.now()))


@router.get("/upcoming", summary="What is coming up", operation_id="list_upcoming", responses=failures())
def list_upcoming(
    me: Me,
    days: Annotated[int, Query(ge=0, le=3_660, description="How many days ahead; 0 is today.")] = DAYS,
    zone: Annotated[
        str | None, Query(description="The person's time zone, which decides what today is.", examples=["Europe/Berlin"])
    ] = None,
) -> Page[Upcoming]:
    """List upcoming events that the person mentioned, nearest first. All are on one page."""
    found = me.memory.dates.upcoming(me.id, clock.now(zone), days)
    return Page(items=[Upcoming.of(one) for one in found], total=len(found))
