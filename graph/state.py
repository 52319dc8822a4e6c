"""Inputs and states of the graphs: small typed values; a photo is its id.

A thread keeps a state between its runs. Input values last for one step (`EphemeralValue`) where possible, so that a later
input does not see them; everything else is reset by the first node of each graph.
"""

from __future__ import annotations

import operator
from datetime import datetime
from typing import Annotated

from langgraph.channels import EphemeralValue

# pydantic makes Studio's forms from these types, and needs this TypedDict before Python 3.12.
from typing_extensions import TypedDict

from graph.formats.memory_formats import TopicLines
from memory.core.records import BigFive, PersonalityPoint, PhotoMemory, Recalled, SemanticMemory, Step, Turn
from memory.core.retry import Refused
from memory.core.usage import Usage
from memory.facts.acceptance import Changes
from memory.upcoming.agenda import Upcoming


class TurnInput(TypedDict, total=False):
    """The input of a turn."""

    text: Annotated[str, EphemeralValue]
    """The message."""
    images: Annotated[list[str], EphemeralValue]
    """Ids of stored photos."""
    turn_id: str
    """A turn that was journaled already; without one, the first node journals the message."""
    turn: Turn
    """The same as a whole turn; it may be off the record."""


class Request(TypedDict):
    """A search request; `output` is the model's round, word for word, or None for the search that begins a turn."""

    output: str | None
    think: str
    keywords: str
    start_time: str | None
    end_time: str | None
    warning: str | None


class Round(TypedDict):
    """One retrieval and its results, in time order; `widened`: the time window had no results and was left out."""

    output: str | None
    found: list[Recalled]
    widened: bool


class RecentTalk(TypedDict):
    """What the prompt shows of the last hour; the search leaves out exactly that."""

    turns: list[Turn]
    """In time order, text and reply as they are shown: the beginning and the end of long ones."""
    whole: list[str]
    """Ids of the turns that are shown whole."""
    parts: list[str]
    """Ids of the passages that are shown of the other turns; see `memory.core.passages`."""
    photos: list[str]
    """Ids of the photos that are shown or described."""
    left_out: bool
    """Whether turns of the hour are not shown at all."""


class RespondState(TurnInput, total=False):
    """What the reply is made from."""

    current: str
    """The id of the current turn: a different one in `turn` or `turn_id` was passed in by the caller."""
    edits: Annotated[str, EphemeralValue]
    """The turn whose message was edited from outside while its run was at a later node."""
    forget: str | None
    """`request`: it asks to forget something, or answers that question; `unsure`: it is only similar to such a message."""
    reasoning: bool
    """Whether the model thinks and may request retrievals; off: it answers directly from the first search."""
    profile: dict[str, str]
    personality: BigFive | None
    """The scores that the reply uses; None while no trait is known."""
    manner: list[str]
    """How to write for this person, in sentences; empty: nothing is known yet."""
    due: list[str]
    """What is coming up in the person's life, in sentences with dates; empty: nothing is mentioned."""
    coming: list[Upcoming]
    """The upcoming events that `due` was made from."""
    instructions: str
    """The client's instructions for this reply."""
    attached: str
    """The text that the client attached to the message."""
    language: str
    """Language of the reply, ISO 639-1; empty if unknown, or if the person may want another one."""
    recent: list[Turn]
    """The turns of the last hour."""
    talk: RecentTalk
    """What the prompt shows of these turns."""
    rounds: list[Round]
    """The retrievals so far."""
    request: Request | None
    """The retrieval that comes next."""
    steps: list[Step]
    reply: str | None
    stopped: bool
    timings_ms: dict[str, float]
    usage: Usage
    """The token counts of the model's calls in this turn."""


class RememberInput(TypedDict):
    """The turn to remember."""

    turn_id: str


class RememberState(RememberInput, total=False):
    """What one turn teaches about the person."""

    turn: Turn
    outputs: dict[str, str]
    """What the model wrote before the run was interrupted, by step."""
    refused: Refused
    """Its steps that are set aside or repeated."""
    recent: list[Turn]
    inferred: BigFive | None
    """None: this step is not repeated."""
    point: PersonalityPoint | None
    before: BigFive
    """The scores before the update."""
    memory: SemanticMemory | None
    photos: list[PhotoMemory]
    changes: Changes
    warnings: Annotated[list[str], operator.add]


class ConsolidateInput(TypedDict, total=False):
    """The session to consolidate; without a number, the user's newest."""

    session: Annotated[int | None, EphemeralValue]
    import_id: Annotated[str | None, EphemeralValue]


class ConsolidateState(ConsolidateInput, total=False):
    """The result of a session; None: leave the stored data as it is."""

    user_id: str
    """Whose session it is."""
    number: int
    """The session that the nodes work on; the last node returns it as `session`."""
    subject: str
    """The work's name in the queue: the session's number, or the import."""
    topics_alone: bool
    """Whether the session is of an import whose conversations are summarised, and no more."""
    sets_alone: bool
    """Whether the profile and the habits are made from a whole import."""
    turns: list[Turn]
    past: bool
    """Whether a session of a later time has been consolidated already."""
    again: bool
    """Whether this session has been consolidated before."""
    begun: datetime
    """When the session was loaded."""
    outputs: dict[str, str]
    """What the model wrote before the run was interrupted, by step."""
    refused: Refused
    """Its steps that are set aside or repeated."""
    refused_turns: frozenset[str]
    """Turns whose words the server refuses: the model does not see them."""
    topics: list[TopicLines]
    procedures: dict[str, str] | None
    profile: dict[str, str] | None
    warnings: Annotated[list[str], operator.add]


class PersonaState(RespondState, total=False):
    """One whole turn, for Studio and the evals."""

    remembered: bool
    consolidated: int | None
