"""What a person does on the other pages: edits, brings back, takes everything along and comes back with it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import scripted, settled
from tests.browser.test_chat import remembered, say

pytestmark = pytest.mark.browser


def go(page, name):
    page.get_by_test_id("stSidebarNav").get_by_role("link", name=name).click()
    expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()


def entry(page, text):
    """One memory in the timeline."""
    return page.locator("[class*='st-key-entry-']", has_text=text).last


def test_a_memory_is_edited_forgotten_and_brought_back(open_page, app):
    app.model.reply = scripted({})
    page = open_page("pages-edit")
    say(page, "I keep a heron called Momo.", "Hello!")
    remembered(page)
    go(page, "Memory")
    page.get_by_role("button", name="Wrong").last.click()
    box = page.get_by_role("dialog").get_by_role("textbox")
    expect(box).to_have_value("The user keeps a heron called Momo.")
    box.fill("The user keeps a stork called Momo.")
    box.press("Tab")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("You keep a stork called Momo.").first).to_be_visible()
    page.get_by_role("button", name="Forget").last.click()
    expect(page.get_by_text("Forgot one fact")).to_be_visible()
    expect(page.get_by_text("You keep a stork called Momo.")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("You keep a stork called Momo.").first).to_be_visible()


def test_a_memory_leads_to_its_message(open_page, app):
    app.model.reply = scripted({})
    page = open_page("pages-source")
    say(page, "I learn the violin.", "Hello!")
    remembered(page)
    go(page, "Memory")
    page.get_by_role("button", name=re.compile("message", re.IGNORECASE)).last.click()
    expect(page.locator("[class*='st-key-marked-']", has_text="I learn the violin.")).to_be_visible()


def test_everything_is_taken_along_deleted_and_brought_back(open_page, app, tmp_path):
    app.model.reply = scripted({})
    page = open_page("pages-leave")
    say(page, "I keep a heron called Momo.", "Hello!")
    remembered(page)
    go(page, "You")
    page.get_by_role("button", name="Create the file").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    archive = tmp_path / "all.zip"
    download.value.save_as(archive)
    page.get_by_label(re.compile("type that name")).fill("pages-leave")
    page.get_by_role("button", name="Delete everything").click()
    expect(page.get_by_role("dialog")).to_contain_text(re.compile("deleted|gone", re.IGNORECASE))
    page.get_by_role("dialog").get_by_role("button", name="Close").last.click()
    expect(page.get_by_role("combobox", name="Who is talking")).not_to_have_value("pages-leave")
    with page.expect_file_chooser() as chooser:
        archives = page.locator(".st-key-import-card")
        archives.get_by_test_id("stFileUploaderDropzone").get_by_test_id("stBaseButton-secondary").click()
    chooser.value.set_files(archive)
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_role("combobox", name="Who is talking")).to_have_value("pages-leave")
    go(page, "Memory")
    expect(page.get_by_text("You keep a heron called Momo.").first).to_be_visible()
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Chat").click()
    expect(page.get_by_role("main").get_by_text("I keep a heron called Momo.").first).to_be_visible()


def test_the_example_person_is_loaded_and_looked_at(open_page):
    page = open_page("pages-new")
    go(page, "You")
    page.get_by_role("button", name="Load the example person").click()
    expect(page.get_by_role("combobox", name="Who is talking")).to_have_value("example")
    go(page, "Photos")
    expect(page.get_by_role("img").first).to_be_visible()
    expect(page.get_by_text("my grandmother's red mug", exact=False).first).to_be_visible()
    go(page, "Personality")
    expect(page.get_by_test_id("stVegaLiteChart").first).to_be_visible()
    go(page, "Memory")
    expect(page.get_by_role("heading", name="Needs your approval")).to_be_visible()


def test_a_trait_is_pinned(open_page, app):
    app.model.reply = scripted({})
    page = open_page("pages-trait")
    say(page, "Good morning", "Hello!")
    remembered(page)
    go(page, "Personality")
    page.get_by_role("button", name=re.compile(r"^Openness")).click()
    page.get_by_role("button", name="Pin", exact=True).first.click()
    expect(page.get_by_text(re.compile("pinned", re.IGNORECASE)).first).to_be_visible()


def test_a_point_of_the_curves_says_what_moved_it_and_a_click_shows_its_step(open_page):
    page = open_page("curved", "personality")
    # Until the script has run, a curve may be drawn once more, and a click on the one before is lost.
    settled(page)
    # Points of the radar have no time.
    points = page.locator('path[aria-roledescription="point"][aria-label*="Openness"][aria-label*="When: "]')
    expect(points).to_have_count(2)
    points.last.hover()
    tip = page.locator("#vg-tooltip-element")
    expect(tip).to_contain_text("<b>Aloud</b> & glad")
    expect(tip).to_contain_text("4.00")
    expect(tip.locator("b")).to_have_count(0)
    points.last.click()
    expect(page.get_by_role("main").get_by_text("<b>Aloud</b> & glad, for $5", exact=True)).to_be_visible()
    page.get_by_role("button", name="Close").click()
    expect(page.get_by_role("button", name="Close")).to_have_count(0)
    # The same point once more: a step that was closed can be opened again.
    settled(page)
    points.last.click()
    expect(page.get_by_role("button", name="Close")).to_be_visible()
    settled(page)
    points.first.click()
    expect(page.get_by_role("main").get_by_text("I drew for hours.", exact=True)).to_be_visible()
