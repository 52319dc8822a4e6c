"""What a person does in the chat, in a real browser."""

from __future__ import annotations

import io
import re

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.conftest import scripted, settled

pytestmark = pytest.mark.browser


def field(page):
    return page.get_by_test_id("stChatInput").locator("textarea")


def say(page, text, reply=None):
    field(page).fill(text)
    field(page).press("Enter")
    if reply is not None:
        expect(page.get_by_text(reply, exact=True).last).to_be_visible()


def uploaded(page, name="teal.png"):
    """Wait until a file is with the message: before, Enter sends nothing."""
    expect(page.get_by_role("button", name=f"Remove {name}")).to_be_visible()
    expect(page.get_by_role("button", name="Send message")).to_be_enabled()


def remembered(page):
    expect(page.get_by_text("Everything is remembered.")).to_be_visible()


def picture(colour="teal", kind="PNG"):
    data = io.BytesIO()
    Image.new("RGB", (64, 48), colour).save(data, kind)
    return data.getvalue()


def test_a_message_is_answered_and_stands_there_after_a_reload(open_page, app):
    app.model.reply = scripted({"bird": "It is called **Momo**."})
    page = open_page("ada")
    expect(page.get_by_role("heading", name="An assistant that remembers you")).to_be_visible()
    say(page, "I keep a heron, my bird.")
    expect(page.get_by_text("It is called Momo.")).to_be_visible()
    expect(page.locator("strong", has_text="Momo")).to_be_visible()
    page.reload()
    expect(page.get_by_text("I keep a heron, my bird.").first).to_be_visible()
    expect(page.get_by_text("It is called Momo.")).to_be_visible()


def test_a_reply_is_stopped_and_what_was_shown_stays(open_page, app):
    app.model.reply = scripted({"story": "Once upon a time there was " + "a very long " * 200})
    app.model.pause_s = 0.05
    page = open_page("stopper")
    say(page, "Tell me a story")
    expect(page.get_by_text("Once upon a time").first).to_be_visible()
    page.get_by_role("button", name="Stop writing").click()
    expect(page.get_by_text("Stopped.")).to_be_visible()
    app.model.pause_s = 0.0
    page.reload()
    expect(page.get_by_text("Once upon a time").first).to_be_visible()
    expect(page.get_by_text("Stopped.")).to_be_visible()
    expect(field(page)).to_be_enabled()


@pytest.mark.parametrize("leave", ["reload", "close"])
def test_a_page_that_is_left_in_the_middle_of_an_answer_finds_it_whole_on_return(open_page, app, leave):
    whole = "It begins. " + " ".join(f"Then comes part {n} of it." for n in range(30)) + " " + "And it ends well."
    app.model.reply = scripted({"whole": whole})
    app.model.pause_s = 0.03
    page = open_page(f"leaver-{leave}")
    say(page, "Tell me the whole of it")
    expect(page.get_by_text("It begins.").first).to_be_visible()
    if leave == "reload":
        page.reload()
    else:
        page.close()
        page = open_page(f"leaver-{leave}")
    expect(page.get_by_text(re.compile("It begins.*And it ends well"))).to_be_visible()
    app.model.pause_s = 0.0
    assert page.get_by_text("Tell me the whole of it").count() >= 1


def test_a_picture_is_attached_by_the_picker_and_by_paste(open_page, app):
    app.model.reply = scripted({})
    page = open_page("painter")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Upload files").click()
    chooser.value.set_files({"name": "teal.png", "mimeType": "image/png", "buffer": picture()})
    uploaded(page)
    say(page, "See this", "Hello!")
    expect(page.get_by_alt_text("A picture sent with this message")).to_have_count(1)
    # As a paste does it: a file in the clipboard's data.
    field(page).focus()
    page.evaluate(
        """async (bytes) => {
          const data = new DataTransfer();
          data.items.add(new File([new Uint8Array(bytes)], "pasted.png", {type: "image/png"}));
          document.activeElement.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));
        }""",
        list(picture("pink")),
    )
    uploaded(page, "pasted.png")
    say(page, "And this", "Hello!")
    expect(page.get_by_alt_text("A picture sent with this message")).to_have_count(2)


def test_a_corrupt_picture_is_refused_in_words_and_the_message_is_kept(open_page):
    page = open_page("corrupt")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Upload files").click()
    chooser.value.set_files({"name": "teal.png", "mimeType": "image/png", "buffer": b"no picture"})
    uploaded(page)
    say(page, "See this")
    expect(page.get_by_text("not a picture")).to_be_visible()
    expect(field(page)).to_have_value("See this")


def test_a_receipt_shows_what_was_used_and_forgetting_it_takes_it_out_of_the_search_until_undo(open_page, app):
    app.model.reply = scripted({"memory": "A heron."})
    page = open_page("receipt")
    say(page, "What does your memory have of my bird?", "A heron.")
    page.get_by_text(re.compile(r"Used \d memor")).click()
    # The words that the fact came from stand for it.
    entry = page.locator("[class*='st-key-entry-']", has_text="I keep a heron called Momo.")
    expect(entry).to_be_visible()
    entry.get_by_role("button", name="Forget").click()
    expect(page.get_by_text("Forgot one message")).to_be_visible()
    expect(page.get_by_text("Momo")).to_have_count(0)
    say(page, "What does your memory have now?")
    expect(page.get_by_text("A heron.", exact=True)).to_have_count(2)
    asked = [str(body["messages"]) for body in app.model.bodies if "your memory have now" in str(body["messages"])]
    assert asked
    assert not any("Momo" in messages for messages in asked)
    expect(page.get_by_text("Momo")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Momo").first).to_be_visible()
    expect(page.get_by_text("Forgot one message")).to_have_count(0)


def test_a_memory_is_put_right_and_outdated_from_the_receipt(open_page, app):
    app.model.reply = scripted({"memory": "A heron."})
    page = open_page("editor")
    say(page, "What does your memory have of my bird?", "A heron.")
    page.get_by_text(re.compile(r"Used \d memor")).click()
    entry = page.locator("[class*='st-key-entry-']", has_text="You keep a heron called Momo.")
    entry.get_by_role("button", name="Wrong").click()
    box = page.get_by_role("dialog").get_by_role("textbox")
    expect(box).to_have_value("The user keeps a heron called Momo.")
    box.fill("The user keeps a stork called Momo.")
    box.press("Tab")
    page.get_by_role("button", name="Save").click()
    # The message that it came from is marked with the new words.
    entry = page.locator("[class*='st-key-entry-']", has_text="You keep a stork called Momo.", has_not_text="corrected since")
    entry.get_by_role("button", name="Outdated").click()
    expect(page.get_by_text(re.compile("^You keep a stork called Momo.*True until"))).to_be_visible()
    entry.get_by_role("button", name="Still true").click()
    expect(entry.get_by_role("button", name="Outdated")).to_be_visible()


def test_a_conversation_of_the_past_is_opened_and_left_again(open_page, app):
    app.model.reply = scripted({})
    page = open_page("mover")
    say(page, "Good morning to you", "Hello!")
    page.get_by_test_id("stSidebar").get_by_role("button", name="I keep a heron called Momo.").click()
    expect(page.get_by_text("This is a past conversation")).to_be_visible()
    expect(page.get_by_text("A fine bird.")).to_be_visible()
    expect(page.get_by_role("main").get_by_text("Good morning to you")).to_have_count(0)
    page.get_by_role("button", name="Back to today").click()
    expect(page.get_by_role("main").get_by_text("Good morning to you")).to_be_visible()


def test_copy_puts_the_reply_into_the_clipboard(open_page, app):
    app.model.reply = scripted({"copy": "Take this with you."})
    page = open_page("copier")
    say(page, "Something to copy", "Take this with you.")
    page.get_by_role("main").get_by_role("button", name="Copy", exact=True).last.click()
    expect(page.get_by_role("main").get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == "Take this with you."


def test_a_reply_is_made_again(open_page, app):
    app.model.reply = scripted({"joke": "A bad one."})
    page = open_page("again")
    say(page, "Tell me a joke", "A bad one.")
    app.model.reply = scripted({"joke": "A better one."})
    page.get_by_role("button", name="Regenerate").click()
    expect(page.get_by_text("A better one.")).to_be_visible()
    expect(page.get_by_text("A bad one.")).to_have_count(0)
    expect(page.get_by_role("main").get_by_text("Tell me a joke")).to_have_count(1)


def test_a_request_to_forget_names_it_and_one_button_does_it(open_page, app):
    app.model.reply = scripted({"forget": "I have forgotten it."})
    page = open_page("forgetter")
    say(page, "Please forget what I told you about Momo.")
    expect(page.get_by_text("Nothing is forgotten yet.")).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text="You keep a heron called Momo.")).to_be_visible()
    page.get_by_role("button", name="Forget all of this").click()
    expect(page.get_by_text("Nothing is forgotten yet.")).to_have_count(0)
    expect(page.get_by_role("main").get_by_text("Momo")).to_have_count(0)
    page.get_by_test_id("stSidebar").get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Nothing is forgotten yet.")).to_be_visible()


def test_off_the_record_is_gone_with_a_reload(open_page, app):
    app.model.reply = scripted({"secret": "I will not tell."})
    page = open_page("quiet")
    page.get_by_text("Off the record", exact=True).click()
    expect(page.get_by_placeholder("Say something, off the record")).to_be_visible()
    say(page, "A secret of mine", "I will not tell.")
    page.reload()
    expect(page.get_by_role("heading", name="An assistant that remembers you")).to_be_visible()
    expect(page.get_by_text("A secret of mine")).to_have_count(0)


def test_another_browser_with_another_user_sees_nothing_of_the_first(open_page, app):
    app.model.reply = scripted({})
    first = open_page("alone")
    say(first, "I keep a heron that nobody knows.", "Hello!")
    remembered(first)
    other = open_page("stranger")
    expect(other.get_by_role("heading", name="An assistant that remembers you")).to_be_visible()
    for path in ("", "memory", "personality", "photos", "you"):
        other.goto(f"{app.url}/{path}?user=stranger")
        expect(other.get_by_test_id("stSidebar")).to_be_visible()
        settled(other)
        assert "heron" not in other.locator("body").inner_text()


def test_a_model_that_is_down_is_said_and_the_message_can_be_sent_again(open_page, app):
    app.model.status = 503
    page = open_page("down")
    say(page, "Are you there?")
    expect(page.get_by_role("button", name="Send again")).to_be_visible()
    app.model.status = 200
    app.model.reply = scripted({"there": "Here I am."})
    page.get_by_role("button", name="Send again").click()
    expect(page.get_by_text("Here I am.")).to_be_visible()
