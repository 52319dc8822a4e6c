"""What axe finds on each page, in both themes and on a narrow screen; and that nothing runs out of a narrow screen."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import scripted, settled
from tests.browser.test_chat import remembered, say

pytestmark = pytest.mark.browser

PAGES = ("", "memory", "personality", "photos", "you")
LOOKS = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "narrow": {"viewport": {"width": 390, "height": 800}},
}
GRAVE = ("serious", "critical")
LOOKS_AGAIN = 60
"""Looks of axe, each of which takes about a second."""


@pytest.fixture(scope="module")
def talked(app, chromium):
    """Somebody of whom there is something to see."""
    app.model.reply = scripted({})
    page = chromium.new_page()
    page.goto(f"{app.url}/?user=seen")
    say(page, "I keep a heron called Momo.", "Hello!")
    remembered(page)
    page.close()


def serious(page: Page) -> list[str]:
    """Return what axe finds to be serious or worse on a page as it is at this moment."""
    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {one['help']}: {node['html'][:160]}" for one in found if one["impact"] in GRAVE for node in one["nodes"]
    ]


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("path", PAGES)
@pytest.mark.usefixtures("talked")
def test_axe_finds_nothing_serious(open_page, path, look):
    page = open_page("seen", path, **LOOKS[look])
    expect(page.get_by_role("main")).to_contain_text("")
    settled(page)
    # What fades in has too little contrast for a moment: it is looked at again until nothing is found.
    found = next((grave for _ in range(LOOKS_AGAIN) if not (grave := serious(page))), None)
    assert found == [], serious(page)


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.usefixtures("talked")
def test_a_narrow_screen_needs_no_scrolling_to_the_side(open_page, path):
    page = open_page("seen", path, **LOOKS["narrow"])
    settled(page)
    width = page.evaluate("document.querySelector('[data-testid=stMain]')?.scrollWidth ?? document.body.scrollWidth")
    assert width <= 390
