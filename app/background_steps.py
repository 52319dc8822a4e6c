"""Does the steps of background work, and says how fast they go and how long those that are left will take."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.operations.logs import facts
from app.step_times import Model, StepTimes, steps_of
from graph.context import Context
from memory.core.spans import span
from memory.core.validation import user_name

if TYPE_CHECKING:
    from app.graph_loading import Graphs, Models
    from app.importers.preview import Preview
    from memory.core.records import WorkItem
    from memory.imports.lines import ReadingDepth
    from memory.memory import Memory
    from memory.storage.work_queue import Left

_log = logging.getLogger(__name__)
_REST_S = 120.0
"""A pause between two steps that ends a run: a reply takes less, and then the steps go on as before."""
_MINUTE = 60.0


@dataclass(frozen=True)
class Remaining:
    """A person's steps that are left, those that are paused not counted.

    Attributes:
        steps: Number of steps.
        a_minute: Steps a minute in the run that goes on; None: this program has done none yet.
        seconds: How long they will take; None: nothing was measured yet.
    """

    steps: int
    a_minute: float | None
    seconds: float | None


class Pace:
    """How fast one person's steps go, in the run that goes on. Pure: the caller passes the time."""

    def __init__(self) -> None:
        self._began = self._ended = 0.0
        self._done = 0

    def begins(self, now: float) -> None:
        """Note that a step begins; after a rest, it is the first of a run."""
        if not self._done or now - self._ended > _REST_S:
            self._began = self._ended = now
            self._done = 0

    def ends(self, now: float) -> None:
        """Note that a step is done."""
        self._ended = now
        self._done += 1

    def a_minute(self, now: float) -> float | None:
        """Return how many steps are done in a minute; None if no run goes on, or its first step is not done."""
        took = self._ended - self._began
        return self._done * _MINUTE / took if self._done and took > 0 and now - self._ended <= _REST_S else None


class BackgroundSteps:
    """The steps of background work, with the times that they take.

    Args:
        memory: The memory.
        models: The chat models.
        graphs: Returns the graphs once the model is ready.
        clock: Returns seconds of a clock that never goes back.
    """

    def __init__(
        self, memory: Memory, models: Models, graphs: Callable[[], Graphs], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._memory = memory
        self._models = models
        self._graphs = graphs
        self._clock = clock
        self._times = StepTimes(memory.folder)
        self._paces: dict[str, Pace] = {}
        self._lock = threading.Lock()

    def do(self, item: WorkItem) -> None:
        """Do one step; repeating it changes nothing."""
        with span("background step", kind=item.kind):
            self._do(item)

    def _do(self, item: WorkItem) -> None:
        # Loading the model is no part of any step's time.
        _, remembering, consolidating = self._graphs()
        kind = self._kind(item)
        began = self._clock()
        with self._lock:
            pace = self._paces.setdefault(item.user_id, Pace())
            pace.begins(began)
        context, subject = Context(user_id=item.user_id), item.subject
        if item.kind == "remember":
            remembering.invoke({"turn_id": subject}, context=context)
        else:
            consolidating.invoke({"session": int(subject)} if subject.isdecimal() else {"import_id": subject}, context=context)
        ended = self._clock()
        with self._lock:
            pace.ends(ended)
        endpoint = self._models.loaded
        if endpoint is not None:
            self._times.note(Model.of(endpoint), kind, ended - began)
        _log.info("step done", extra=facts(kind=kind, seconds=round(ended - began, 3)))

    def remaining(self, user_id: str) -> Remaining:
        """Return what is left to do for a person, how fast it goes, and how long it will take."""
        left = [one for one in self._memory.work.left(user_id) if not one.paused]
        steps = sum(one.steps for one in left)
        with self._lock:
            pace = self._paces.get(user_name(user_id))
            a_minute = pace.a_minute(self._clock()) if pace else None
        return Remaining(steps, a_minute, steps * _MINUTE / a_minute if a_minute else self.estimate(left))

    def estimate(self, left: list[Left]) -> float | None:
        """Return about how many seconds these steps take, one after another, by earlier steps of this model; None: unknown."""
        steps: Counter[str] = Counter()
        for one in left:
            steps[one.kind] += one.steps
        return self._times.estimate(self._model(), steps)

    def estimate_import(self, found: Preview, depth: ReadingDepth) -> float | None:
        """Return about how many seconds the model reads a history.

        None: nothing like it was measured yet, or the number of calls is not known (`Preview.calls`).
        """
        return None if found.calls(depth) is None else self._times.estimate(self._model(), steps_of(depth, found.added))

    def _kind(self, item: WorkItem) -> str:
        """Return the kind of a step, as in `memory.storage.work_queue.Left`."""
        if item.kind == "remember":
            return "message"
        if not item.subject.isdecimal():
            return "sets"
        return "topics" if self._memory.imports.reads_sessions(item.user_id, int(item.subject)) else "conversation"

    def _model(self) -> Model | None:
        from app.settings import Settings

        endpoint = self._models.loaded
        return Model.named_by(Settings()) if endpoint is None else Model.of(endpoint)
