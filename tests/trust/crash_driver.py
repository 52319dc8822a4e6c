"""A process that kills itself: it asks, shows pictures and forgets, says on stdout what was acknowledged, and is gone with `kill -9`
after a number of events. An event is a statement of SQL, a change of a file, or a chunk of a model's text, in whatever thread."""

from __future__ import annotations

import io
import itertools
import os
import random
import signal
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from PIL import Image
from sqlalchemy import Engine, event

from app.events import Answered
from app.service import PersonaService
from memory.core.errors import InvalidInput, NotFound
from memory.core.records import SPOKEN
from memory.memory import Memory
from tests.fakes import ScriptedChat, ScriptedModels, WordEmbedder, answer, fact

_FILE_EVENTS = {
    "open",
    "os.rename",
    "os.remove",
    "os.rmdir",
    "os.mkdir",
    "os.truncate",
    "os.link",
    "shutil.rmtree",
    "sqlite3.connect",
}


class Countdown:
    """Kills this process with the event that makes the number full; a count is the same however busy the machine is.

    Args:
        events: How many happen before it.
    """

    def __init__(self, events: int) -> None:
        self._left = events
        self._count = itertools.count(1)

    def begin(self) -> None:
        event.listen(Engine, "before_cursor_execute", lambda *_: self.happened())
        event.listen(Engine, "commit", lambda *_: self.happened())
        sys.addaudithook(lambda name, arguments: self.happened() if _changes_files(name, arguments) else None)

    def happened(self) -> None:
        if next(self._count) >= self._left:
            os.kill(os.getpid(), signal.SIGKILL)

    def wait(self, _timeout: float) -> None:
        """A chunk of a model's text: `ScriptedChat` waits here before each."""
        self.happened()


def _changes_files(name: str, arguments: tuple[object, ...]) -> bool:
    # Opening a file to read it changes nothing; Python reads its own modules so.
    return name in _FILE_EVENTS and not (name == "open" and not int(arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR))


def chat(countdown: Countdown | None = None) -> ScriptedChat:
    def remembered(prompt: str) -> str:
        return fact(f"The user said: {prompt.rsplit('Message', 1)[1].split(maxsplit=1)[0]}", "message")

    return ScriptedChat({"reasoning": answer("Good."), "semantic": remembered}, gate=countdown, piece=16)


def word(run: int, number: int) -> str:
    """A word that stands in one message alone."""
    return f"zq{run:03}x{number:04}zq"


def picture(run: int, number: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (40, 30), (run % 256, number % 256, number // 256)).save(file, "PNG")
    return file.getvalue()


def main(folder: Path, run: int, events: int) -> None:
    countdown = Countdown(events)
    service = PersonaService(Memory(folder, WordEmbedder()), ScriptedModels(chat(countdown)), work=True)
    memory = service.memory
    begin = memory.journal.last_time("ada") or datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
    chance = random.Random(run)
    print("READY", flush=True)
    countdown.begin()
    for number in range(1000):
        # Every third message opens a new session, so that sessions are consolidated all the time.
        begin += timedelta(minutes=61 if number % 3 == 0 else 5)
        images = (picture(run, number),) if number % 4 == 1 else ()
        for told in service.stream("ada", f"Message {word(run, number)}", images, time=begin):
            if isinstance(told, Answered):
                print("ACK", told.turn.id, flush=True)
        if number % 3 == 2:
            forgotten(memory, chance)


def forgotten(memory: Memory, chance: random.Random) -> None:
    """Forget one message, for good or for ten minutes."""
    said = [turn for turn in memory.journal.turns("ada", limit=8) if turn.state in SPOKEN]
    turn = chance.choice(said)
    now = chance.random() < 0.5
    print("FORGET", turn.id, turn.text.split()[1], flush=True)
    try:
        memory.forget("ada", turn.id, now=now)
    except (InvalidInput, NotFound):
        return
    print("PURGED" if now else "HIDDEN", turn.id, flush=True)


def lines(out: str, name: str) -> Iterator[list[str]]:
    """Read back what was printed under a name."""
    for line in out.splitlines():
        first, *rest = line.split()
        if first == name:
            yield rest


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
