"""The real page in Debian's Chromium: real Streamlit, SQLite, Chroma and MiniLM; the model is a server that says what it is told."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from app.factory import build_embedder
from app.settings import Settings
from memory.core.records import BigFive, PersonalityPoint, SemanticMemory, make_id
from memory.memory import Memory
from tests.fake_server import FakeServer, fake_server
from tests.needs import chromium_path

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page

PATIENCE_MS = 180_000
"""The first reply of a process loads the graph, and a machine may be busy with other things: what comes sooner is seen at once."""
STARTS = 2_400
"""Looks for the page's server; each failed one is followed by a quarter of a second."""
ROOT = Path(__file__).parents[2]
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run",
]  # fmt: skip
NEUTRAL = "\n".join(
    f'"{trait}": 3' for trait in ("openness", "conscientiousness", "extraversion", "agreeableness", "neuroticism")
)


@dataclass
class App:
    """A running page: its address, its data folder, and the model server behind it."""

    url: str
    folder: Path
    model: FakeServer


def settled(page: Page) -> None:
    """Wait until the page's script has run."""
    from playwright.sync_api import expect

    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")


def scripted(said: dict[str, str]) -> Callable[[dict], str]:
    """Answer by what stands in the message: `said` maps words of it to replies; anyone who asks what memory has makes it look."""

    def reply(body: dict) -> str:
        prompt, last = str(body["messages"]), str(body["messages"][-1])
        for mark, answer in BACKGROUND.items():
            if mark in prompt:
                return answer(last)
        if "<answer>" not in prompt:
            return '"name": "unknown"'
        if "your memory" in last and not any(mark in last for mark in SHOWN):
            return '<think>I look.</think>\n<retrieve>\n"keywords": "heron"\n"start_time": null\n"end_time": null\n</retrieve>'
        answer = next((answer for word, answer in said.items() if word in prompt.rsplit("User Input", 1)[-1]), "Hello!")
        return f"<think>Plain.</think>\n<answer>{answer}</answer>"

    return reply


def extracted(last: str) -> str:
    told = next((fact for word, fact in FACTS.items() if word in last), None)
    if told is None:
        return '"reason": "nothing"\n"decision": false\n"content": null\n"keywords": null'
    return f'"reason": "told"\n"decision": true\n"content": "{told}"\n"keywords": "{told.split()[-1].strip(".")}"'


BACKGROUND: dict[str, Callable[[str], str]] = {
    '"openness"': lambda _: NEUTRAL,
    '"decision"': extracted,
    "source_dialog_indices": lambda _: '"topic_summary": "They talked."\n"keywords": "talk"\n"source_dialog_indices": 0',
}
SHOWN = ("That is what memory holds", "Notes of what they told you")
"""What stands before memories: every turn begins with a search, so they may be there before the model asks."""
FACTS = {"heron": "The user keeps a heron called Momo.", "violin": "The user learns the violin."}


def seed(folder: Path) -> None:
    """What some of them said two days ago."""
    with Memory(folder, build_embedder(Settings())) as memory:
        for user in ("receipt", "editor", "mover", "forgetter"):
            at = datetime.now(UTC) - timedelta(days=2)
            turn = memory.ingest_turn(user, at, "I keep a heron called Momo.", "A fine bird.")
            fact = SemanticMemory(
                id=make_id(user, "semantic", turn.id), turn_id=turn.id, time=at, content=FACTS["heron"], keywords=("heron",)
            )
            memory.memories.commit_remember(user, turn.id, PersonalityPoint(turn_id=turn.id, time=at), fact)
            memory.index(user)
        for hours, text, openness in ((3, "I drew for hours.", 3.5), (2, "<b>Aloud</b> & glad, for $5", 4.0)):
            at = datetime.now(UTC) - timedelta(hours=hours)
            turn = memory.ingest_turn("curved", at, text, "Noted.")
            point = PersonalityPoint(turn_id=turn.id, time=at, inferred=BigFive(openness=5), scores=BigFive(openness=openness))
            memory.memories.commit_remember("curved", turn.id, point, None)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium_path(), args=FLAGS)
        yield browser
        browser.close()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def running(folder: Path, model: FakeServer, port: int, *flags: str) -> Iterator[App]:
    """Run the page as `streamlit run` does, until the end of the block."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PERSONA_") or name == "PERSONA_CACHE_DIR"}
    environment = {**kept, "PERSONA_DATA_DIR": str(folder / "data"), "PERSONA_LLM_BASE_URL": model.url}
    command = ["streamlit", "run", "streamlit_app.py", "--server.port", str(port), "--server.headless", "true", *flags]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([sys.executable, "-m", *command], cwd=ROOT, env=environment, stdout=log, stderr=log)
        url = f"http://127.0.0.1:{port}"
        try:
            for _ in range(STARTS):
                assert process.poll() is None, (folder / "log").read_text()[-3000:]
                try:
                    if httpx.get(f"{url}/_stcore/health", timeout=60).status_code == 200:
                        break
                except httpx.HTTPError:
                    time.sleep(0.25)
            else:
                pytest.fail((folder / "log").read_text()[-3000:])
            yield App(url, folder / "data", model)
        finally:
            process.terminate()
            process.wait()


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    folder = tmp_path_factory.mktemp("page")
    seed(folder / "data")
    with fake_server() as model:
        model.owner = "vllm"
        model.reply = scripted({})
        with running(folder, model, free_port()) as started:
            yield started


def worth_a_look(message: ConsoleMessage) -> list[str]:
    """Return what stands in the console as an error.

    Opened at an address with a path, Streamlit itself looks for its server below that path first, and finds it without.
    """
    probes = "/_stcore/" in message.location["url"] and "404" in message.text
    return [f"{message.text} ({message.location['url']})"] if message.type == "error" and not probes else []


@pytest.fixture
def open_page(app: App, chromium: Browser) -> Iterator[Callable[..., Page]]:
    """Open a page in a browser of its own; at the end nothing may stand in its console."""
    from playwright.sync_api import expect

    complaints: list[str] = []
    contexts = []

    def make(user: str, path: str = "", **options: object) -> Page:
        context = chromium.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("console", lambda message: complaints.extend(worth_a_look(message)))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"{app.url}/{path}?user={user}")
        expect(page.get_by_test_id("stSidebar")).to_be_attached()
        return page

    yield make
    for context in contexts:
        context.close()
    assert complaints == []
