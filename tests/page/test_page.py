"""The page, without a browser: what it shows, and what its buttons do."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from app.events import AnswerDelta, Recalled, Retrieving, Thinking
from app.service import PersonaService
from app.ui import wording
from app.ui.live_replies import Progress, advance
from memory.core.errors import FolderInUse, ModelUnavailable
from memory.core.records import BigFive, PersonalityPoint, SemanticMemory, Step
from memory.core.records import Recalled as Memory
from tests.fakes import NOTHING, ScriptedChat, answer, fact

LONG_AGO = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
LOOKS = 5_000
"""Runs of the page until its reply must be there; each takes some hundredths of a second."""
OpenPage = Callable[..., AppTest]


def say(page: AppTest, text: str) -> AppTest:
    """Send a message, and look again until its reply is there."""
    page.chat_input[0].set_value(text).run()
    for _ in range(LOOKS):
        if not any(button.label == "Stop writing" for button in page.button):
            return page
        page.run()
    raise AssertionError("The reply does not end.")


def texts(page: AppTest) -> list[str]:
    return [element.value for element in page.text]


def replies(page: AppTest) -> list[str]:
    return [element.value for element in page.main.markdown]


def captions(page: AppTest) -> str:
    return "\n".join(element.value for element in page.caption)


def test_a_new_user_is_told_what_this_is_and_no_model_is_loaded(open_page: OpenPage, chat: ScriptedChat) -> None:
    page = open_page()
    assert not page.exception
    assert page.title[0].value == "An assistant that remembers you"
    assert "No messages yet." in texts(page)
    assert "Everything is remembered." not in texts(page)
    assert chat.calls == []


def test_a_reply_stands_below_its_folded_steps(open_page: OpenPage, service: PersonaService, chat: ScriptedChat) -> None:
    service.memory.ingest_turn("ada", LONG_AGO, "My dog is called Biscuit.", "Noted.")
    chat.script["reasoning"] = answer("He is **Biscuit**.", "Now I know.")
    page = say(open_page(), "What is my dog called?")
    assert not page.exception
    assert replies(page)[-1] == "He is **Biscuit**."
    steps = next(expander for expander in page.main.expander if "1 memory found" in expander.label)
    shown = [element.value for element in steps.text]
    assert shown[0] == "What is my dog called?"
    assert shown[1] == "[2026-03-01 09:30 (Sunday)] User: My dog is called Biscuit."
    assert shown[2] == "Now I know."
    assert "Still remembering your messages (3 steps left)." in texts(page)


def test_a_failed_message_says_why_and_can_be_sent_again(open_page: OpenPage, chat: ScriptedChat) -> None:
    chat.script["reasoning"] = [ModelUnavailable("The model server is away. Start it."), answer("Here I am.")]
    page = say(open_page(), "Are you there?")
    assert not page.exception
    assert "Are you there?" in texts(page)
    assert [error.value for error in page.error] == ["The model server is away. Start it."]
    page.button(key=next(button.key for button in page.button if button.label == "Send again")).click().run()
    assert replies(page) == ["Here I am."]
    assert not page.error
    assert texts(page).count("Are you there?") == 1


def test_a_folder_in_use_is_one_sentence_and_can_be_tried_again(
    service: PersonaService, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = iter([FolderInUse("The data folder is in use by `persona chat`. Stop that first."), service])

    def open_service() -> PersonaService:
        got = next(opened)
        if isinstance(got, FolderInUse):
            raise got
        return got

    monkeypatch.setattr(PersonaService, "from_settings", open_service)
    page = AppTest.from_file("../../streamlit_app.py", default_timeout=600).run()
    assert not page.exception
    assert [error.value for error in page.error] == ["The data folder is in use by `persona chat`. Stop that first."]
    assert not page.chat_input
    page.button[0].click().run()
    assert not page.error
    assert page.chat_input


def test_two_users_see_only_their_own(open_page: OpenPage, service: PersonaService, chat: ScriptedChat) -> None:
    chat.script["reasoning"] = [answer("Hello Ada."), answer("Hello Bob.")]
    service.memory.ingest_turn("bob", LONG_AGO, "I have a cat.", "Noted.")
    page = say(open_page("ada"), "I am Ada.")
    assert "I am Ada." in texts(page)
    page.selectbox(key="user").set_value("bob").run()
    assert page.query_params["user"] == "bob"
    page = say(page, "I am Bob.")
    assert replies(page) == ["Noted.", "Hello Bob."]
    assert not any("Ada" in text for text in texts(page))
    assert not any("Ada" in button.label for button in page.sidebar.button)
    assert "Hello Ada." in replies(open_page("ada"))


def test_what_was_said_stays_data(open_page: OpenPage, service: PersonaService, chat: ScriptedChat) -> None:
    hostile = "<script>alert(1)</script> ![x](http://example.invalid/leak.png) # title"
    remember(service, "ada", hostile)
    written = "<script>alert(2)</script> ![y](http://example.invalid/other.png) # heading"
    chat.script["reasoning"] = answer(written, written)
    page = say(open_page(), hostile)
    assert not page.exception
    assert texts(page).count(hostile) == 2  # the message, the search
    assert texts(page).count(written) == 1  # the thought
    assert all("<script>" not in button.label for button in page.sidebar.button)
    assert replies(page) == ["Noted.", wording.markdown(written)]
    assert "![" not in replies(page)[1]
    assert not any(element.allow_html for element in page.markdown)


def test_off_the_record_lives_on_this_page_alone(open_page: OpenPage, service: PersonaService, chat: ScriptedChat) -> None:
    page = open_page()
    page.toggle[0].set_value(True).run()
    page = say(page, "A secret.")
    assert replies(page) == ["Hello!"]
    assert "Off the record" in captions(page)
    assert service.memory.journal.turns("ada") == []
    assert "A secret." not in texts(open_page())
    page.selectbox(key="user").set_value("me").run()
    assert "A secret." not in texts(page)


def test_what_is_forgotten_is_not_shown_and_a_reply_that_told_of_it_says_so(
    open_page: OpenPage, service: PersonaService, chat: ScriptedChat
) -> None:
    chat.script |= {"semantic": fact("The user has a parrot called Zazuquill.", "parrot")}
    list(service.stream("ada", "My parrot is called Zazuquill.", time="2026-03-01 09:00"))
    service.wait()
    chat.script |= {"reasoning": answer("Hello to Zazuquill!")}
    list(service.stream("ada", "Good morning.", time="2026-03-01 09:05"))
    page = open_page()
    assert "My parrot is called Zazuquill." in texts(page)
    service.memory.forget("ada", service.memory.memories.entries("ada", kind="semantic")[0].id)
    page = open_page()
    assert "Good morning." in texts(page)
    assert "Zazuquill" not in str([*texts(page), *replies(page)])
    assert "mentioned something that is now forgotten" in captions(page)
    assert not page.exception


def test_the_switches_reach_the_service(open_page: OpenPage, chat: ScriptedChat) -> None:
    page = open_page()
    page.toggle[1].set_value(True)
    say(page, "Look first.")
    assert chat.steps() == ["retrieve", "answer"]
    page.toggle[1].set_value(False)
    page.toggle[2].set_value(True)
    say(page, "Just answer.")
    assert chat.steps()[2:] == ["direct"]


def test_a_message_that_is_too_long_is_refused_and_kept(open_page: OpenPage, service: PersonaService) -> None:
    page = say(open_page(), "x" * 20_001)
    assert "20,001 characters" in page.error[0].value
    assert page.chat_input[0].proto.value == "x" * 20_001
    assert service.memory.journal.turns("ada") == []


def test_a_picture_is_stored_and_shown(open_page: OpenPage, service: PersonaService) -> None:
    png = io.BytesIO()
    Image.new("RGB", (8, 8), "teal").save(png, "PNG")
    page = open_page()
    page.chat_input[0].upload("teal.png", png.getvalue(), "image/png")
    page = say(page, "See this.")
    assert not page.exception
    assert len(service.memory.photos.list("ada")) == 1
    assert len(page.get("image")) == 1


def test_that_it_cannot_see_is_said_below_each_reply_and_once_that_photos_are_found_by_words(
    open_page: OpenPage, service: PersonaService
) -> None:
    page = open_page()
    for number, colour in enumerate(("teal", "pink")):
        png = io.BytesIO()
        Image.new("RGB", (64, 48), colour).save(png, "PNG")
        page.chat_input[0].upload(f"{colour}.png", png.getvalue(), "image/png")
        say(page, f"This is number {number}")
        assert captions(page).count("can't see") == number + 1
        assert captions(page).count("not by sight") == 1
        service.wait()
    assert len(open_page().get("image")) == 2


def test_a_picture_that_is_called_something_else_is_refused(open_page: OpenPage, service: PersonaService) -> None:
    gif = io.BytesIO()
    Image.new("RGB", (8, 8)).save(gif, "GIF")
    page = open_page()
    page.chat_input[0].upload("teal.png", gif.getvalue(), "image/png")
    say(page, "Look")
    assert "teal.png is a GIF inside" in page.error[0].value
    assert service.memory.journal.turns("ada") == []


def test_a_damaged_picture_is_refused(open_page: OpenPage) -> None:
    page = open_page()
    page.chat_input[0].upload("teal.png", b"no picture", "image/png")
    page = say(page, "See this.")
    assert "not a picture" in page.error[0].value


def test_a_reply_that_takes_its_time_is_shown_as_it_comes_on_every_page_that_is_open(
    open_page: OpenPage, chat: ScriptedChat, service: PersonaService
) -> None:
    chat.gate = threading.Event()
    chat.script["reasoning"] = answer("It took a while.")
    page = open_page().chat_input[0].set_value("Take your time.").run()
    other = open_page()
    for one in (page, other):
        assert any(doing in captions(one) for doing in ("Waiting for the model", "Reading the results"))
        assert "Waiting for a reply." in texts(one)
        assert [button.label for button in one.button if button.label == "Stop writing"]
    chat.gate.set()
    while service.memory.journal.turns("ada")[0].reply == "":
        time.sleep(0.01)
    for one in (page.run(), other.run()):
        assert replies(one) == ["It took a while."]


def test_a_button_that_stood_there_before_another_user_was_chosen_does_nothing(
    open_page: OpenPage, service: PersonaService
) -> None:
    remember(service, "ada", "Ada has a dog.")
    fact = service.memory.memories.entries("ada", kind="semantic")[0]
    page = open_page("ada")
    page.session_state["user"] = "bob"

    def pressed() -> None:
        import streamlit as st

        from app.ui import layout as frame
        from app.ui import memory_actions

        st.session_state.user = "bob"
        memory_actions._try(memory_actions._forget, frame.Here(frame.open_replies(), "ada"), st.session_state.fact)

    stale = AppTest.from_function(pressed)
    stale.session_state["fact"] = fact.id
    stale.run()
    assert not stale.exception
    assert "another user" in stale.session_state["refused"]
    assert service.memory.memories.get("ada", fact.id)


def test_off_the_record_stays_on_from_page_to_page(open_page: OpenPage, service: PersonaService) -> None:
    page = open_page()
    page.toggle[0].set_value(True).run()
    page.switch_page("app/ui/views/you.py").run()
    page.switch_page("app/ui/views/chat.py").run()
    assert page.toggle[0].value is True
    say(page, "A secret.")
    assert service.memory.journal.turns("ada") == []


def test_stopped_and_foreign_turns_are_marked(open_page: OpenPage, service: PersonaService) -> None:
    journal = service.memory.journal
    journal.finish(service.memory.receive("ada", "Tell me everything.").id, "Once upon", stopped=True)
    service.memory.receive("ada", "And then?")
    page = open_page()
    assert replies(page) == ["Once upon"]
    assert "Stopped." in captions(page)
    assert "Writing…" in captions(page)


def test_only_the_last_turns_are_shown_until_more_are_wanted(open_page: OpenPage, service: PersonaService) -> None:
    for number in range(53):
        service.memory.ingest_turn("ada", LONG_AGO, f"Message {number}", "Yes.")
    page = open_page()
    assert "Message 2" not in texts(page)
    assert "Message 3" in texts(page)
    next(button for button in page.button if button.label == "Show earlier messages").click().run()
    assert "Message 0" in texts(page)


def test_an_impossible_user_is_refused_in_words(open_page: OpenPage) -> None:
    page = open_page("x" * 300)
    assert "at most 200" in page.error[0].value
    assert not page.chat_input


def test_an_answer_before_a_look_is_begun_anew() -> None:
    found = Memory(id="sem_1", kind="semantic", text="Ada has a dog.", time=LONG_AGO)
    progress = Progress()
    for event in (Thinking("Hm."), AnswerDelta("Wrong"), Retrieving("dog"), Recalled((found,)), AnswerDelta("Right")):
        progress = advance(progress, event)
    assert (progress.answer, progress.doing, progress.finished) == ("Right", "Writing", False)
    assert progress.steps == (Step(think="Hm.", action="retrieve", query="dog", memory_ids=("sem_1",)),)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("It costs $5 to $10.", r"It costs \$5 to \$10."),
        (r"Already \$5.", r"Already \$5."),
        ("`$HOME` and ```\n$PATH\n``` and $1", "`$HOME` and ```\n$PATH\n``` and \\$1"),
        ("vec![1, 2]", "vec![1, 2]"),
        (r"\`$y^2$\`", r"\`\$y^2\$\`"),
        (r"C:\\$z", r"C:\\\$z"),
        ("![a][b]\n\n[b]: http://x", "!\u200b[a][b]\n\n[b]: http://x"),
    ],
)
def test_markdown_keeps_prices_and_loses_pictures(text: str, shown: str) -> None:
    assert wording.markdown(text) == shown


@pytest.mark.parametrize(
    ("steps", "found", "line"),
    [
        ([Step(action="answer")], 0, ""),
        ([Step(think="Hm.", action="answer")], 0, "Thought about it"),
        ([Step(action="retrieve"), Step(action="answer")], 0, "Searched memory (nothing found)"),
        ([Step(think="Hm.", action="retrieve")] * 2, 2, "Thought, then searched memory twice (2 memories found)"),
    ],
)
def test_steps_are_summed_up_in_a_line(steps: list[Step], found: int, line: str) -> None:
    assert wording.summary(steps, [Memory(id="a", kind="turn", text="a", time=LONG_AGO)] * found) == line


@pytest.mark.parametrize(
    ("kind", "counts", "minutes", "sentence"),
    [
        ("semantic", {"memories": 1, "messages": 1}, 9, "Forgot one fact and its message. You can undo this for 9 minutes."),
        ("turn", {"messages": 1}, 1, "Forgot one message. You can undo this for 1 minute."),
        (
            "turn", {"messages": 3, "memories": 1, "made from it": 1, "replies": 1, "pictures": 0}, 0,
            "Forgot one message, 2 other messages, 2 related memories and one reply. You can undo this for a minute.",
        ),
        ("photo", {"memories": 1, "pictures": 1, "messages": 1}, 9,
            "Forgot one picture and its message. You can undo this for 9 minutes.",
        ),
    ],
)  # fmt: skip
def test_what_was_forgotten_is_said_in_a_sentence(kind: str, counts: dict[str, int], minutes: int, sentence: str) -> None:
    assert wording.forgot(kind, counts, minutes) == sentence


@pytest.mark.parametrize("text", ["see http://evil.invalid", ":material/home: :red[x]", "a -> b <- c -- d", "www.evil.invalid"])
def test_a_label_has_nothing_that_streamlit_would_make_something_of(text: str) -> None:
    made = wording.label(text).replace("\\", "")
    assert made.replace("\u200b", "") == text
    for special in ("://", ":material/", ":red", "->", "<-", "--", "www."):
        assert special not in made


def remember(service: PersonaService, user: str, content: str) -> None:
    said = LONG_AGO + timedelta(seconds=len(service.memory.journal.turns(user)))
    turn = service.memory.ingest_turn(user, said, "Earlier words.", "Noted.")
    assert turn is not None
    point = PersonalityPoint(turn_id=turn.id, time=said, scores=BigFive(openness=4.0))
    fact = SemanticMemory(id=turn.id.replace("tur_", "sem_"), turn_id=turn.id, time=said, content=content)
    service.memory.memories.commit_remember(user, turn.id, point, fact)


def held(page: AppTest, label: str):
    return next(button for button in page.main.button if button.label == label)


@pytest.mark.usefixtures("asking")
def test_something_sensitive_is_asked_about_and_kept_after_a_yes(open_page: OpenPage, service: PersonaService) -> None:
    page = say(open_page(), "I was diagnosed with diabetes.")
    assert not page.exception
    assert "This message is about health. It is remembered only after you approve it." in captions(page)
    # The side panel is drawn before the reply is: it follows with its next look, some seconds later.
    page.run()
    assert "1 message needs your approval." in [text.value for text in page.sidebar.text]
    page = held(page, "Remember it").click().run()
    assert not page.exception
    assert "only after you approve it" not in captions(page)
    assert service.memory.search("ada", "diabetes")


@pytest.mark.usefixtures("asking")
def test_a_no_takes_it_off_the_page(open_page: OpenPage, service: PersonaService) -> None:
    page = say(open_page(), "I was diagnosed with diabetes.")
    page = held(page, "Forget it").click().run()
    assert not page.exception
    assert "I was diagnosed with diabetes." not in texts(page)
    assert not service.memory.approvals.waiting("ada")


def test_one_question_is_asked_and_never_keep_forgets_the_message_that_it_is_asked_under(
    open_page: OpenPage, service: PersonaService
) -> None:
    page = say(open_page(), "I was diagnosed with diabetes.")
    assert "It is remembered and marked as sensitive" in captions(page)
    page = held(page, "Never keep them").click().run()
    assert not page.exception
    assert "I was diagnosed with diabetes." not in texts(page)
    assert service.memory.consent.chosen("ada") == "never-keep"
    page = say(page, "My sister has leukaemia.")
    assert "It was answered but not saved." in captions(page)
    assert "What should happen" not in captions(page)


def test_who_answered_is_not_asked_again(open_page: OpenPage, service: PersonaService) -> None:
    page = held(say(open_page(), "I was diagnosed with diabetes."), "Ask me first").click().run()
    page = say(page, "I take insulin every morning.")
    assert "What should happen" not in captions(page)
    assert "only after you approve it" in captions(page)


def test_what_is_not_sensitive_is_not_asked_about(open_page: OpenPage) -> None:
    page = say(open_page(), "I keep a heron.")
    assert "only after you approve it" not in captions(page)
    assert not [button for button in page.main.button if button.label == "Remember it"]


def test_a_message_that_was_corrected_since_says_so(service, chat, open_page):
    chat.script = {"semantic": [fact("The user's cat is called Tim.", "cat"), NOTHING]}
    list(service.stream("ada", "My cat is called Tim.", time="2026-03-01 09:00"))
    service.wait()
    [known] = service.memory.memories.entries("ada", kind="semantic")
    service.memory.edit("ada", known.id, "The user's cat is called Kim.")
    assert "[corrected since by you: Your cat is called Kim.]" in [one.value for one in open_page().text]


def test_no_part_of_the_page_names_a_view_from_where_a_checkout_has_its_script() -> None:
    parts = (Path(__file__).parents[2] / "app" / "ui").rglob("*.py")
    assert [part.name for part in parts if "ui/views/" in part.read_text()] == []
