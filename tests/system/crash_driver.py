"""A process to be killed: asks one message after another, and says on stdout which turns were acknowledged."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from app.events import Answered
from app.service import PersonaService
from memory.store import Memory
from tests.fakes import ScriptedChat, ScriptedModels, WordEmbedder, answer, fact


class Slow:
    """A model that takes its time, so that a kill finds every stage at work."""

    def wait(self, _timeout: float) -> None:
        time.sleep(0.001)


def chat() -> ScriptedChat:
    def remembered(prompt: str) -> str:
        return fact(f"The user said: {prompt.rsplit('Message', 1)[1].strip()}", "message")

    return ScriptedChat({"reasoning": answer("Good."), "semantic": remembered}, gate=Slow(), piece=16)


def main(folder: Path, run: int) -> None:
    service = PersonaService(Memory(folder, WordEmbedder()), ScriptedModels(chat()), work=True)
    begin = service.memory.journal.last_time("ada") or datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
    print("READY", flush=True)
    for number in range(1000):
        # Every third message opens a new session, so that sessions are consolidated all the time.
        begin += timedelta(minutes=61 if number % 3 == 0 else 5)
        for event in service.stream("ada", f"Message {run}-{number}", time=begin):
            if isinstance(event, Answered):
                print("ACK", event.turn.id, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
