"""Makes the pictures of README and guides: the page with the example person, in Debian's Chromium. `make screenshots`."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
from playwright.sync_api import Page, expect, sync_playwright

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
WIDTH, HEIGHT = 1280, 860
_FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--hide-scrollbars"]


def main() -> None:
    """Start the page in an empty data folder, load the example person, and take a picture of each page."""
    sys.path.insert(0, str(ROOT))
    from app.example import load
    from app.factory import build_memory
    from app.settings import Settings

    with tempfile.TemporaryDirectory() as folder, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        with build_memory(Settings(data_dir=Path(folder))) as memory:
            load(memory)
        # No message is sent, so any installed model will do. The side panel shows its name.
        environment = {"PERSONA_LLM_MODEL": "smollm2-135m", **os.environ, "PERSONA_DATA_DIR": folder}
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
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603 - ours
        try:
            _wait_for(f"http://127.0.0.1:{port}/_stcore/health")
            _take(f"http://127.0.0.1:{port}")
        finally:
            process.terminate()
            process.wait(30)


def _take(url: str) -> None:
    chromium = os.environ.get("PERSONA_TEST_CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=_FLAGS)
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        _open(page, f"{url}/?user=example")
        receipt = page.get_by_text(re.compile("^Used ")).last
        receipt.click()
        page.get_by_text("Personality traits used").wait_for()
        page.mouse.move(0, 0)
        # The page scrolls to its end while the receipt opens. The picture begins with the previous reply, below the header.
        page.wait_for_timeout(1_500)
        messages = page.get_by_test_id("stChatMessage")
        messages.nth(-3).evaluate("message => { message.style.scrollMarginTop = '56px'; message.scrollIntoView() }")
        page.wait_for_timeout(700)
        expect(messages.nth(-2)).to_be_in_viewport(ratio=1)
        expect(receipt).to_be_in_viewport(ratio=1)
        page.screenshot(path=IMAGES / "chat.png")
        for name in ("memory", "personality", "photos", "you"):
            _open(page, f"{url}/{name}?user=example")
            page.screenshot(path=IMAGES / f"{name}.png")
        dark = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="dark")
        _open(dark, f"{url}/personality?user=example")
        dark.screenshot(path=IMAGES / "dark.png")
        narrow = browser.new_page(viewport={"width": 390, "height": HEIGHT})
        _open(narrow, f"{url}/memory?user=example")
        narrow.screenshot(path=IMAGES / "narrow.png")
        browser.close()


def _open(page: Page, address: str) -> None:
    page.goto(address)
    page.wait_for_selector("[data-testid=stMainBlockContainer] [data-testid=stElementContainer]")
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
    page.wait_for_function(
        "['.stVegaLiteChart', '.stVegaLiteChart svg.marks'].map(one => document.querySelectorAll(one).length)"
        ".every((count, _, all) => count === all[0])"
    )
    page.wait_for_timeout(3_000)


def _wait_for(address: str) -> None:
    for _ in range(120):
        try:
            if httpx.get(address, timeout=2).is_success:
                return
        except httpx.HTTPError:
            time.sleep(0.25)
    raise SystemExit("The page does not start. Try `streamlit run streamlit_app.py` to see why.")


if __name__ == "__main__":
    main()
