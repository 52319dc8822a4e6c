"""Replies in progress. A background thread reads each one, so a page can be redrawn without losing text."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from app.events import AnswerDelta, Answered, Event, Received, Retrieving, Thinking
from app.events import Recalled as Found
from graph.context import MessageOptions
from memory.core.errors import PersonaError
from memory.core.records import Recalled, Step, Turn
from memory.photos.image_file import Picture

if TYPE_CHECKING:
    from app.service import PersonaService


@dataclass(frozen=True)
class Progress:
    """The state of a reply in progress.

    Attributes:
        doing: The current activity, shown on the page; empty before the first event.
        steps: The retrieval rounds so far, the current one included.
        memories: The memories that these rounds found.
        think: The thought since the last retrieval round.
        answer: The reply so far.
        turn: The answered turn; None before that.
        error: The reason why the reply failed.
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
        """Return whether the reply is complete or has failed."""
        return self.turn is not None or self.error is not None


def advance(so_far: Progress, event: Event) -> Progress:
    """Return the progress after one more event."""
    match event:
        case Thinking(text):
            return replace(so_far, doing="Thinking", think=so_far.think + text)
        case Retrieving(query, start_time, end_time):
            round_ = Step(
                think=so_far.think.strip(), action="retrieve", query=query or None, start_time=start_time, end_time=end_time
            )
            # A model that answered before it asked for a search starts its answer again.
            return replace(so_far, doing="Searching memory", steps=(*so_far.steps, round_), think="", answer="")
        case Found(memories):
            *before, round_ = so_far.steps
            round_ = round_.model_copy(update={"memory_ids": tuple(entry.id for entry in memories)})
            return replace(so_far, doing="Reading the results", steps=(*before, round_), memories=so_far.memories + memories)
        case AnswerDelta(text):
            return replace(so_far, doing="Writing", answer=so_far.answer + text)
        case Answered(turn):
            return replace(so_far, turn=turn)
        case Received():
            return so_far


class Live:
    """One reply in progress; any number of pages can watch it.

    Args:
        turn: The message that is answered.
        after: The previous reply, which is written first.

    Attributes:
        turn: The message that is answered.
        began: The time of the request on the monotonic clock.
        progress: The current progress.
    """

    def __init__(self, turn: Turn, after: Live | None = None) -> None:
        self.turn = turn
        self._after = after
        self.began = time.monotonic()
        self.progress = Progress()
        self._changed = threading.Condition()

    @property
    def is_queued(self) -> bool:
        """Return whether the previous reply is still being written."""
        if self._after is not None and self._after.progress.finished:
            self._after = None
        return self._after is not None

    def finished_within(self, seconds: float) -> bool:
        """Wait for the end of the reply, at most `seconds`; return whether it came."""
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
    """All replies in progress in this process, for every page.

    Attributes:
        service: The service that writes the replies.
    """

    def __init__(self, service: PersonaService) -> None:
        self.service = service
        self._live: dict[str, Live] = {}

    def send(
        self, user_id: str, text: str, images: Sequence[Picture | bytes], options: MessageOptions, zone: str | None = None
    ) -> Live:
        """Send a message; it is in the journal when this returns (off the record: accepted).

        Raises:
            PersonaError: The message is not accepted.
        """
        events = self.service.stream(
            user_id,
            text,
            images,
            zone=zone,
            options=options,
        )
        return self._start(_received(events), events)

    def again(self, user_id: str, turn_id: str) -> Live:
        """Write a new reply to the user's last message.

        Raises:
            PersonaError: The message is no longer the last one.
        """
        events = self.service.answer_again(user_id, turn_id)
        return self._start(_received(events), events)

    def of(self, turn_id: str) -> Live | None:
        """Return the reply to a turn if it is in progress or has failed."""
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
