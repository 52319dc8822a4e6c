"""PersonaService: replies as a stream of events, and the background work that follows them."""

from __future__ import annotations

import atexit
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext, suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Self

from app import backlog
from app.background_steps import BackgroundSteps
from app.events import Answered, Deliver, Event, Received, events_of
from app.graph_loading import Loading, Models
from app.importing_jobs import ImportJobs
from app.operations.replies import ReplyWatch
from app.operations.request_ids import carried
from app.reply_order import Place
from app.user_queue import UserQueue
from app.worker import Worker
from graph import forget_replies, forgetting
from graph.beginning import in_a_sentence, unrecorded
from graph.calls.asking import stream_text
from graph.calls.tally import Tally
from graph.context import Context, MessageOptions
from graph.events import sending_to
from graph.formats.thoughts import without_thought
from memory.core import clock
from memory.core.errors import InvalidInput, ModelRefused, ModelUnavailable, PersonaError, StorageError
from memory.core.priority import replying
from memory.core.records import Turn, WorkItem
from memory.core.validation import check_text, check_user, user_name
from memory.memory import Memory
from memory.photos.image_file import Picture, picture_of

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

    from app.models.background_fetch import Fetching
    from app.settings import Settings
    from memory.core.usage import Usage
    from memory.storage.work_queue import Backlog

_log = logging.getLogger(__name__)
_leaving = logging.getLogger("app.leaving")  # A program that reports unfinished work itself can silence it.
_MAX_CONCURRENT_REPLIES = 256
_REMOTE_WORKERS = 128
"""A remote server takes many calls at once; of a hundred active users, two thirds have a turn in background work."""
_CLOSE_TIMEOUT_S = 10.0
_COMPLETION_TOKENS = 512
_DEFAULT_OPTIONS = MessageOptions()
_ENDING = "The program is ending. The message is saved; send it again."


class PersonaService:
    """The assistant for all users of one data folder.

    Args:
        memory: The memory; closed with the service.
        models: The chat models; closed with the service.
        work: Start background threads. If off, work stays pending until `wait` is called or another program opens the folder.

    Attributes:
        steps: Does the steps of background work, and says how long those that are left will take.
        watch: Tells observers what becomes of replies.

    Example:
        >>> with PersonaService.from_settings() as service:
        ...     *_, answered = service.stream("ada", "When does my quartet rehearse?")
        >>> answered.turn.reply
        'On Thursdays at seven.'
    """

    def __init__(self, memory: Memory, models: Models, *, work: bool = True) -> None:
        self.memory = memory
        self.models = models
        self.watch = ReplyWatch()
        self._lines = UserQueue(_MAX_CONCURRENT_REPLIES)
        self._stops, self._running = set[str](), set[str]()
        self._lock = threading.Lock()
        self._closed = False
        self._loading = Loading(models, memory, lambda turn_id: turn_id in self._stops)
        self._talked: dict[str, Backlog | None] = {}
        self.steps = BackgroundSteps(memory, models, lambda: self._loading.graphs(lambda: self._closed))
        self._worker = Worker(memory, self.steps.do, 1 if models.priority else _REMOTE_WORKERS)
        self.importing = ImportJobs(memory, self.journaled)
        if work:
            self._worker.start()

    @classmethod
    def from_settings(cls, settings: Settings | None = None, *, work: bool = True, fetching: Fetching | None = None) -> Self:
        """Open the service as the settings say.

        Args:
            settings: The settings; those of the environment when None.
            work: Start background threads.
            fetching: Downloads a missing chat model on first use; None: a missing model is an error.

        Raises:
            PersonaError: The data folder is in use, or a store cannot be opened.
        """
        from app.factory import build_memory
        from app.models.model_server import ModelServer
        from app.settings import Settings

        settings = settings or Settings()
        service = cls(build_memory(settings), ModelServer(settings, fetching), work=work)
        # Also for programs that do not close the service: the shown part of a running reply is saved.
        atexit.register(service.close)
        return service

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def stream(
        self,
        user_id: str,
        text: str,
        images: Sequence[Picture | bytes | str | Path] = (),
        time: str | datetime | None = None,
        *,
        zone: str | None = None,
        options: MessageOptions = _DEFAULT_OPTIONS,
        origin: str | None = None,
    ) -> Iterator[Event]:
        """Send a message and return the reply as events. The message is in the journal before this returns.

        The reply is completed even if the events are not read; `stop` ends it early.

        Args:
            user_id: The user.
            text: The message, at most 20,000 characters.
            images: Picture files, their bytes, or results of `read_picture`.
            time: Time of the message; now when None.
            zone: Time zone of `time` if it names none, and of the current time; None: this machine's.
            options: How the message is answered, for example off the record.
            origin: The message's place in a conversation of another program; see `memory.stores.threads.origin_of`. The same
                words at the same place are answered again, and other words replace those that were there.

        Raises:
            PersonaError: Before the first event: the message was not accepted. During the events: the reply failed, and the
                message is saved as unanswered.

        Example:
            >>> for event in service.stream("ada", "When does my quartet rehearse?"):
            ...     match event:
            ...         case Recalled(memories):
            ...             print("Recalled", len(memories))
            ...         case AnswerDelta(text):
            ...             print(text, end="")
            Recalled 1
            On Thursdays at seven.
        """
        return events_of(
            lambda deliver: self.start(deliver, user_id, text, images, time, zone=zone, options=options, origin=origin)
        )

    def start(
        self,
        deliver: Deliver,
        user_id: str,
        text: str,
        images: Sequence[Picture | bytes | str | Path] = (),
        time: str | datetime | None = None,
        *,
        zone: str | None = None,
        options: MessageOptions = _DEFAULT_OPTIONS,
        origin: str | None = None,
        arrived: datetime | None = None,
    ) -> Turn:
        """Send a message, return it as a turn, and pass the events of its reply to a function, in threads.

        Args:
            deliver: Takes each event; the last one is `Answered`, or the error why there is no reply. It must not block.
            user_id: The user.
            text: As in `stream`.
            images: As in `stream`.
            time: As in `stream`.
            zone: As in `stream`.
            options: As in `stream`.
            origin: As in `stream`.
            arrived: When the request came, if its client may have repeated it on another host; see `Threads.say`.
        """
        self._check_open()
        user_id = check_user(user_id)
        check_text(text, len(images))
        stamp = clock.parse_time(time, zone) if isinstance(time, str) else time
        pictures = [picture_of(image) for image in images]
        topic = None if options.off_the_record else self.memory.consent.unkept(user_id, text)
        if topic is not None:
            options = replace(options, off_the_record=True)
        context = Context.of(options, user_id, stamp.isoformat() if stamp else None)
        if options.off_the_record:
            photo_ids = [self.memory.photos.hold(user_id, picture) for picture in pictures]
            turn = unrecorded(user_id, text, photo_ids, stamp or clock.now(zone), topic)
        else:
            with replying():
                turn = self.memory.receive(user_id, text, pictures, time=stamp, zone=zone, origin=origin, arrived=arrived)
        return self._submit(turn, context, deliver)

    def complete(self, messages: Sequence[BaseMessage], unwanted: Callable[[], bool]) -> tuple[str, Usage]:
        """Let the model answer a front end's own messages, such as for a title; no memory is used, and nothing is saved.

        Someone waits for the answer, so background work gives way to it.

        Returns:
            The text without the model's thought, and what it took. It ends early once `unwanted` returns true.
        """
        self._check_open()
        self._loading.graphs(lambda: self._closed)
        tally = Tally()
        ends: Callable[[], bool] = lambda: self._closed or unwanted()  # noqa: E731 - of this call alone
        with self.models.priority.reply() if self.models.priority else nullcontext():
            most, chat = _COMPLETION_TOKENS, self.models.chat()
            chunks = stream_text(chat, messages, grammar=None, max_tokens=most, unwanted=ends, tally=tally)
            return without_thought("".join(takewhile(lambda _: not ends(), chunks))).strip(), tally.usage

    def answer_again(self, user_id: str, turn_id: str) -> Iterator[Event]:
        """Write a new reply to the user's last message, after a failure or on request.

        Raises:
            PersonaError: The message belongs to another user, or is no longer the last one.
        """
        return events_of(lambda deliver: self.start_again(deliver, user_id, turn_id))

    def start_again(self, deliver: Deliver, user_id: str, turn_id: str) -> Turn:
        """Write a new reply as `answer_again` does, pass its events to a function as `start` does, and return the new turn."""
        self._check_open()
        last = self.memory.journal.turn(turn_id)
        if last.user_id != user_name(user_id):
            raise InvalidInput("That message belongs to another user.")
        return self._submit(self.memory.journal.replace(turn_id), Context(user_id=user_id), deliver)

    def forget_offered(self, turn: Turn) -> str:
        """Do the forgetting that was offered (`turn.trace.forget`) and is now confirmed; return what to tell the person.

        Raises:
            PersonaError: The offer was answered before, or everything in it is already gone.
        """
        self._check_open()
        return forgetting.confirm(turn, self.memory)[0]

    def keep_offered(self, turn: Turn) -> str:
        """Keep what the assistant offered to forget; return the sentence to show."""
        self._check_open()
        if turn.seq:
            self.memory.offers.keep(turn)
        return forget_replies.kept(turn.trace.forget if turn.trace is not None else None)

    def stop(self, turn_id: str | None = None) -> bool:
        """Stop a reply in progress, or all: the part that was shown becomes the reply. Return whether any was in progress."""
        with self._lock:
            stopped = self._running & ({turn_id} if turn_id is not None else self._running)
            self._stops |= stopped
            return bool(stopped)

    def wait(self, user_id: str | None = None, on_done: Callable[[WorkItem], None] | None = None) -> int:
        """Do all pending background work of one user or of all users now, and return the number of steps when it is done.

        Raises:
            PersonaError: The model does not answer; the rest stays pending.
        """
        return self._worker.drain(None if user_id is None else user_name(user_id), on_done)

    def prepare(self, user_id: str) -> None:
        """Load the embedded model in the background and let it process the start of this user's next prompt.

        The first reply then comes sooner. Only the first call has an effect; a model on a server is not affected.
        """
        self.greet(user_id)
        self._loading.read_ahead(user_name(user_id), lambda: bool(self._running), lambda: self._closed)

    @property
    def waits_for(self) -> str:
        """Return why replies must wait: the embedded model is loading or downloading. Empty if nothing is loading."""
        return self._loading.waits_for

    def retry(self, user_id: str | None = None) -> int:
        """Put the set-aside steps of one user, or of all users, back into the work queue; return how many there were."""
        steps = self.memory.refusals.retry(user_id)
        self._worker.notify(user_id)
        return steps

    def backlog(self, user_id: str) -> Backlog:
        """Return how many of a user's messages are not in memory yet. After `close`, only the users of this run are known."""
        left = self._talked.setdefault(user_name(user_id), None)
        return self.memory.work.backlog(user_name(user_id)) if left is None else left

    def announce(self) -> None:
        """Let `waits_for` say that the embedded model is loading, even before `prepare` or a message starts to load it."""
        self._loading.announce()

    def greet(self, user_id: str) -> None:
        """Register a user, so that `farewell` also counts their unfinished work of earlier days."""
        with self._lock:
            if not self._closed:
                self._talked.setdefault(user_name(user_id), None)

    def journaled(self, user_id: str) -> None:
        """Start the background work of a message that was journaled without a reply of this service."""
        self.greet(user_id)
        self._worker.notify(user_name(user_id))

    @property
    def writes(self) -> bool:
        """Return whether a reply is in progress."""
        return bool(self._running)

    def farewell(self) -> str:
        """Return a sentence about the registered users' messages that are not in memory yet; empty if there are none."""
        return backlog.farewell([self.backlog(user_id) for user_id in list(self._talked)])

    def close(self) -> None:
        """Stop running replies (the shown part is saved), finish the running step and quick steps; the rest stays pending."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            self._stops |= self._running
        atexit.unregister(self.close)
        if not self._lines.close(_CLOSE_TIMEOUT_S):
            _log.warning("a reply did not end in time; its message is kept as unanswered")
        self.importing.close()
        self._worker.settle()
        self.models.wind_down()
        self._worker.close()
        self._loading.close(_CLOSE_TIMEOUT_S)
        self.models.close()
        with suppress(PersonaError):
            self._talked = {user_id: self.memory.work.backlog(user_id) for user_id in self._talked}
        self.memory.close()
        if left := backlog.farewell([one for one in self._talked.values() if one is not None]):
            _leaving.warning(left)

    def _check_open(self) -> None:
        if self._closed:
            raise StorageError("This service is closed. Open another one: PersonaService.from_settings().")

    def _submit(self, turn: Turn, context: Context, deliver: Deliver) -> Turn:
        """Queue the reply to a turn, or to a new turn in its place if its reply is in progress; return the turn."""
        while not self._begins(turn.id):
            # A client gave up and asked again. With one turn for both, the end of its first call would stop the second reply.
            self.stop(turn.id)
            turn = self.memory.threads.repeat(turn.id)
        if not context.off_the_record:
            self.greet(turn.user_id)
        reply = self.watch.reply(deliver)
        reply(Received(turn))
        place = Place(self.memory, turn, lambda: self._closed)
        run = carried(reply.around(lambda: self._reply(turn, context, reply, place)))
        self._lines.submit(turn.user_id, place.job(run))
        return turn

    def _begins(self, turn_id: str) -> bool:
        """Note that the reply to a turn is in progress; return whether it was not before."""
        with self._lock:
            was_running = turn_id in self._running
            self._running.add(turn_id)
            return not was_running

    def _reply(self, turn: Turn, context: Context, deliver: Deliver, place: Place) -> None:
        if self._closed:
            # Nothing was shown, so the message stays unanswered until the next start.
            deliver(StorageError(_ENDING))
            return
        try:
            with place.held(), replying(), self.models.priority.reply() if self.models.priority else nullcontext():
                graph = self._loading.graphs(lambda: self._closed or turn.id in self._stops, for_reply=True)[0]
                answer = partial(graph.invoke, config=sending_to(place.noting(deliver)), context=context)
                done = place.reply(deliver, lambda now: answer({"turn": now, "turn_id": now.id})["turn"])
        except Exception as error:  # noqa: BLE001 - it is raised to the reader of the events
            deliver(self._failed(turn, context, error))
        else:
            deliver(Answered(done))
        finally:
            with self._lock:
                self._running, self._stops = self._running - {turn.id}, self._stops - {turn.id}
            self._worker.notify(turn.user_id)

    def _failed(self, turn: Turn, context: Context, error: Exception) -> Exception:
        """Mark the turn as failed, and return the error with one sentence."""
        # A call that breaks off because the program ends says nothing about the model server.
        cut_off = self._closed and isinstance(error, ModelUnavailable) and not isinstance(error, ModelRefused)
        said = StorageError(_ENDING) if cut_off else in_a_sentence(error)
        if not context.off_the_record:
            try:
                self.memory.journal.fail(turn.id, said.message)
            except PersonaError as second:
                _log.warning("an unanswered turn could not be marked (%s)", second.code)
        said.__cause__ = error.__cause__ if said is error else error
        return said
