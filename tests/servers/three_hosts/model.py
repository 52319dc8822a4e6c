"""The model server, a process of its own. A reply names the newest earlier message that its prompt shows.

Each call is a line of the log: the step, the tokens that its prompt contains, and the token of the reply. While there is a file
`hold-STEP` beside the log, calls of that step are not answered.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from pathlib import Path
from typing import Any

from tests.fake_server import FakeServer
from tests.fakes import _DEFAULTS, _STEPS, answer, fact
from tests.servers.three_hosts import tokens

_POLL_S = 0.02
_PERSONALITY = "\n".join(
    f'"{trait}": {score}' for trait, score in zip(
        ("openness", "conscientiousness", "extraversion", "agreeableness", "neuroticism"), (4, 3, 3, 3, 3), strict=True
    )
)  # fmt: skip
FIRST = "That is the first thing that you tell me."


class Model:
    """Makes the model's texts.

    Args:
        log: The file for one line a call.
    """

    def __init__(self, log: Path) -> None:
        self._log = log.open("a", buffering=1)
        self._folder = log.parent
        self._lock = threading.Lock()

    def reply(self, body: dict[str, Any]) -> str:
        """Return the text for a request."""
        step = _STEPS[(body.get("structured_outputs") or {}).get("grammar")]
        prompt = "\n".join(_text(message["content"]) for message in body["messages"])
        seen = tokens.found(prompt)
        told = self._told(step, prompt, seen)
        with self._lock:
            self._log.write(json.dumps({"step": step, "tokens": seen, "at": time.time(), "told": tokens.found(told)}) + "\n")
        while (self._folder / f"hold-{step}").exists():
            time.sleep(_POLL_S)
        return told

    def _told(self, step: str, prompt: str, seen: list[str]) -> str:
        match step:
            case "reasoning":
                said = tokens.found(prompt.splitlines()[-1]) or seen[-1:]
                earlier = [one for one in seen if said and tokens.number_of(one) < tokens.number_of(said[-1])]
                return answer(f"Before that you told me of {earlier[-1]}." if earlier else FIRST)
            case "semantic" if seen:
                return fact(f"The user has a boat called {seen[-1]}.", "boat", seen[-1])
            case "personality":
                return _PERSONALITY
            case _:
                return str(_DEFAULTS[step])


def _text(content: Any) -> str:
    return content if isinstance(content, str) else "\n".join(part.get("text", "") for part in content)


def main(log: str) -> None:
    """Serve until the process is ended; the first line says where."""
    server = FakeServer()
    server.owner = "vllm"
    server.pause_s = 0.01
    server.reply = Model(Path(log)).reply
    server.bodies = _Nothing()
    sys.stdout.write(f"{server.url}\n")
    sys.stdout.flush()
    server.serve_forever(0.05)


class _Nothing(list[Any]):
    """Keeps no request: there are thousands."""

    def append(self, _: Any) -> None:
        """Leave it."""


if __name__ == "__main__":
    main(sys.argv[1])
