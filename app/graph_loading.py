"""Loads the chat model and builds the graphs once, in the background, and lets the model read the next prompt ahead."""

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
    from app.operations.model_calls import ModelCalls
    from graph.prompts.briefing import Style
    from memory.core.priority import ReplyFirst
    from memory.memory import Memory

_POLL_S = 0.2
"""Seconds between two checks whether a waiting caller still needs the model."""

Graphs = tuple[Any, Any, Any]
"""The graphs respond, remember and consolidate."""


class Models(Protocol):
    """Provides the chat models on first use."""

    priority: ReplyFirst | None
    calls: ModelCalls

    @property
    def loaded(self) -> Endpoint | None:
        """Return the endpoint if it is already known; never waits."""

    def obstacle(self) -> str:
        """Return in a sentence why no reply could be written now; empty if one could. Takes a few seconds at most."""

    def chat(self, *, background: bool = False) -> BaseChatModel:
        """Return the model for replies, or for background work."""

    def style(self) -> Style:
        """Return the style of prompts for the model."""

    def wind_down(self) -> None:
        """Signal that running background calls should end soon."""

    def close(self) -> None:
        """Release the model."""


class Loading:
    """Builds the graphs on first use, because most commands need no model.

    Args:
        models: Provides the chat models.
        memory: The memory.
        stopped: Takes a turn id; returns whether the person has stopped that turn's reply.
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
        """Let `waits_for` report from now on that the embedded model is loading; `read_ahead` starts that."""
        self._announced = True

    def graphs(self, unwanted: Callable[[], bool], *, for_reply: bool = False) -> Graphs:
        """Return the graphs when the model is ready.

        Args:
            unwanted: Returns whether the caller no longer needs them.
            for_reply: Also wait until reading ahead is done: the prompt of a reply begins with the same text, and llama.cpp
                would read it again from the beginning in another slot.

        Raises:
            PersonaError: There is no model; also if `unwanted` returned true.
        """
        built = self._begin()
        while not built.done() and not unwanted():
            wait([built], _POLL_S)
        if not built.done():
            raise ModelUnavailable("The program ended before the model was ready. The message is saved; send it again.")
        while for_reply and self._reader is not None and self._reader.is_alive() and not unwanted():
            self._reader.join(_POLL_S)
        return built.result()

    def read_ahead(self, user_id: str, came: Callable[[], bool], ended: Callable[[], bool]) -> None:
        """Load the embedded model in a thread, and let it read the beginning of this user's next prompt, once.

        Args:
            user_id: The user.
            came: Returns whether a message has arrived, whose own prompt is read then.
            ended: Returns whether the program is ending.
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
        """Return a sentence about what the first reply waits for; empty if nothing is loading."""
        begun = self._announced if self._built is None else not self._built.done()
        if self._models.priority is None or not begun:
            return ""
        fetching = getattr(self._models, "fetching", None)
        now = fetching.now if fetching is not None else None
        if now is None:
            return "The chat model is loading."
        return f"The chat model {now.name} is downloading: {in_words(now.done)} of {in_words(now.total)}."

    def close(self, timeout_s: float) -> None:
        """Wait for the thread that reads ahead, at most `timeout_s` seconds."""
        if self._reader is not None:
            self._reader.join(timeout_s)

    def _begin(self) -> Future[Graphs]:
        """Start loading, once; again after a failure."""
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
        except Exception as error:  # noqa: BLE001 - it is raised to the waiting callers
            built.set_exception(error)
        else:
            built.set_result(graphs)

    def _read(self, user_id: str, came: Callable[[], bool], ended: Callable[[], bool]) -> None:
        priority = self._models.priority
        # An error here occurs again with the first message, which reports it.
        with suppress(PersonaError):
            self.graphs(lambda: came() or ended())
            if priority is None or came() or ended():
                return
            messages = first_prompt(user_id, self._memory, self._models.style())
            with priority.reply():
                for _ in stream_text(self._models.chat(), messages, grammar=None, max_tokens=1, unwanted=ended):
                    if ended():
                        break
