"""Imports in threads of the service: one at a time for each person, and a page that is closed meanwhile loses nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import TYPE_CHECKING, Any

from app.importers.upload import sweep
from memory.core.errors import InvalidInput, PersonaError, StorageError
from memory.core.priority import behind
from memory.core.validation import check_user, user_name

if TYPE_CHECKING:
    from app.importers.importing import Wanted
    from app.importers.upload import Upload
    from memory.memory import Memory

_CLOSE_TIMEOUT_S = 10.0


class ImportRunning(InvalidInput):
    """An import of this person is not at its end yet."""

    code = "import_running"
    http_status = 409


class _Ending(Exception):
    """The program ends."""


class Job:
    """An import that runs, or has ended.

    Args:
        name: The name of the file.
        expected: About how many messages it has, from a preview; 0: unknown.

    Attributes:
        done: Holds the report of `import_history`, or the error, once the import has ended.
        read: The number of messages that were read so far.
        written: The number of messages that were written so far.
    """

    def __init__(self, name: str, expected: int = 0) -> None:
        self.name = name
        self.done: Future[dict[str, Any]] = Future()
        # Nobody who waits for it can cancel it.
        self.done.set_running_or_notify_cancel()
        self.read = 0
        self.written = 0
        self._expected = expected

    @property
    def share(self) -> float:
        """Return how much is done, from 0 to 1; without an expectation, of what is known so far."""
        return min(1.0, (self.read + self.written) / (2 * max(self._expected, self.read, 1)))

    def advance(self, step: str, messages: int) -> None:
        """Count messages that were read or written."""
        if step == "read":
            self.read += messages
        else:
            self.written += messages


class ImportJobs:
    """The imports that run in this process.

    Args:
        memory: The memory.
        on_end: Called with the person when an import has ended, for the work that follows it.
    """

    def __init__(self, memory: Memory, on_end: Callable[[str], None]) -> None:
        self._memory = memory
        self._on_end = on_end
        self._jobs: dict[str, Job] = {}
        self._lock = threading.Lock()
        self._ending = False
        sweep()

    def start(self, user_id: str, upload: Upload, wanted: Wanted, expected: int = 0) -> Job:
        """Import a file in a thread, and remove the file at its end.

        Args:
            user_id: The person whose history it is.
            upload: The file.
            wanted: What they want of it.
            expected: About how many messages it has; 0: unknown.

        Raises:
            ImportRunning: Another import of this person is not at its end.
        """
        user_id = check_user(user_id)
        with self._lock:
            if self._ending:
                raise StorageError("The program is ending. Start it again, then import the file.")
            self.check_free(user_id)
            job = self._jobs[user_id] = Job(upload.path.name, expected)
            threading.Thread(target=self._run, args=(job, user_id, upload, wanted), name="persona-import", daemon=True).start()
        return job

    def check_free(self, user_id: str) -> None:
        """Raise `ImportRunning` if an import of this person runs."""
        job = self.of(user_id)
        if job is not None and not job.done.done():
            raise ImportRunning(f"{job.name} is being imported. Wait for its end, then import the next file.")

    def of(self, user_id: str) -> Job | None:
        """Return a person's import that runs, or the last one that ended, until it is put away."""
        return self._jobs.get(user_name(user_id))

    def put_away(self, user_id: str) -> None:
        """Forget how a person's last import ended."""
        job = self.of(user_id)
        if job is not None and job.done.done():
            self._jobs.pop(user_name(user_id), None)

    def close(self) -> None:
        """Stop. What is being read is left out as a whole; what is being written goes on at the next start."""
        with self._lock:
            self._ending = True
            running = [job.done for job in self._jobs.values()]
        wait(running, _CLOSE_TIMEOUT_S)

    def _run(self, job: Job, user_id: str, upload: Upload, wanted: Wanted) -> None:
        from app.importers.importing import import_history

        def advance(step: str, messages: int) -> None:
            job.advance(step, messages)
            if self._ending:
                raise _Ending

        outcome: dict[str, Any] | PersonaError
        try:
            with behind():
                outcome = import_history(self._memory, upload.path, user_id, wanted, advance)
        except Exception as error:  # noqa: BLE001 - it is the outcome
            outcome = _in_a_sentence(error, upload, written=job.written > 0)
        # A caller that waits for the end finds the file gone and the work known.
        upload.remove()
        self._on_end(user_id)
        if isinstance(outcome, PersonaError):
            job.done.set_exception(outcome)
        else:
            job.done.set_result(outcome)


def _in_a_sentence(error: Exception, upload: Upload, *, written: bool) -> PersonaError:
    if isinstance(error, _Ending):
        return StorageError(
            "The program ended. The import goes on at its next start."
            if written
            else "The program ended before the file was read. Nothing was written; import it again."
        )
    if isinstance(error, PersonaError):
        return upload.in_words(error)
    # The type alone: the text may quote the person.
    return PersonaError(f"The import failed inside the program ({type(error).__name__}). Import the file again, or report it.")
