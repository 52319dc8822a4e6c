"""Inputs and states of the graphs: small typed values; a photo is its id.

A thread keeps a state between its runs. What an input gives lasts for one step (`EphemeralValue`) where that can be, so that a
later input does not find it; everything else is reset by the first node of each graph.
"""

from __future__ import annotations

import operator
from datetime import datetime
from typing import Annotated

from langgraph.channels import EphemeralValue

# pydantic makes Studio's forms of these, and needs this one before Python 3.12.
from typing_extensions import TypedDict

from graph.formats.memory_formats import TopicLines
from memory.core.records import BigFive, PersonalityPoint, PhotoMemory, Recalled, SemanticMemory, Step, Turn
from memory.core.retry import Refused
from memory.core.usage import Usage
from memory.facts.acceptance import Changes
from memory.upcoming.agenda import Upcoming


class TurnInput(TypedDict, total=False):
    """What a turn begins with."""

    text: Annotated[str, EphemeralValue]
    """The message."""
    images: Annotated[list[str], EphemeralValue]
    """Ids of stored photos."""
    turn_id: str
    """A turn that was journaled already; without one, the first node journals the message."""
    turn: Turn
    """The same, as a whole: also one off the record."""


class Request(TypedDict):
    """What is asked of memory; `output` is the model's round, word for word, None for the search that begins a turn."""

    output: str | None
    think: str
    keywords: str
    start_time: str | None
    end_time: str | None
    warning: str | None


class Round(TypedDict):
    """One retrieval and what it brought, in time order; `widened`: the window held nothing and was left out."""

    output: str | None
    found: list[Recalled]
    widened: bool


class RecentTalk(TypedDict):
    """What the prompt shows of the last hour; the search leaves out just that."""

    turns: list[Turn]
    """In time order, text and reply as they are shown: of long ones, the beginning and the end."""
    whole: list[str]
    """Ids of the turns that are shown whole."""
    parts: list[str]
    """Ids of the passages that are shown of the others; see `memory.core.passages`."""
    photos: list[str]
    """Ids of the pictures that are shown or told of."""
    left_out: bool
    """Whether turns of the hour are not shown at all."""


class RespondState(TurnInput, total=False):
    """What the reply is made from."""

    current: str
    """The id of the turn that the nodes are at: another one in `turn` or `turn_id` was given by the caller."""
    edits: Annotated[str, EphemeralValue]
    """The turn whose message was changed from outside while its run was at a later node."""
    forget: str | None
    """`request`: it asks to forget something, or answers to that; `unsure`: it only sounds so."""
    reasoning: bool
    """Whether the model thinks and may ask for more; off: it answers directly from the first search."""
    profile: dict[str, str]
    personality: BigFive | None
    """The scores that the reply uses; None while nothing is known of any trait."""
    manner: list[str]
    """How to write for this person, in sentences; empty: nothing is known yet."""
    due: list[str]
    """What is coming up in the person's life, in sentences with dates; empty: nothing is brought up."""
    coming: list[Upcoming]
    """What that was made of."""
    language: str
    """ISO 639-1, of the reply; empty: not known, or the person may want another one."""
    recent: list[Turn]
    """The turns of the last hour."""
    talk: RecentTalk
    """What the prompt shows of them."""
    rounds: list[Round]
    """The retrievals so far."""
    request: Request | None
    """The retrieval that comes next."""
    steps: list[Step]
    reply: str | None
    stopped: bool
    timings_ms: dict[str, float]
    usage: Usage
    """What the model's calls of this turn came to."""


class RememberInput(TypedDict):
    """The turn to remember."""

    turn_id: str


class RememberState(RememberInput, total=False):
    """What one turn teaches."""

    turn: Turn
    outputs: dict[str, str]
    """By step, what the model wrote before the run was broken off."""
    refused: Refused
    """Its steps that are set aside, or done again."""
    recent: list[Turn]
    inferred: BigFive | None
    """None: that is not done again."""
    point: PersonalityPoint | None
    before: BigFive
    """The scores that it was made from."""
    memory: SemanticMemory | None
    photos: list[PhotoMemory]
    changes: Changes
    warnings: Annotated[list[str], operator.add]


class ConsolidateInput(TypedDict, total=False):
    """The session to consolidate; without a number, the user's newest."""

    session: Annotated[int | None, EphemeralValue]


class ConsolidateState(ConsolidateInput, total=False):
    """What a session amounts to; None: leave it as it is."""

    user_id: str
    """Whose session it is."""
    number: int
    """The session that the nodes are at; the last node tells it as `session`."""
    turns: list[Turn]
    past: bool
    """A session of a later time has been consolidated already."""
    again: bool
    """This one has been consolidated before."""
    begun: datetime
    """When the session was read."""
    outputs: dict[str, str]
    """By step, what the model wrote before the run was broken off."""
    refused: Refused
    """Its steps that are set aside, or done again."""
    unread: frozenset[str]
    """Turns whose words the server refuses: the model is not told of them."""
    topics: list[TopicLines]
    procedures: dict[str, str] | None
    profile: dict[str, str] | None
    warnings: Annotated[list[str], operator.add]


class PersonaState(RespondState, total=False):
    """One whole turn, as Studio and the evals see it."""

    remembered: bool
    consolidated: int | None
