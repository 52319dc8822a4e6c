"""Replies while they come: each is followed in the background, so that a page can be redrawn without losing a word."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from app.events import AnswerDelta, Answered, Event, Received, Retrieving, Thinking
from app.events import Recalled as Found
from memory.core.errors import PersonaError
from memory.core.records import Recalled, Step, Turn
from memory.photos.image_file import Picture

if TYPE_CHECKING:
    from app.service import PersonaService


@dataclass(frozen=True)
class Switches:
    """What the person chose for their next messages."""

    off_the_record: bool = False
    force_retrieve: bool = False
    reasoning: bool = True
    zone: str | None = None
    """The browser's time zone."""
    personality: dict[str, float] | None = None
    """Scores for the next reply alone, set by hand."""


@dataclass(frozen=True)
class Progress:
    """How far a reply has come.

    Attributes:
        doing: What the model does, for a person to read; empty until it is heard of.
        steps: The looks into memory that are done or under way.
        memories: What they brought.
        think: The thought since the last look.
        answer: The reply so far.
        turn: The turn, once it is answered.
        error: Why there will be no reply.
    """

    doing: str = ""
    steps: tuple[Step, ...] = ()
    memories: tuple[Recalled, ...] = ()
    think: str = ""
    answer: str = ""
    turn: Turn | None = None
    error: PersonaError | None = None

    @property
    def finished(self) -> bool:
        """Say whether nothing more will come."""
        return self.turn is not None or self.error is not None


def advance(so_far: Progress, event: Event) -> Progress:
    """Return the progress after one more event."""
    match event:
        case Thinking(text):
            return replace(so_far, doing="Thinking", think=so_far.think + text)
        case Retrieving(query, start_time, end_time):
            look = Step(
                think=so_far.think.strip(), action="retrieve", query=query or None, start_time=start_time, end_time=end_time
            )
            # A model that answered where it was to look first begins its answer anew.
            return replace(so_far, doing="Looking into memory", steps=(*so_far.steps, look), think="", answer="")
        case Found(memories):
            *before, look = so_far.steps
            look = look.model_copy(update={"memory_ids": tuple(entry.id for entry in memories)})
            return replace(so_far, doing="Reading what it found", steps=(*before, look), memories=so_far.memories + memories)
        case AnswerDelta(text):
            return replace(so_far, doing="Writing", answer=so_far.answer + text)
        case Answered(turn):
            return replace(so_far, turn=turn)
        case Received():
            return so_far


class Live:
    """One reply that is being written; any number of pages may watch it, from its beginning.

    Args:
        turn: The message that is answered.
        after: The reply before it, which is written first.

    Attributes:
        turn: The message that is answered.
        began: When it was asked for, by the monotonic clock.
        progress: How far it is by now.
    """

    def __init__(self, turn: Turn, after: Live | None = None) -> None:
        self.turn = turn
        self._after = after
        self.began = time.monotonic()
        self.progress = Progress()
        self._changed = threading.Condition()

    @property
    def is_queued(self) -> bool:
        """Say whether the reply before it is being written yet."""
        if self._after is not None and self._after.progress.finished:
            self._after = None
        return self._after is not None

    def finished_within(self, seconds: float) -> bool:
        """Wait for its end, at most so long; says whether it came."""
        with self._changed:
            return self._changed.wait_for(lambda: self.progress.finished, seconds)

    def follow(self, events: Iterator[Event]) -> None:
        """Read the reply to its end."""
        try:
            for event in events:
                self._set(advance(self.progress, event))
        except PersonaError as error:
            self._set(replace(self.progress, error=error))

    def _set(self, progress: Progress) -> None:
        with self._changed:
            self.progress = progress
            self._changed.notify_all()


class Replies:
    """The replies of this process, whoever's page asked for them.

    Attributes:
        service: Writes them.
    """

    def __init__(self, service: PersonaService) -> None:
        self.service = service
        self._live: dict[str, Live] = {}

    def send(self, user_id: str, text: str, images: Sequence[Picture | bytes], switches: Switches) -> Live:
        """Send a message; it is journaled (or, off the record, taken) when this returns.

        Raises:
            PersonaError: The message cannot be taken.
        """
        events = self.service.stream(
            user_id,
            text,
            images,
            zone=switches.zone,
            force_retrieve=switches.force_retrieve,
            reasoning=switches.reasoning,
            off_the_record=switches.off_the_record,
            personality_override=switches.personality,
        )
        return self._start(_received(events), events)

    def again(self, user_id: str, turn_id: str) -> Live:
        """Answer the user's last message anew.

        Raises:
            PersonaError: It is not the last one any more.
        """
        events = self.service.answer_again(user_id, turn_id)
        return self._start(_received(events), events)

    def of(self, turn_id: str) -> Live | None:
        """Return the reply to a turn while it is being written, or when it failed."""
        return self._live.get(turn_id)

    def _start(self, turn: Turn, events: Iterator[Event]) -> Live:
        before = [one for one in list(self._live.values()) if one.turn.user_id == turn.user_id and not one.progress.finished]
        live = self._live[turn.id] = Live(turn, before[-1] if before else None)
        threading.Thread(target=self._follow, args=(live, events), name="persona-page", daemon=True).start()
        return live

    def _follow(self, live: Live, events: Iterator[Event]) -> None:
        live.follow(events)
        if live.progress.error is None:
            del self._live[live.turn.id]


def _received(events: Iterator[Event]) -> Turn:
    first = next(events)
    if not isinstance(first, Received):
        msg = "a reply begins with Received"
        raise TypeError(msg)
    return first.turn
