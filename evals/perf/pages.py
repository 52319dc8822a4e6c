"""How long each page takes to open for a user with years of memories: in a real browser, until the last element is drawn."""

from __future__ import annotations

import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
from sqlalchemy import insert

from app.models.catalogue import TEXT_EMBEDDER
from app.ui.layout import TITLES
from memory.core import extras
from memory.core.errors import ExtraMissing, InvalidInput, StorageError
from memory.core.records import TRAITS, BigFive, make_id
from memory.embedding.token_vectors import Embedding
from memory.memory import Memory
from memory.storage.engine import Database
from memory.storage.schema import memories, personality, sessions, turns, users

if TYPE_CHECKING:
    from playwright.sync_api import Page

_USER = "bench"
_BEGIN = datetime(2022, 1, 1, 9, tzinfo=UTC)
_SESSION_TURNS = 5
_WORDS = (
    "river",
    "garden",
    "violin",
    "harvest",
    "copper",
    "lantern",
    "market",
    "winter",
    "bridge",
    "letter",
    "kitchen",
    "paper",
)
_SIZE = 384
_FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
_READY = "() => document.querySelector('[data-testid=stApp]')?.getAttribute('data-test-script-state') === 'notRunning'"


def measure(
    said: int, known: int, repeats: int, on_progress: Callable[[str], None] = lambda _text: None
) -> list[dict[str, Any]]:
    """Time each page; returns one row per page, in seconds.

    `first` is until something is painted, `whole` until the page is completely drawn; medians over fresh tabs, after one
    warm-up.

    Args:
        said: Messages of one user.
        known: Memories of that user, half of them facts.
        repeats: Fresh tabs for each page.
        on_progress: Called with a line of progress.

    Raises:
        InvalidInput: There is no Chromium.
        ExtraMissing: There is no Playwright.
        StorageError: The page does not start.
    """
    chromium = os.environ.get("PERSONA_TEST_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise ExtraMissing(extras.missing_package("playwright", "Measuring the page in a browser")) from error
    if chromium is None:
        raise InvalidInput(
            "There is no Chromium. Install it (apt-get install chromium), or name one with PERSONA_TEST_CHROMIUM."
        )
    with tempfile.TemporaryDirectory() as folder:
        on_progress(f"Writing {said:,} messages and {known:,} memories")
        fill(Path(folder), said, known)
        with _running(Path(folder)) as url, sync_playwright() as play:
            browser = play.chromium.launch(executable_path=chromium, args=_FLAGS)
            # One profile: static files are in its cache, as in a browser in use.
            tabs = browser.new_context()
            rows = []
            for name, title in TITLES.items():
                on_progress(f"Opening {title}")
                times = [
                    _open(tabs.new_page(), f"{url}/{'' if name == 'chat' else name}?user={_USER}") for _ in range(repeats + 1)
                ]
                first, whole = zip(*times[1:], strict=True)
                rows.append({"page": title, "first": round(median(first), 2), "whole": round(median(whole), 2)})
            browser.close()
    return rows


class _Quick:
    """Stands in for the text embedder while the index is made: opening a page embeds no text."""

    name = TEXT_EMBEDDER

    def __init__(self) -> None:
        self._numbers = np.random.default_rng(0)

    def embed(self, texts: Sequence[str]) -> list[Embedding]:
        rows = self._numbers.normal(size=(len(texts), _SIZE)).astype(np.float32)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        return [Embedding(row, ("word",), row[None]) for row in rows]


def fill(folder: Path, said: int, known: int) -> None:
    """Write a journal of synthetic rows, and its index."""
    chance = random.Random(0)  # noqa: S311 - no secret
    database = Database(f"sqlite:///{folder / 'journal.db'}")
    times = [
        _BEGIN + timedelta(hours=2 * (number // _SESSION_TURNS), minutes=3 * (number % _SESSION_TURNS))
        for number in range(said)
    ]
    names = [make_id(_USER, "turn", number + 1) for number in range(said)]

    def text(words: int) -> str:
        return " ".join(chance.choices(_WORDS, k=words)).capitalize() + "."

    shared = {"user_id": _USER, "zone": "UTC", "revision": 1, "indexed_revision": 0}
    with database.write() as connection:
        connection.execute(insert(users).values(id=_USER, created_at=_BEGIN))
        rows: list[dict[str, Any]] = [
            {"id": names[number], "seq": number + 1, "session": number // _SESSION_TURNS + 1, "at": times[number],
             "text": text(20), "images": [], "reply": text(60), "state": "answered", "pending": False, "real_time": False,
             "received_at": times[number], "trace": None, **shared}
            for number in range(said)
        ]  # fmt: skip
        connection.execute(insert(turns), rows)
        ended = [
            {"user_id": _USER, "number": number + 1, "ended": True, "summed_up": True}
            for number in range(-(-said // _SESSION_TURNS))
        ]
        connection.execute(insert(sessions), ended)
        connection.execute(
            insert(memories), [_memory(number, known, said, times, names, text, shared) for number in range(known)]
        )
        scores = dict.fromkeys(TRAITS, 3.0)
        points = []
        for number in range(said):
            scores = {trait: min(5.0, max(1.0, score + chance.gauss(0, 0.02))) for trait, score in scores.items()}
            points.append(
                {"user_id": _USER, "turn_id": names[number], "at": times[number], "place": times[number], "zone": "UTC",
                 "cause": "turn", "inferred": BigFive().model_dump(), "scores": scores, "m": number, "pinned": []}
            )  # fmt: skip
        connection.execute(insert(personality), points)
    database.close()
    with Memory(folder, _Quick()) as memory:
        memory.index(_USER)


def _memory(
    number: int,
    known: int,
    said: int,
    times: list[datetime],
    names: list[str],
    text: Callable[[int], str],
    shared: dict[str, Any],
) -> dict[str, Any]:
    """Make one memory: half are facts, the others topics, with a few profile lines and habits."""
    kind = "core" if number < 5 else "procedural" if number < 10 else ("semantic", "episodic")[number % 2]  # noqa: PLR2004 - five lines of each
    place = number * said // known
    session = place // _SESSION_TURNS + 1
    keyed = kind in ("core", "procedural")
    source = names[place] if kind == "semantic" else str(session)
    extra: dict[str, Any] = {"reason": "", "photo_ids": []} if kind == "semantic" else {}
    extra |= {"turn_ids": [names[place]], "session": session} if kind == "episodic" else {}
    key = f"line {number}" if keyed else None
    return {
        "id": make_id(_USER, kind, key or source, 0 if keyed else number),
        "kind": kind,
        "source": source,
        "key": key,
        "at": times[place],
        "text": text(12),
        "keywords": [] if keyed else ["river", "garden"],
        "extra": extra,
        "edited": False,
        **shared,
    }


def _open(page: Page, url: str) -> tuple[float, float]:
    began = time.perf_counter()
    page.goto(url)
    page.wait_for_selector("[data-testid=stSidebar]")
    first = time.perf_counter() - began
    page.wait_for_selector("[data-testid=stMainBlockContainer] [data-testid=stElementContainer]")
    page.wait_for_function(_READY)
    whole = time.perf_counter() - began
    page.close()
    return first, whole


@contextmanager
def _running(folder: Path) -> Iterator[str]:
    root = Path(__file__).parents[2]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "PERSONA_DATA_DIR": str(folder), "PERSONA_LLM_BASE_URL": "http://127.0.0.1:9/v1"}
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        "streamlit_app.py",
        "--server.port",
        str(port),
        "--server.headless",
        "true",
    ]
    process = subprocess.Popen(command, cwd=root, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603 - ours
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(120):
            try:
                if httpx.get(f"{url}/_stcore/health", timeout=2).is_success:
                    break
            except httpx.HTTPError:
                time.sleep(0.25)
        else:
            raise StorageError("The page does not start. Try `streamlit run streamlit_app.py` to see why.")
        yield url
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
