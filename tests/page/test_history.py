"""You → Bring your history, without a browser: a file is looked into, chosen about, imported, and undone."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app.background_steps import Remaining
from app.importing_jobs import Job
from app.models.endpoint import Endpoint
from app.service import PersonaService
from app.step_times import Model, StepTimes
from app.ui.account import history_wording
from memory.core.errors import StorageError
from memory.imports.reasons import EARLIER, KNOWN

OpenYou = Callable[..., AppTest]
LINES = "\n".join(
    json.dumps({"time": time, "user": said, "assistant": "Noted."})
    for time, said in (
        ("2025-03-01T09:00+01:00", "I bought a cello."),
        ("2025-03-01T09:05+01:00", "It is from Mirecourt."),
        ("2025-04-02T18:00+02:00", "My quartet meets on Thursdays."),
    )
)
GROUP = """14/03/2026, 09:02 - Ada: I bought a cello
14/03/2026, 09:03 - Bea: Lovely! Which one?
15/03/2026, 10:01 - Cleo: Bring it on Sunday
16/03/2026, 10:01 - Ada: I will"""
PAIR = """14/03/2026, 09:02 - Ada: I bought a cello
14/03/2026, 09:03 - Bea: Lovely! Which one?"""
TWO_WAYS = """5/6/26, 09:02 - Ada: I bought a cello
5/6/26, 09:03 - Bea: Lovely! Which one?
6/6/26, 10:01 - Ada: An old one"""


@pytest.fixture
def open_you(open_page: Callable[..., AppTest]) -> OpenYou:
    def make(user: str = "ada") -> AppTest:
        return ran(open_page(user).switch_page("app/ui/views/you.py"))

    return make


def ran(changed: Any) -> AppTest:
    """Run the page after a change of it or of one of its parts."""
    page: AppTest = changed.run()
    assert not page.exception
    return page


def dropped(page: AppTest, name: str, text: str, number: int = 0, user: str = "ada") -> AppTest:
    page.file_uploader(key=f"history-{user}-{number}").set_value((name, text.encode(), "text/plain"))
    return ran(page)


def imported(page: AppTest, service: PersonaService, user: str = "ada") -> AppTest:
    page.button(key="bring").click()
    page = ran(page)
    job = service.importing.of(user)
    assert job is not None
    job.done.exception(60)
    return ran(page)


def words(page: AppTest) -> str:
    shown = [*page.main.markdown, *page.main.caption, *page.main.text, *page.success, *page.warning, *page.error]
    return "\n".join(element.value for element in shown)


def said(service: PersonaService, user: str = "ada") -> list[str]:
    return [turn.text for turn in service.memory.journal.turns(user)]


def test_a_file_is_looked_into_imported_and_undone(open_you: OpenYou, service: PersonaService) -> None:
    page = dropped(open_you(), "old.jsonl", LINES)
    assert "6 messages in 1 conversation, 2025-03-01 to 2025-04-02" in words(page)
    assert list(page.dataframe[0].value["Messages"]) == [6]
    assert page.radio(key="shown-history-depth").options == [
        "Each session once (4 model calls)", "Nothing", "Every message (12 model calls)",
    ]  # fmt: skip
    assert "6 messages would be added." in words(page)
    assert said(service) == []
    page = imported(page, service)
    assert said(service) == ["I bought a cello.", "It is from Mirecourt.", "My quartet meets on Thursdays."]
    assert "old.jsonl: 6 messages from 1 conversation added." in words(page)
    assert "The model reads it in the background (3 steps left)" in words(page)
    assert not page.dataframe, "the field is empty for the next file"
    [one] = service.memory.imports.of("ada")
    assert "6 messages added, 2025-03-01 to 2025-04-02." in words(page)
    page.button(key=f"undo-{one.id}").click()
    page = ran(page)
    assert said(service) != [], "it asks first"
    page = ran(page.button(key="keep-import").click())
    assert "is removed for good" not in words(page)
    page = ran(page.button(key=f"undo-{one.id}").click())
    assert "Everything that old.jsonl brought is removed for good" in words(page)
    page.button(key="confirm-undo").click()
    page = ran(page)
    assert "The import is undone: 3 messages with their replies, 0 memories and 0 pictures are removed." in words(page)
    assert said(service) == []
    assert "Imported so far" not in words(page)
    assert "from 1 conversation added" not in words(page)


def test_nothing_is_kept_of_a_file_that_is_taken_away_again(open_you: OpenYou, service: PersonaService) -> None:
    page = dropped(open_you(), "old.jsonl", LINES)
    path = page.session_state["shown-history"].upload.path
    assert path.name == "old.jsonl"
    assert path.is_file()
    page.file_uploader(key="history-ada-0").set_value([])
    page = ran(page)
    assert not path.parent.exists()
    assert not page.dataframe
    assert service.memory.imports.of("ada") == []


def test_the_file_is_gone_after_the_import(open_you: OpenYou, service: PersonaService) -> None:
    page = dropped(open_you(), "old.jsonl", LINES)
    path = page.session_state["shown-history"].upload.path
    imported(page, service)
    assert not path.parent.exists()


def test_who_is_me_is_asked_in_talk_between_people(open_you: OpenYou, service: PersonaService) -> None:
    page = dropped(open_you(), "chat.txt", GROUP)
    assert "4 messages in 1 conversation, 2026-03-14 to 2026-03-16, by 3 people" in words(page)
    assert page.dataframe[0].value["People"][0] == "Ada, Bea, Cleo"
    assert page.button(key="bring").disabled
    asked = page.selectbox(key="shown-history-me")
    assert asked.options == ["Ada", "Bea", "Cleo"]
    every = "Every message (model calls: known once you say which of them you are)"
    assert page.radio(key="shown-history-depth").options[-1] == every
    page = ran(asked.set_value("Bea"))
    assert not page.button(key="bring").disabled
    assert re.fullmatch(r"Every message \(\d+ model calls\)", page.radio(key="shown-history-depth").options[-1])
    imported(page, service)
    turns = service.memory.journal.turns("ada")
    assert [(turn.speaker, turn.by_other) for turn in turns] == [
        ("Ada", True), ("Bea", False), ("Cleo", True), ("Ada", True),
    ]  # fmt: skip


def test_the_order_of_day_and_month_is_asked_where_nothing_says_it(open_you: OpenYou, service: PersonaService) -> None:
    page = dropped(open_you(), "WhatsApp Chat with Bea.txt", TWO_WAYS)
    assert "5/6/26 is 5 June 2026 or 6 May 2026." in words(page)
    assert "--day-first" not in words(page)
    assert not page.button or "bring" not in {button.key for button in page.button}
    page = ran(page.radio(key="shown-history-order").set_value(False))
    assert "2026-05-06 to 2026-06-06" in words(page)
    page = ran(page.radio(key="shown-history-order").set_value(True))
    assert "2026-06-05 to 2026-06-06" in words(page)
    assert "which of them are you" not in words(page).lower(), "the name of the file says it"
    assert "You are taken to be Ada." in words(page)
    imported(page, service)
    assert {f"{turn.time:%Y-%m-%d}" for turn in service.memory.journal.turns("ada")} == {"2026-06-05", "2026-06-06"}


def test_zone_and_first_day_are_taken(open_you: OpenYou, service: PersonaService) -> None:
    page = dropped(open_you(), "WhatsApp Chat with Bea.txt", GROUP)
    page.selectbox(key="shown-history-zone").set_value("Asia/Tokyo")
    page.date_input(key="shown-history-since").set_value(date(2026, 3, 15))
    page = ran(page)
    assert "messages before the day that you named (2)" in words(page)
    page = ran(page.selectbox(key="shown-history-me").set_value("Ada"))
    imported(page, service)
    assert [turn.time.isoformat() for turn in service.memory.journal.turns("ada")] == [
        "2026-03-15T10:01:00+09:00", "2026-03-16T10:01:00+09:00",
    ]  # fmt: skip


def test_a_first_day_after_everything_names_the_newest_day(open_you: OpenYou, service: PersonaService) -> None:
    page = dropped(open_you(), "old.jsonl", LINES)
    page = ran(page.date_input(key="shown-history-since").set_value(date(2030, 1, 1)))
    assert "All 6 messages are older than 2030-01-01: the newest is of 2025-04-02." in words(page)
    assert "--since" not in words(page)
    page = ran(page.date_input(key="shown-history-since").set_value(None))
    assert "6 messages would be added." in words(page)


def test_what_is_here_already_is_said_before_and_is_no_import(open_you: OpenYou, service: PersonaService) -> None:
    imported(dropped(open_you(), "old.jsonl", LINES), service)
    page = dropped(open_you(), "again.jsonl", LINES)
    assert "Left out: messages that are here already (6)." in words(page)
    assert "Nothing would be added: all 6 messages are here already." in words(page)
    assert page.button(key="bring").disabled
    longer = f"{LINES}\n{json.dumps({'time': '2025-05-01T09:00Z', 'user': 'A new bow.', 'assistant': ''})}"
    page = dropped(open_you(), "longer.jsonl", longer)
    assert "1 of 7 messages would be added." in words(page)
    page = imported(page, service)
    assert "longer.jsonl: 1 of 7 messages from 1 conversation added." in words(page)


def test_a_file_that_cannot_be_read_says_why_and_where_it_comes_from_can_be_chosen(
    open_you: OpenYou, service: PersonaService
) -> None:
    page = dropped(open_you(), "odd.bin", "nothing that is known")
    [told] = [one.value for one in page.error]
    assert told.startswith("odd.bin is not recognised. Looked for: ChatGPT, Claude")
    assert "--format" not in told
    page = ran(page.selectbox(key="shown-history-format").set_value("chatgpt"))
    assert page.error
    assert "persona-import-" not in words(page)
    assert service.memory.imports.of("ada") == []


def test_an_import_goes_on_when_the_page_is_left(
    open_you: OpenYou, service: PersonaService, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = open_you()
    running = Job("old.jsonl", 10)
    running.read = 4
    service.importing._jobs["ada"] = running
    page = ran(page)
    assert "It goes on when you leave this page or close it." in words(page)
    assert not page.file_uploader(key="archive").value
    assert all(one.key != "history-ada-0" for one in page.get("file_uploader"))
    again = open_you()
    assert "It goes on when you leave this page or close it." in words(again)
    assert "It goes on" not in words(open_you("grace")), "it is Ada's"
    running.done.set_exception(StorageError("The disk is full. Free some space."))
    page = ran(page)
    assert [one.value for one in page.error] == ["The disk is full. Free some space."]
    page = ran(page.button(key="close-import").click())
    assert not page.error


def test_another_user_does_not_see_the_file(open_you: OpenYou, service: PersonaService) -> None:
    service.memory.receive("grace", "Hello?")
    page = dropped(open_you(), "old.jsonl", LINES)
    page.sidebar.selectbox[0].set_value("grace")
    page = ran(page)
    assert not page.dataframe
    assert "shown-history" not in page.session_state


def test_how_far_an_import_is() -> None:
    job = Job("old.jsonl", 10)
    assert job.share == 0
    job.advance("read", 10)
    assert (job.share, history_wording.running(job)) == (0.5, "Reading old.jsonl: 10 messages so far")
    job.advance("write", 5)
    assert (job.share, history_wording.running(job)) == (0.75, "Importing old.jsonl: 5 messages written")


def test_what_waits_for_approval() -> None:
    assert history_wording.waiting(0) == ""
    assert history_wording.waiting(1) == "1 message of it waits for your approval, and nothing recalls it before."
    assert history_wording.waiting(2) == "2 messages of it wait for your approval, and nothing recalls them before."


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("It is a talk. Name yourself with --me: Ada (1), Bea (2). Nothing was written.", "It is a talk. Nothing was written."),
        ("Say --day-first for the one.", "Say --day-first for the one."),
        ("old.zip is cut off. Export it again.", "old.zip is cut off. Export it again."),
    ],
)
def test_sentences_about_options_are_not_shown(message: str, shown: str) -> None:
    assert history_wording.without_options(message) == shown


def test_what_is_left_out_is_counted_most_first() -> None:
    assert history_wording.left_out({}) == ""
    assert history_wording.left_out({"videos": 2, EARLIER: 1, KNOWN: 3}) == (
        f"Left out: {KNOWN} (3); {EARLIER} (1). Left out besides: videos (2)."
    )
    assert (
        history_wording.left_out({"videos": 2, "hidden messages": 1200})
        == "Left out besides: hidden messages (1,200); videos (2)."
    )
    many = history_wording.left_out({f"things {number}": 1 for number in range(14)})
    assert many.endswith("; others (2).")


def test_the_reading_of_an_import_is_watched_paused_and_gone_on_with(open_you: OpenYou, service: PersonaService) -> None:
    page = imported(dropped(open_you(), "old.jsonl", LINES), service)
    [one] = service.memory.imports.of("ada")
    assert "The model reads it: 3 steps left. How long that takes is known after the first ones." in words(page)
    page = ran(page.button(key=f"pause-{one.id}").click())
    assert service.memory.imports.get("ada", one.id).paused
    assert "Paused: the model has 3 steps left to read of it." in words(page)
    assert page.button(key=f"pause-{one.id}").label == "Go on"
    assert service.wait("ada") == 0
    page = ran(page.button(key=f"pause-{one.id}").click())
    assert not service.memory.imports.get("ada", one.id).paused
    assert "The model reads it: 3 steps left" in words(page)
    service.wait("ada")
    page = ran(page)
    assert "The model reads it:" not in words(page)
    assert not [button for button in page.button if button.key == f"pause-{one.id}"]


def test_what_the_model_reads_says_how_long_once_that_was_measured(open_you: OpenYou, service: PersonaService) -> None:
    page = dropped(open_you(), "old.jsonl", LINES)
    assert "How long that takes with this model is known after its first calls." in words(page)
    service.models.loaded = Endpoint("http://127.0.0.1:1/v1", "small", "llamacpp", 4096, sees=False, embedded=True)  # type: ignore[misc] # of the script
    StepTimes(service.memory.folder).note(Model("small"), "topics", 900.0)
    page = ran(page)
    assert page.radio(key="shown-history-depth").options[0] == "Each session once (4 model calls, about an hour)"
    assert "is known after its first calls" not in words(page)


def test_a_reading_is_told_in_one_line() -> None:
    now = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
    assert history_wording.being_read(500, Remaining(520, 3.0, 10_400.0), now) == (
        "The model reads it: 500 steps left, 3.0 a minute. About 3 hours, until about 14:55 today."
    )


def test_whoever_was_found_is_chosen_before_and_another_one_can_be(open_you: OpenYou, service: PersonaService) -> None:
    page = dropped(open_you(), "WhatsApp Chat with Bea.txt", PAIR)
    assert page.selectbox(key="shown-history-me").value == "Ada"
    assert "You are taken to be Ada." in words(page)
    page = imported(ran(page.selectbox(key="shown-history-me").set_value("Bea")), service)
    assert [turn.by_other for turn in service.memory.journal.turns("ada")] == [True, False]
    page = dropped(page, "WhatsApp Chat with Bea.txt", f"{PAIR}\n14/03/2026, 09:05 - Ada: More", number=1)
    assert page.selectbox(key="shown-history-me").value == "Bea", "an earlier import took her"
    page = ran(page.selectbox(key="shown-history-me").set_value("Ada"))
    assert "These messages are here already with Bea as you. If that is wrong, undo that import below" in words(page)
    assert "bring" not in {button.key for button in page.button}
    page = imported(ran(page.selectbox(key="shown-history-me").set_value("Bea")), service)
    assert [turn.by_other for turn in service.memory.journal.turns("ada")] == [True, False, True]


def test_the_steps_are_those_of_this_import(open_you: OpenYou, service: PersonaService) -> None:
    page = imported(dropped(open_you(), "old.jsonl", LINES), service)
    page = imported(dropped(page, "new.jsonl", LINES.replace("2025", "2024"), number=1), service)
    assert service.memory.work.count("ada") == 6
    assert "The model reads it in the background (3 steps left)" in words(page)
