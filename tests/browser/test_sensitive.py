"""What is said under a message that tells of something sensitive, in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import settled
from tests.browser.test_chat import say

pytestmark = pytest.mark.browser


def test_one_question_is_asked_under_the_first_such_message_and_the_answer_holds(open_page):
    page = open_page("asked")
    say(page, "I was diagnosed with diabetes last week.", "Hello!")
    question = page.get_by_text(re.compile("What should happen to such messages from now on"))
    expect(question).to_be_visible()
    page.get_by_role("button", name="Ask me first").click()
    expect(question).not_to_be_visible()
    settled(page)
    say(page, "I take insulin four times a day.", "Hello!")
    expect(page.get_by_text("This message is about health. It is remembered only after you approve it.")).to_be_visible()
    page.get_by_role("button", name="Remember it").click()
    expect(page.get_by_text(re.compile("only after you approve it"))).not_to_be_visible()
    settled(page)


def test_never_kept_is_said_under_the_message(open_page):
    page = open_page("never")
    say(page, "I have asthma.", "Hello!")
    page.get_by_role("button", name="Never keep them").click()
    expect(page.get_by_text("Forgot one message")).to_be_visible()
    expect(page.get_by_text("I have asthma.", exact=True)).to_have_count(0)
    settled(page)
    say(page, "My sister has leukaemia.")
    expect(page.get_by_text("This message is about health. It was answered but not saved.")).to_be_visible()
    expect(page.get_by_text("Hello!", exact=True)).to_be_visible()
