"""An import that is killed at any point is whole after the next start, or was never there; nothing is doubled."""

from __future__ import annotations

import multiprocessing
import os
import signal
from datetime import timedelta

from memory.core import clock
from memory.imports import service
from memory.imports.lines import ImportedLine
from memory.imports.service import Source
from memory.imports.staging import Staging
from memory.index.search_index import SearchIndex
from memory.memory import Memory
from memory.storage.engine import Database
from tests.fakes import WordEmbedder

BEGIN = clock.parse_time("2025-03-01 09:00", "UTC")
LINES = [
    ImportedLine(BEGIN + timedelta(minutes=7 * number), f"Message {number}", "Ok", "ab"[number % 2]) for number in range(24)
]
LEAST_POINTS = 20
# Each is forked from a process that has opened no Chroma: its threads would be missing in a copy of this one.
_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(["tests.unit.memory.imports.test_killed"])


def _import(folder, point):
    """Import in this process, and kill it at the n-th step that leaves something on disk."""
    left = [point]

    def killing(method):
        def killed(self, *given, **more):
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return method(self, *given, **more)

        return killed

    service._BATCH_LINES = 3
    with Memory(folder, WordEmbedder()) as memory:
        for kind, names in (
            (Database, ("write",)),
            (SearchIndex, ("put", "deepen")),
            (Staging, ("mark_known", "close", "remove")),
        ):
            for name in names:
                setattr(kind, name, killing(getattr(kind, name)))
        begun = memory.imports.begin("ada", Source("chatgpt", "a.json"), LINES, "all")
        memory.imports.write("ada", begun.id)
        while memory.imports.deepen("ada"):
            pass


def _killed(folder, point):
    """Import in a process of its own; returns whether it was killed."""
    process = _PROCESSES.Process(target=_import, args=(folder, point))
    process.start()
    process.join()
    assert process.exitcode in (0, -signal.SIGKILL)
    return process.exitcode != 0


def test_wherever_it_is_killed_nothing_is_lost_or_doubled(tmp_path):
    point = 0
    while True:
        point += 1
        folder = tmp_path / f"data {point}"
        killed = _killed(folder, point)
        if point % 2:
            # Killed again while it goes on.
            _resume_killed(folder, 1 + point % 7)
        with Memory(folder, WordEmbedder()) as memory:
            memory.imports.resume()
            while memory.imports.deepen("ada"):
                pass
            texts = [turn.text for turn in memory.journal.turns("ada")]
            assert texts in ([], [line.text for line in LINES])
            assert memory.work.count("ada") == (len(LINES) + 2 if texts else 0)
            assert [one.state for one in memory.imports.of("ada")] == (["done"] if texts else [])
            assert not texts or memory.search("ada", "Message 7")
            if not texts:
                memory.imports.write("ada", memory.imports.begin("ada", Source("x", "a"), LINES, "all").id)
                assert len(memory.journal.turns("ada")) == len(LINES)
            assert list((folder / "imports").iterdir()) == []
        if not killed:
            break
    assert point > LEAST_POINTS


def _resume(folder, point):
    """Go on with an import in this process, and kill it at its n-th write."""
    left = [point]
    method = Database.write

    def killed(self, *given, **more):
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return method(self, *given, **more)

    service._BATCH_LINES = 3
    with Memory(folder, WordEmbedder()) as memory:
        Database.write = killed
        memory.imports.resume()


def _resume_killed(folder, point):
    process = _PROCESSES.Process(target=_resume, args=(folder, point))
    process.start()
    process.join()
