"""Answers the messages of the graph `chat` with a `PersonaService`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import TYPE_CHECKING

from app.api.chat import places
from app.events import Answered, Received
from graph.chat import FORGOTTEN
from graph.context import MessageOptions
from memory.core.records import TurnState
from memory.stores.threads import origin_of

if TYPE_CHECKING:
    from app.service import PersonaService
    from graph.chat import Asked
    from graph.events import ReplyEvent
    from memory.core.records import Turn
    from memory.photos.image_file import Picture


class ServiceReplies:
    """Journals and answers messages through a service: in order, and with its background work.

    Args:
        service: The service.
    """

    def __init__(self, service: PersonaService) -> None:
        self._service = service
        self.memory = service.memory

    def answer(self, asked: Asked) -> Iterator[ReplyEvent | Turn]:
        """Journal a message and yield its turn; then the events of the reply; and last the answered turn."""
        context, said = asked.context, asked.said
        options = MessageOptions(**{one.name: getattr(context, one.name) for one in fields(MessageOptions)})
        origin = None if context.off_the_record else self._origin(asked)
        pictures = said.pictures if said.pictures is not None else self._earlier_pictures(context.user_id, origin)
        unanswered = [one for one in said.unanswered if one.text != FORGOTTEN]
        text, earlier = places.with_unsaid(self.memory, context.user_id, unanswered, said.text, ())
        events = self._service.stream(
            context.user_id, text, [*earlier, *pictures], context.time, options=options, origin=origin
        )  # fmt: skip
        for event in events:
            yield event.turn if isinstance(event, Received | Answered) else event

    def stop(self, turn_id: str) -> None:
        """Stop a reply in progress; the part that was shown becomes the reply."""
        self._service.stop(turn_id)

    def _origin(self, asked: Asked) -> str:
        """Return the place of a message: after the message before it in its thread, or where its history leads to."""
        user_id, said = asked.context.user_id, asked.said
        if asked.thread is None:
            return places.origin(self.memory, user_id, "", said.history, said.text)
        return origin_of(user_id, asked.thread, said.before)

    def _earlier_pictures(self, user_id: str, origin: str | None) -> list[Picture]:
        """Return the pictures of the message that was at a place before: front ends send an edit without them."""
        before = self.memory.threads.at(user_id, origin) if origin else None
        if before is None or before.state is TurnState.FORGOTTEN:
            return []
        return [self.memory.photos.stored(user_id, one) for one in before.images]
