"""Hindsight without a model: its engine keeps texts as they are, in a bank for each user of its embedded Postgres."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
from collections.abc import Coroutine
from datetime import datetime
from pathlib import Path
from typing import Any

import pg0

DISTRIBUTION = "hindsight-api-slim"
_SETTINGS = {
    "HINDSIGHT_API_LLM_PROVIDER": "none",
    "HINDSIGHT_API_EMBEDDINGS_PROVIDER": "local",
    "HINDSIGHT_API_EMBEDDINGS_LOCAL_FORCE_CPU": "true",
    # Its default is a cross-encoder from the model hub.
    "HINDSIGHT_API_RERANKER_PROVIDER": "rrf",
}
_NOBODY = 65_534


class Store:
    """One engine and its server.

    Args:
        model: The folder of the text embedder.
        folder: An empty folder, or one that it filled before.
    """

    def __init__(self, model: Path, folder: Path) -> None:
        self._loop = asyncio.new_event_loop()
        self._server = _Postgres(folder)
        os.environ |= {
            **_SETTINGS,
            "HINDSIGHT_API_EMBEDDINGS_LOCAL_MODEL": str(model),
            "HINDSIGHT_API_DATABASE_URL": self._server.start(),
        }
        try:
            from hindsight_api import MemoryEngine, RequestContext

            self._context = RequestContext()
            self._engine = MemoryEngine()
            self._wait(self._engine.initialize())
        except BaseException:
            self._server.stop()
            raise

    def embed(self, text: str) -> object:
        return self._engine.embeddings.encode([text])

    def add(self, user: str, text: str, when: datetime) -> str:
        [name] = self._wait(self._engine.retain_async(user, text, event_date=when, request_context=self._context))
        return name

    def search(self, user: str, question: str, limit: int) -> Any:
        # It takes no number of results: it returns as many as fit into its tokens.
        found = self._wait(self._engine.recall_async(user, question, request_context=self._context))
        return found.results[:limit]

    def texts(self, found: Any) -> list[str]:
        return [one.text for one in found]

    def delete(self, user: str, name: str) -> None:
        self._wait(self._engine.delete_memory_unit(name, bank_id=user, request_context=self._context))

    def close(self) -> None:
        self._wait(self._engine.close())
        self._server.stop()

    def processes(self) -> list[int]:
        return self._server.processes()

    def _wait(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self._loop.run_until_complete(work)


class _Postgres:
    """The server that Hindsight brings, by its own command. It refuses to run as root: then it runs as nobody.

    Args:
        folder: The folder of its data. The program itself is unpacked beside this folder, and does not count.
    """

    def __init__(self, folder: Path) -> None:
        self._data = folder / "postgres"
        self._home = folder.parent / f"{folder.name}-postgres"
        self._command = self._home / "pg0"
        self._name = ["--name", "bench"]
        self._as: dict[str, Any] = {}
        if not self._home.exists():
            self._home.mkdir()
            shutil.copy(Path(pg0.__file__).parent / "bin" / "pg0", self._command)
        self._data.mkdir(exist_ok=True)
        if os.geteuid() == 0:
            self._as = {"user": _NOBODY, "group": _NOBODY, "extra_groups": []}
            for place in (folder.parent, folder):
                place.chmod(0o711)
            for place in (self._home, self._command, self._data):
                os.chown(place, _NOBODY, _NOBODY)

    def start(self) -> str:
        """Start it, if it does not run already, and return its address."""
        if not self._info().get("running"):
            self._run("start", *self._name, "--data-dir", str(self._data / "data"))
        return self._info()["uri"]

    def stop(self) -> None:
        self._run("stop", *self._name)

    def processes(self) -> list[int]:
        server = self._info()["pid"]
        children = Path(f"/proc/{server}/task/{server}/children").read_text(encoding="utf-8").split()
        return [server, *map(int, children)]

    def _info(self) -> dict[str, Any]:
        return json.loads(self._run("info", *self._name, "-o", "json", check=False) or "{}")

    def _run(self, *words: str, check: bool = True) -> str:
        done = subprocess.run(  # noqa: S603 - a program of this environment
            [str(self._command), *words],
            env={**os.environ, "HOME": str(self._home)},
            cwd=self._home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            **self._as,
        )
        if check and done.returncode:
            raise RuntimeError((done.stderr.strip().splitlines() or ["its Postgres did not start"])[0])
        return done.stdout if done.returncode == 0 else ""
