"""A process to be killed: asks, shows pictures and forgets, and says on stdout what was acknowledged."""

from __future__ import annotations

import io
import random
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from PIL import Image

from app.events import Answered
from app.service import PersonaService
from memory.errors import InvalidInput, NotFound
from memory.records import SPOKEN
from memory.store import Memory
from tests.fakes import ScriptedChat, ScriptedModels, WordEmbedder, answer, fact


class Slow:
    """A model that takes its time, so that a kill finds every stage at work."""

    def wait(self, _timeout: float) -> None:
        time.sleep(0.001)


def chat() -> ScriptedChat:
    def remembered(prompt: str) -> str:
        return fact(f"The user said: {prompt.rsplit('Message', 1)[1].split(maxsplit=1)[0]}", "message")

    return ScriptedChat({"reasoning": answer("Good."), "semantic": remembered}, gate=Slow(), piece=16)


def word(run: int, number: int) -> str:
    """A word that stands in one message alone."""
    return f"zq{run:03}x{number:04}zq"


def picture(run: int, number: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (40, 30), (run % 256, number % 256, number // 256)).save(file, "PNG")
    return file.getvalue()


def main(folder: Path, run: int) -> None:
    service = PersonaService(Memory(folder, WordEmbedder()), ScriptedModels(chat()), work=True)
    memory = service.memory
    begin = memory.journal.last_time("ada") or datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
    chance = random.Random(run)
    print("READY", flush=True)
    for number in range(1000):
        # Every third message opens a new session, so that sessions are consolidated all the time.
        begin += timedelta(minutes=61 if number % 3 == 0 else 5)
        images = (picture(run, number),) if number % 4 == 1 else ()
        for event in service.stream("ada", f"Message {word(run, number)}", images, time=begin):
            if isinstance(event, Answered):
                print("ACK", event.turn.id, flush=True)
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
    main(Path(sys.argv[1]), int(sys.argv[2]))
