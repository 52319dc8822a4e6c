"""The graphs over a chat model that takes a while to be there: loaded once, in the background, and read ahead to."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol

from app.models.transfer import in_words
from graph import consolidate, remember, respond
from graph.calls.asking import stream_text
from graph.prompts.first_prompt import first_prompt
from memory.core.errors import ModelUnavailable, PersonaError

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from app.models.model_server import Endpoint
    from graph.prompts.briefing import Style
    from memory.core.priority import ReplyFirst
    from memory.memory import Memory

_LOOK_S = 0.2
"""How often one who waits for the model looks whether that is still wanted."""

Graphs = tuple[Any, Any, Any]
"""Respond, remember, consolidate."""


class Models(Protocol):
    """Where the chat models come from; asked when they are first needed."""

    priority: ReplyFirst | None

    @property
    def loaded(self) -> Endpoint | None:
        """Return the endpoint when it is known already; never waits."""

    def chat(self, *, background: bool = False) -> BaseChatModel:
        """Return the model for replies, or for background work."""

    def style(self) -> Style:
        """Say how prompts are made for it."""

    def wind_down(self) -> None:
        """Let running background calls end soon."""

    def close(self) -> None:
        """Let go of it."""


class Loading:
    """Builds the graphs when the model is first needed: most commands never need it.

    Args:
        models: Where the chat models come from.
        memory: What is known.
        stopped: Says, by turn id, whether the person has stopped the reply.
    """

    def __init__(self, models: Models, memory: Memory, stopped: Callable[[str], bool]) -> None:
        self._models = models
        self._memory = memory
        self._stopped = stopped
        self._lock = threading.Lock()
        self._built: Future[Graphs] | None = None
        self._reader: threading.Thread | None = None
        self._announced = False

    def announce(self) -> None:
        """Say from now on that the embedded model is being loaded; `read_ahead` begins that."""
        self._announced = True

    def graphs(self, unwanted: Callable[[], bool], *, for_reply: bool = False) -> Graphs:
        """Return the graphs, once the model is there.

        Args:
            unwanted: Says whether the caller waits no longer.
            for_reply: Wait for what is being read ahead, too: a reply's prompt begins with it, and llama.cpp, when it is told
                to break off, reads it again from its beginning in another slot.

        Raises:
            PersonaError: There is no model, or `unwanted` said so.
        """
        built = self._begin()
        while not built.done() and not unwanted():
            wait([built], _LOOK_S)
        if not built.done():
            raise ModelUnavailable("It was ended before the model was there. The message is kept; send it again.")
        while for_reply and self._reader is not None and self._reader.is_alive() and not unwanted():
            self._reader.join(_LOOK_S)
        return built.result()

    def read_ahead(self, user_id: str, came: Callable[[], bool], ended: Callable[[], bool]) -> None:
        """Load the embedded model in a thread, and let it read what this person's next prompt begins with; once.

        Args:
            user_id: Who will write.
            came: Says whether a message is there: its own prompt is read, then.
            ended: Says whether the program ends.
        """
        if self._models.priority is None:
            return
        with self._lock:
            if self._reader is None:
                self._reader = threading.Thread(
                    target=self._read, args=(user_id, came, ended), name="persona-read-ahead", daemon=True
                )
                self._reader.start()

    @property
    def waits_for(self) -> str:
        """Say in a sentence what the first reply waits for; empty where nothing is being loaded."""
        begun = self._announced if self._built is None else not self._built.done()
        if self._models.priority is None or not begun:
            return ""
        fetching = getattr(self._models, "fetching", None)
        now = fetching.now if fetching is not None else None
        if now is None:
            return "The chat model is being loaded."
        return f"The chat model {now.name} is being fetched: {in_words(now.done)} of {in_words(now.total)} are here."

    def close(self, timeout_s: float) -> None:
        """Wait for the thread that reads ahead, at most so many seconds."""
        if self._reader is not None:
            self._reader.join(timeout_s)

    def _begin(self) -> Future[Graphs]:
        """Begin to load, once; again after a failure."""
        with self._lock:
            if self._built is None or (self._built.done() and self._built.exception() is not None):
                self._built = Future()
                threading.Thread(target=self._build, args=(self._built,), name="persona-model", daemon=True).start()
            return self._built

    def _build(self, built: Future[Graphs]) -> None:
        try:
            style = self._models.style()
            background = self._models.chat(background=True)
            graphs = (
                respond.build(self._models.chat(), self._memory, style, self._stopped),
                remember.build(background, self._memory, style),
                consolidate.build(background, self._memory, style.prompts, style.budgets, small=style.is_small),
            )
        except Exception as error:  # noqa: BLE001 - it is raised to those who wait
            built.set_exception(error)
        else:
            built.set_result(graphs)

    def _read(self, user_id: str, came: Callable[[], bool], ended: Callable[[], bool]) -> None:
        priority = self._models.priority
        # What goes wrong goes wrong again with the first message, which says so.
        with suppress(PersonaError):
            self.graphs(lambda: came() or ended())
            if priority is None or came() or ended():
                return
            messages = first_prompt(user_id, self._memory, self._models.style())
            with priority.reply():
                for _ in stream_text(self._models.chat(), messages, grammar=None, max_tokens=1, unwanted=ended):
                    if ended():
                        break
