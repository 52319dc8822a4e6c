"""PersonaService: replies as a stream of events, and the background work that follows them."""

from __future__ import annotations

import atexit
import logging
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from app import backlog
from app.events import AnswerDelta, Answered, Event, Recalled, Received, Retrieving, Thinking
from app.graph_loading import Loading, Models
from app.user_queue import UserQueue
from app.worker import Worker
from graph import forget_replies, forgetting
from graph.beginning import in_a_sentence, unrecorded
from graph.context import Context
from graph.events import told_to
from memory.core import clock
from memory.core.errors import InvalidInput, PersonaError, StorageError
from memory.core.priority import replying
from memory.core.records import HIGHEST, LOWEST, TRAITS, Turn, WorkItem
from memory.core.validation import check_text, check_user, user_name
from memory.memory import Memory
from memory.photos.image_file import MAX_BYTES, Picture, read_picture

if TYPE_CHECKING:
    from app.models.background_fetch import Fetching
    from app.settings import Settings
    from memory.storage.work_queue import Backlog

_log = logging.getLogger(__name__)
_leaving = logging.getLogger("app.leaving")
"""A logger of its own: a program that says itself what is left can silence it."""
_REPLIES_AT_ONCE = 256
_REMOTE_WORKERS = 128
"""A remote server takes many calls at once; of a hundred people who talk, two thirds have a turn that is being remembered."""
_LAST_WORDS_S = 10.0


class PersonaService:
    """The assistant for all users of one data folder.

    Args:
        memory: What is known; closed with the service.
        models: The chat models; closed with the service.
        work: Start background threads. Off, pending work waits for `wait` or for whoever owns the folder next.
    """

    def __init__(self, memory: Memory, models: Models, *, work: bool = True) -> None:
        self.memory = memory
        self.models = models
        self._lines = UserQueue(_REPLIES_AT_ONCE)
        self._stops: set[str] = set()
        self._running: set[str] = set()
        self._lock = threading.Lock()
        self._closed = False
        self._loading = Loading(models, memory, lambda turn_id: turn_id in self._stops)
        self._talked: dict[str, Backlog | None] = {}
        self._worker = Worker(memory, self._do, 1 if models.priority else _REMOTE_WORKERS)
        if work:
            self._worker.start()

    @classmethod
    def from_settings(cls, settings: Settings | None = None, *, work: bool = True, fetching: Fetching | None = None) -> Self:
        """Open the service as the settings say.

        Args:
            settings: Of the environment when None.
            work: As above.
            fetching: Brings a chat model that is not here when it is first needed; None: it is missing then.

        Raises:
            PersonaError: The data folder is in use, or a store cannot be opened.
        """
        from app.factory import build_memory
        from app.models.model_server import ModelServer
        from app.settings import Settings

        settings = settings or Settings()
        service = cls(build_memory(settings), ModelServer(settings, fetching), work=work)
        # A program that ends without closing it leaves like one that does: what was shown of a running reply is kept.
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
        force_retrieve: bool = False,
        reasoning: bool = True,
        off_the_record: bool = False,
        personality_override: dict[str, float] | None = None,
    ) -> Iterator[Event]:
        """Send a message; the reply comes as events. The message is journaled before this returns.

        The reply is written to its end whether or not the events are read; `stop` ends it early.

        Args:
            user_id: Who says it.
            text: At most 20,000 characters.
            images: Files, or their bytes, or what `read_picture` made of them.
            time: When it is said; now when None.
            zone: The zone of a time that names none, and of now; this machine's when None.
            force_retrieve: Look into memory at least once.
            reasoning: Off: look once with the message itself, then answer directly.
            off_the_record: Read memory, write nothing.
            personality_override: Scores for this reply alone.

        Raises:
            PersonaError: Before the first event: the message cannot be taken. While it is read: there is no reply,
                and the message is kept as unanswered.
        """
        self._check_open()
        user_id = check_user(user_id)
        check_text(text, len(images))
        _check_override(personality_override)
        stamp = clock.parse_time(time, zone) if isinstance(time, str) else time
        pictures = [_picture(image) for image in images]
        topic = None if off_the_record else self.memory.consent.unkept(user_id, text)
        off_the_record = off_the_record or topic is not None
        context = Context(
            user_id=user_id,
            time=stamp.isoformat() if stamp else None,
            force_retrieve=force_retrieve,
            reasoning=reasoning,
            off_the_record=off_the_record,
            personality_override=personality_override,
        )
        if off_the_record:
            photo_ids = [self.memory.photos.hold(user_id, picture) for picture in pictures]
            turn = unrecorded(user_id, text, photo_ids, stamp or clock.now(zone), topic)
        else:
            with replying():
                turn = self.memory.receive(user_id, text, pictures, time=stamp, zone=zone)
        return self._submit(turn, context)

    def answer_again(self, user_id: str, turn_id: str) -> Iterator[Event]:
        """Answer the user's last message anew: after a failure, or because the reply did not please."""
        self._check_open()
        last = self.memory.journal.turn(turn_id)
        if last.user_id != user_name(user_id):
            raise InvalidInput("That message is not this user's.")
        turn = self.memory.journal.replace(turn_id)
        return self._submit(turn, Context(user_id=user_id))

    def forget_offered(self, turn: Turn) -> str:
        """Forget what a request named (`turn.trace.forget`), which waited for a yes; returns what to tell the person.

        Raises:
            PersonaError: It was answered before, or nothing of it is there any more.
        """
        self._check_open()
        return forgetting.confirm(turn, self.memory)[0]

    def keep_offered(self, turn: Turn) -> str:
        """Keep what a request to forget named; returns what to tell the person."""
        self._check_open()
        if turn.seq:
            self.memory.offers.keep(turn)
        return forget_replies.kept()

    def stop(self, turn_id: str) -> None:
        """End a reply that is being written; what was shown by then is the reply."""
        with self._lock:
            if turn_id in self._running:
                self._stops.add(turn_id)

    def wait(self, user_id: str | None = None, on_done: Callable[[WorkItem], None] | None = None) -> int:
        """Do what waits to be remembered and consolidated, of one user or of all; returns how many pieces.

        Raises:
            PersonaError: The model does not answer; the rest stays pending.
        """
        return self._worker.drain(None if user_id is None else user_name(user_id), on_done)

    def prepare(self, user_id: str) -> None:
        """Load the embedded model in the background, and let it read ahead what this person's next prompt begins with; once.

        A message that comes meanwhile is answered as soon as the model is there. A model on a server is left alone.
        """
        self.greet(user_id)
        self._loading.read_ahead(user_name(user_id), lambda: bool(self._running), lambda: self._closed)

    @property
    def waits_for(self) -> str:
        """Say in a sentence what a reply waits for before its model can write; empty where it is there."""
        return self._loading.waits_for

    def retry(self, user_id: str | None = None) -> int:
        """Put what is set aside back into the work queue, of one user or of all; returns how many steps."""
        steps = self.memory.refusals.retry(user_id)
        self._worker.notify(user_id)
        return steps

    def backlog(self, user_id: str) -> Backlog:
        """Return how much of what a user said is not in memory yet; after `close`, of whom was known before."""
        left = self._talked.setdefault(user_name(user_id), None)
        return self.memory.work.backlog(user_name(user_id)) if left is None else left

    def announce(self) -> None:
        """Say from now on that the embedded model is being loaded (`waits_for`); `prepare`, or the first message, begins it."""
        self._loading.announce()

    def greet(self, user_id: str) -> None:
        """Note who is here: what of theirs is not in memory yet is said when the program ends, of an earlier day too."""
        with self._lock:
            if not self._closed:
                self._talked.setdefault(user_name(user_id), None)

    @property
    def writes(self) -> bool:
        """Say whether a reply is being written."""
        return bool(self._running)

    def farewell(self) -> str:
        """Say in one sentence what is not in memory yet of those who were here; empty where everything is."""
        return backlog.farewell([self.backlog(user_id) for user_id in list(self._talked)])

    def close(self) -> None:
        """Stop running replies (what was shown is kept), finish the running step and what is quick, leave the rest pending.

        What is left of those who talked here is said in the log, in one sentence (`backlog` has it for each).
        """
        with self._lock:
            if self._closed:
                return
            self._closed = True
            self._stops |= self._running
        atexit.unregister(self.close)
        if not self._lines.close(_LAST_WORDS_S):
            _log.warning("a reply did not end in time; its message is kept as unanswered")
        self._worker.settle()
        self.models.wind_down()
        self._worker.close()
        self._loading.close(_LAST_WORDS_S)
        self.models.close()
        with suppress(PersonaError):
            self._talked = {user_id: self.memory.work.backlog(user_id) for user_id in self._talked}
        self.memory.close()
        if left := backlog.farewell([one for one in self._talked.values() if one is not None]):
            _leaving.warning(left)

    def _check_open(self) -> None:
        if self._closed:
            raise StorageError("This service is closed. Open another one: PersonaService.from_settings().")

    def _submit(self, turn: Turn, context: Context) -> Iterator[Event]:
        events: queue.SimpleQueue[Event | Exception] = queue.SimpleQueue()
        with self._lock:
            self._running.add(turn.id)
            if not context.off_the_record:
                self._talked[turn.user_id] = None
        events.put(Received(turn))
        self._lines.submit(turn.user_id, lambda: self._reply(turn, context, events))
        return _read(events)

    def _reply(self, turn: Turn, context: Context, events: queue.SimpleQueue[Event | Exception]) -> None:
        if self._closed:
            # Nothing of it was shown, and nobody waits any more: it stays as unanswered for the next start.
            events.put(StorageError("The program is ending. The message is kept; send it again."))
            return
        try:
            with replying(), self.models.priority.reply() if self.models.priority else nullcontext():
                graph = self._loading.graphs(lambda: self._closed or turn.id in self._stops, for_reply=True)[0]
                given = {"turn": turn, "turn_id": turn.id}
                told = told_to(lambda item: events.put(_event(item)))
                done = graph.invoke(given, told, context=context)["turn"]
        except Exception as error:  # noqa: BLE001 - it is raised to the reader of the events
            events.put(self._failed(turn, context, error))
        else:
            events.put(Answered(done))
        finally:
            with self._lock:
                self._running.discard(turn.id)
                self._stops.discard(turn.id)
            self._worker.notify(turn.user_id)

    def _failed(self, turn: Turn, context: Context, error: Exception) -> Exception:
        """Mark the turn as unanswered, and say why in one sentence."""
        said = in_a_sentence(error)
        if not context.off_the_record:
            try:
                self.memory.journal.fail(turn.id, said.message)
            except PersonaError as second:
                _log.warning("an unanswered turn could not be marked (%s)", second.code)
        if said is not error:
            said.__cause__ = error
        return said

    def _do(self, item: WorkItem) -> None:
        _, remembering, consolidating = self._loading.graphs(lambda: self._closed)
        context = Context(user_id=item.user_id)
        if item.kind == "remember":
            remembering.invoke({"turn_id": item.subject}, context=context)
        else:
            consolidating.invoke({"session": int(item.subject)}, context=context)


def _read(events: queue.SimpleQueue[Event | Exception]) -> Iterator[Event]:
    while True:
        event = events.get()
        if isinstance(event, Exception):
            raise event
        yield event
        if isinstance(event, Answered):
            return


def _event(item: dict[str, Any]) -> Event:
    match item["event"]:
        case "think":
            return Thinking(item["text"])
        case "answer":
            return AnswerDelta(item["text"])
        case "retrieving":
            return Retrieving(item["keywords"], item["start_time"], item["end_time"])
        case _:
            return Recalled(tuple(item["memories"]))


def _picture(image: Picture | bytes | str | Path) -> Picture:
    if isinstance(image, Picture):
        return image
    if isinstance(image, bytes):
        return read_picture(image)
    path = Path(image).expanduser()
    try:
        with path.open("rb") as file:
            return read_picture(file.read(MAX_BYTES + 1), path.name)
    except OSError as error:
        raise InvalidInput(f"The picture {image} cannot be read ({error.strerror}). Check its path.") from error


def _check_override(scores: dict[str, float] | None) -> None:
    for trait, score in (scores or {}).items():
        number = isinstance(score, int | float) and not isinstance(score, bool)
        if trait not in TRAITS or not number or not LOWEST <= score <= HIGHEST:
            raise InvalidInput(
                f"{trait} = {score} is no personality score. Traits: {', '.join(TRAITS)}; scores go from 1 to 5."
            )
