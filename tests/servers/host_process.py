"""A host for tests: a process with a folder of its own that does what it is told, a JSON line at a time, and tells what happens.

Its model waits while there is a file `hold-STEP` in the folder. A reply names the messages that its prompt shows, and the keywords of
a fact the host that extracted it.
"""

from __future__ import annotations

import json
import re
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from app.service import PersonaService
from memory.core import clock
from memory.core.errors import PersonaError
from memory.memory import Memory
from tests.fakes import ScriptedChat, ScriptedModels, WordEmbedder, answer, fact

_POLL_S = 0.02


def tell(**what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


class Model:
    """Says which messages it sees, once nobody holds it."""

    def __init__(self, folder: Path, me: str) -> None:
        self.folder = folder
        self.me = me

    def reply(self, prompt: str) -> str:
        self._wait("reasoning", prompt)
        return answer("I saw " + " ".join(dict.fromkeys(re.findall(r"Message [\w-]+", prompt))) + ".")

    def extract(self, prompt: str) -> str:
        self._wait("semantic", prompt)
        return fact("The user said a message.", self.me)

    def _wait(self, step: str, prompt: str) -> None:
        said = re.findall(r"Message [\w-]+", prompt)
        tell(asked=step, about=said[-1] if said else "")
        while (self.folder / f"hold-{step}").exists():
            time.sleep(_POLL_S)


def say(service: PersonaService, user: str, text: str) -> None:
    try:
        *_, last = service.stream(user, text)
        tell(said=text, reply=last.turn.reply, seq=last.turn.seq, seconds=time.monotonic())
    except PersonaError as error:
        tell(said=text, error=error.code)


def main(folder: str, database_url: str, chroma_url: str, me: str, ahead_s: str) -> None:
    if ahead_s != "0":
        own, ahead = clock.machine_time, timedelta(seconds=float(ahead_s))
        clock.machine_time = lambda: own() + ahead
    model = Model(Path(folder), me)
    chat = ScriptedChat({"reasoning": model.reply, "semantic": model.extract})
    memory = Memory(Path(folder), WordEmbedder(), database_url=database_url, chroma_url=chroma_url)
    with PersonaService(memory, ScriptedModels(chat), work=True) as service:
        tell(ready=me, process=memory.hosts.process_id)
        for line in sys.stdin:
            told: dict[str, Any] = json.loads(line)
            match told["do"]:
                case "say":
                    threading.Thread(target=say, args=(service, told["user"], told["text"]), daemon=True).start()
                case "work":
                    tell(worked=service.wait())
                case "counts":
                    tell(leases_lost=memory.counts.total("leases_lost"))
                case "clock":
                    tell(instant=clock.instant().isoformat(), machine=clock.machine_time().isoformat())


if __name__ == "__main__":
    main(*sys.argv[1:])
