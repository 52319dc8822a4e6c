"""The page Memory, without a browser: what it lists, where that came from, and how it is put right."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from app.service import PersonaService
from app.ui.memory import entry_wording
from memory.core.errors import ModelMissing, ObjectsUnavailable
from memory.core.records import (
    BigFive,
    Episode,
    PersonalityPoint,
    PhotoMemory,
    Procedure,
    ProfileEntry,
    SemanticMemory,
    Turn,
    make_id,
    user_key,
)
from memory.core.time_window import ALL_TIME, TimeWindow
from memory.facts.acceptance import Changes

BEGIN = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
OpenPage = Callable[..., AppTest]


@pytest.fixture
def open_memory(open_page: OpenPage) -> OpenPage:
    def make(user: str = "ada") -> AppTest:
        page = open_page(user)
        return page.switch_page("app/ui/views/memory.py").run()

    return make


def key(name: str, user: str = "ada") -> str:
    return f"memory-{name}-{user_key(user)[:8]}"


def tell(
    service: PersonaService,
    day: int,
    content: str,
    changes: Changes | None = None,
    *,
    text: str | None = None,
    user: str = "ada",
    picture: bool = False,
) -> tuple[Turn, str]:
    """One message, with what was taken from it; returns it and the fact's id."""
    memory, at = service.memory, BEGIN + timedelta(days=day)
    images = []
    if picture:
        png = io.BytesIO()
        Image.new("RGB", (64, 48), "teal").save(png, "PNG")
        images = [memory.photos.receive(user, png.getvalue(), "teal.png")]
    turn = memory.ingest_turn(user, at, text or f"Message of day {day}.", "Noted.", photo_ids=images)
    assert turn is not None
    name = make_id(user, "semantic", turn.id)
    fact = SemanticMemory(id=name, turn_id=turn.id, time=at, content=content)
    photo = [PhotoMemory(id=make_id(user, "photo", turn.id), turn_id=turn.id, photo_id=one, time=at, caption="A lake") for one in images]  # fmt: skip
    point = PersonalityPoint(turn_id=turn.id, time=at, scores=BigFive(openness=4.0))
    memory.memories.commit_remember(user, turn.id, point, fact, changes, photo)
    return turn, name


def sum_up(service: PersonaService, turn: Turn, *, profile: dict[str, str], habits: dict[str, str]) -> None:
    topic = Episode(
        id=make_id("ada", "episodic", turn.session, 0), session=turn.session, time=turn.time, summary="About herons.",
        turn_ids=(turn.id,),
    )  # fmt: skip
    service.memory.memories.commit_consolidation(
        "ada", turn.session, turn.time, episodes=[topic], procedures=habits, profile=profile
    )


def texts(page: AppTest) -> list[str]:
    return [element.value for element in page.main.text]


def captions(page: AppTest) -> str:
    return "\n".join(element.value for element in page.main.caption)


def press(page: AppTest, start: str) -> AppTest:
    """Press the first button whose key begins so."""
    return next(button for button in page.main.button if (button.key or "").startswith(start)).click().run()


def test_of_a_new_user_it_says_that_nothing_is_remembered_yet(open_memory: OpenPage) -> None:
    page = open_memory()
    assert not page.exception
    assert "Nothing is remembered yet" in page.info[0].value
    assert "Choose Edit to add a line yourself" in captions(page)
    assert not page.text_input


def test_while_the_first_messages_are_being_read_it_says_so(open_memory: OpenPage, service: PersonaService) -> None:
    service.memory.ingest_turn("ada", BEGIN, "I keep a heron.", "Noted.")
    page = open_memory()
    assert "being processed" in page.info[0].value
    assert "Your last message is not in memory yet; it will be remembered soon." in captions(page)


def test_what_is_not_in_memory_yet_is_said_to_its_own_person(open_memory: OpenPage, service: PersonaService) -> None:
    tell(service, 1, "The user keeps a heron.")
    for minute in range(2):
        service.memory.ingest_turn("ada", BEGIN + timedelta(days=1, minutes=1 + minute), "And a crane.", "Noted.")
    tell(service, 1, "The user keeps a stork.", user="bob")
    assert "Your last two messages are not in memory yet" in captions(open_memory())
    bob = captions(open_memory("bob"))
    assert "last" not in bob.replace("conversation", "")


def test_a_timeline_by_day_newest_first_says_how_each_stands(open_memory: OpenPage, service: PersonaService) -> None:
    _, old = tell(service, 0, "Ada lives in Berlin.")
    tell(service, 1, "Ada lives in Lisbon.", Changes(supersedes=(old,)))
    _, heron = tell(service, 1, "Ada keeps a heron.", text="I keep a heron.")
    tell(service, 2, "Ada has a heron.", Changes(same_as=heron))
    service.memory.edit("ada", heron, "Ada keeps a heron called Momo.")
    page = open_memory()
    assert not page.exception
    days = [element.value for element in page.main.markdown]
    assert days == ["#### Tuesday, 3 March 2026", "#### Monday, 2 March 2026", "#### Sunday, 1 March 2026"]
    shown = texts(page)
    assert shown.index("Ada has a heron.") < shown.index("Ada lives in Lisbon.") < shown.index("Ada lives in Berlin.")
    assert "Repeats: Ada keeps a heron called Momo." in shown
    assert "09:30 · a fact · said 2 times · edited by you" in shown
    assert "Replaces: Ada lives in Berlin." in shown
    assert shown[shown.index("Ada lives in Berlin.") - 1] == "09:30 · a fact · until 2026-03-02"
    assert shown[shown.index("Ada lives in Berlin.") + 1] == "Replaced by: Ada lives in Lisbon."
    assert "4 facts, from 4 messages." in captions(page)
    assert "4 memories, newest first" in captions(page)


def test_a_message_is_shown_where_it_was_said(open_memory: OpenPage, service: PersonaService) -> None:
    turn, _ = tell(service, 0, "Ada keeps a heron.", text="I keep a heron.")
    tell(service, 5, "Ada lives in Lisbon.")
    page = press(open_memory(), f"show-list-{make_id('ada', 'semantic', turn.id)}")
    assert not page.exception
    assert (page.session_state["session"], page.session_state["marked"]) == (turn.session, turn.id)
    assert "I keep a heron." in texts(page)
    assert "This is a past conversation" in captions(page)


def test_topics_and_habits_lead_to_their_conversation(open_memory: OpenPage, service: PersonaService) -> None:
    turn, _ = tell(service, 0, "Ada keeps a heron.")
    sum_up(service, turn, profile={"pets": "heron"}, habits={"walk": "Walks at dawn."})
    service.memory.set_profile("ada", "home", "Oslo", BEGIN)
    page = open_memory()
    labels = [button.label for button in page.main.button]
    assert "Show the conversation" in labels
    assert labels.count("Show conversation 1") == 3  # the habit, twice, and one line of the profile
    assert "walk: Walks at dawn." in texts(page)
    page = press(page, "show-habits-")
    assert (page.session_state["session"], page.session_state["marked"]) == (1, turn.id)
    tell(service, 3, "Ada lives in Lisbon.")
    page = press(page.switch_page("app/ui/views/memory.py").run(), "show-list-epi")
    assert (page.session_state["session"], page.session_state["marked"]) == (1, turn.id)


def test_what_it_came_from_may_be_forgotten_by_now(open_memory: OpenPage, service: PersonaService) -> None:
    turn, _ = tell(service, 0, "Ada keeps a heron.")
    sum_up(service, turn, profile={}, habits={"walk": "Walks at dawn."})
    page = open_memory()
    service.memory.edit("ada", make_id("ada", "procedural", "walk"), "Walks at noon.")
    service.memory.forget("ada", turn.id)
    page = press(page, "show-habits-")
    assert [error.value for error in page.error] == ["The message that it came from has been forgotten."]


def test_forgetting_takes_it_off_and_undo_brings_it_back(open_memory: OpenPage, service: PersonaService) -> None:
    tell(service, 0, "Ada keeps a heron.")
    tell(service, 1, "Ada lives in Lisbon.")
    page = press(open_memory(), "forget-list-")
    assert not page.exception
    assert "Ada lives in Lisbon." not in texts(page)
    assert "1 fact, from 1 message." in captions(page)
    next(button for button in page.sidebar.button if button.label == "Undo").click().run()
    assert "Ada lives in Lisbon." in texts(page)


def test_kinds_and_days_can_be_chosen(open_memory: OpenPage, service: PersonaService) -> None:
    turn, _ = tell(service, 0, "Ada keeps a heron.", picture=True)
    for day in range(1, 5):
        tell(service, day, f"Fact {day}.")
    sum_up(service, turn, profile={"pets": "heron"}, habits={})
    page = open_memory()
    kinds = page.main.button_group(key=key("kinds"))
    assert kinds.options == ["Facts 5", "Conversations 1", "Habits and goals 0", "Profile 1", "Pictures 1"]
    page = kinds.set_value(["photo", "episodic"]).run()
    assert "2 memories" in captions(page)
    assert len(page.get("image")) == 1
    page = page.main.button_group(key=key("kinds")).set_value([]).run()
    page = page.main.date_input(key=key("days")).set_value((date(2026, 3, 3), date(2026, 3, 4))).run()
    assert [text for text in texts(page) if text.startswith("Fact")] == ["Fact 3.", "Fact 2."]
    page = page.main.button_group(key=key("kinds")).set_value(["procedural"]).run()
    assert not page.exception
    assert "No memories match" in page.info[0].value
    page = page.main.button(key=key("all")).click().run()
    assert "8 memories" in captions(page)


def test_words_are_searched_for_and_the_best_comes_first(open_memory: OpenPage, service: PersonaService) -> None:
    tell(service, 0, "Ada keeps a heron.")
    tell(service, 1, "Ada lives in Lisbon.")
    tell(service, 0, "Bob keeps a cat.", user="bob")
    page = open_memory()
    page = page.main.text_input(key=key("words")).set_value("keeps a heron").run()
    assert not page.exception
    assert "best match first" in captions(page)
    shown = texts(page)
    assert shown[shown.index("Ada keeps a heron.") - 1] == "2026-03-01 09:30 · a fact"
    assert shown.index("Ada keeps a heron.") < shown.index("Ada lives in Lisbon.")
    page = page.main.date_input(key=key("days")).set_value((date(2026, 3, 2), date(2026, 3, 2))).run()
    assert "Ada keeps a heron." not in texts(page)
    # What one user looks for is none of another's.
    page = page.selectbox(key="user").set_value("bob").run()
    assert page.main.text_input(key=key("words", "bob")).value == ""
    assert "Bob keeps a cat." in texts(page)
    assert not any("Ada" in text for text in texts(page))


def test_a_search_that_cannot_be_made_is_one_sentence(
    open_memory: OpenPage, service: PersonaService, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(service, 0, "Ada keeps a heron.")
    page = open_memory()
    page = page.main.text_input(key=key("words")).set_value("x" * 20_001).run()
    assert "20,001 characters" in page.error[0].value

    def missing(*_: object, **__: object) -> None:
        raise ModelMissing("The embedder is not on this machine. Run `persona models pull`.")

    monkeypatch.setattr(service.memory, "search", missing)
    page = page.main.text_input(key=key("words")).set_value("heron").run()
    assert [error.value for error in page.error] == ["The embedder is not on this machine. Run `persona models pull`."]
    page = page.main.text_input(key=key("words")).set_value("").run()
    assert "Ada keeps a heron." in texts(page)


def test_a_long_list_has_pages(open_memory: OpenPage, service: PersonaService) -> None:
    for day in range(11):
        tell(service, day, f"Fact {day}.")
    page = open_memory()
    assert "Fact 0." not in texts(page)
    page = page.main.pagination(key=key("page")).set_value(2).run()
    assert [text for text in texts(page) if text.startswith("Fact")] == ["Fact 0."]
    page = press(page, "forget-list-")
    assert not page.exception
    assert len([text for text in texts(page) if text.startswith("Fact")]) == 10
    assert not page.main.get("pagination")
    # A search begins at its first page.
    page = page.main.text_input(key=key("words")).set_value("Fact 3").run()
    assert not page.exception
    assert "Fact 3." in texts(page)


def test_a_row_of_the_table_shows_all_of_it(open_memory: OpenPage, service: PersonaService) -> None:
    _, old = tell(service, 0, "Ada lives in Berlin.")
    tell(service, 1, "Ada lives in Lisbon.", Changes(supersedes=(old,)))
    page = open_memory()
    page = page.main.button_group(key=key("view")).set_value("Table").run()
    table = page.main.dataframe[0]
    assert table.value["What it says"].tolist() == ["Ada lives in Lisbon.", "Ada lives in Berlin."]
    assert table.value["State"].tolist() == ["", "until 2026-03-02"]
    assert "Select a row" in captions(page)
    assert "Ada lives in Lisbon." not in texts(page)
    page.session_state[table.key] = {"selection": {"rows": [1], "columns": [], "cells": []}}
    page = page.run()
    assert not page.exception
    assert texts(page)[-3:] == [
        "2026-03-01 09:30 · a fact · until 2026-03-02", "Ada lives in Berlin.", "Replaced by: Ada lives in Lisbon.",
    ]  # fmt: skip
    page = press(page, "forget-table-")
    assert page.main.dataframe[0].value["What it says"].tolist() == ["Ada lives in Lisbon."]
    assert "Select a row" in captions(page)


@pytest.mark.usefixtures("asking")
def test_what_is_held_is_remembered_after_a_yes(open_memory: OpenPage, service: PersonaService) -> None:
    turn, name = tell(service, 0, "Ada has diabetes.", text="I was diagnosed with diabetes.")
    tell(service, 1, "Ada keeps a heron.")
    page = open_memory()
    assert "1 message is about something sensitive" in captions(page)
    assert "2026-03-01 09:30 (Sunday) · about health" in texts(page)
    assert "Would be remembered: Ada has diabetes." in texts(page)
    assert "09:30 · a fact · needs your approval: about health" in texts(page)
    assert f"approve-list-{name}" in [button.key for button in page.main.button]
    page = page.main.button(key=f"approve-held-{turn.id}").click().run()
    assert not page.exception
    assert "sensitive" not in captions(page)
    assert [one.content for one in service.memory.memories.entries("ada", ids=[name])] == ["Ada has diabetes."]


@pytest.mark.usefixtures("asking")
def test_a_no_forgets_it(open_memory: OpenPage, service: PersonaService) -> None:
    _, name = tell(service, 0, "Ada has diabetes.", text="I was diagnosed with diabetes.")
    page = open_memory().main.button(key=f"reject-list-{name}").click().run()
    assert "Ada has diabetes." not in texts(page)
    assert not service.memory.approvals.waiting("ada")


@pytest.mark.usefixtures("asking")
@pytest.mark.parametrize("answer", ["approve", "reject"])
def test_what_was_decided_elsewhere_is_said(open_memory: OpenPage, service: PersonaService, answer: str) -> None:
    # Held from the moment that it is said, before anything is taken from it.
    turn = service.memory.ingest_turn("ada", BEGIN, "I was diagnosed with diabetes.", "I see.")
    assert turn is not None
    page = open_memory()
    assert "I was diagnosed with diabetes." in texts(page)
    service.memory.approvals.approve("ada", turn.id)
    page = page.main.button(key=f"{answer}-held-{turn.id}").click().run()
    assert "No pending approval with id" in page.error[0].value


@pytest.mark.usefixtures("asking")
def test_much_that_is_held_has_pages(open_memory: OpenPage, service: PersonaService) -> None:
    for day in range(4):
        tell(service, day, "Ada has diabetes.", text=f"I was diagnosed with diabetes, {day}.")
    page = open_memory()
    said = [text for text in texts(page) if text.startswith("I was")]
    assert said == [f"I was diagnosed with diabetes, {day}." for day in (3, 2, 1)]
    page = page.main.pagination(key="shown-held").set_value(2).run()
    assert "I was diagnosed with diabetes, 0." in texts(page)
    page = press(page, "approve-held-")
    assert not page.exception
    assert "3 messages are about" in captions(page)


def test_the_profile_is_edited_in_place(open_memory: OpenPage, service: PersonaService) -> None:
    turn, _ = tell(service, 0, "Ada keeps a heron.")
    sum_up(service, turn, profile={"pets": "heron", "name": "Ada", "home": "Berlin"}, habits={})
    page = open_memory()
    assert texts(page)[:2] == ["name", "Ada"]
    page = page.main.button(key="edit-profile").click().run()
    field = f"line-{make_id('ada', 'core', 'home')}"
    page = page.main.text_input(key=field).set_value("  Lisbon ").run()
    assert not page.exception
    assert service.memory.memories.profile("ada").values()["home"] == "Lisbon"
    page = page.main.text_input(key=field).set_value("").run()
    assert "To remove it, forget it" in page.error[0].value
    assert page.main.text_input(key=field).value == "Lisbon"
    page = page.main.button(key=f"outdated-{field}").click().run()
    assert "home" not in service.memory.memories.profile("ada").values()
    page = page.main.button(key=f"forget-line-{make_id('ada', 'core', 'pets')}").click().run()
    assert service.memory.memories.profile("ada").values() == {"name": "Ada"}
    service.memory.forget("ada", make_id("ada", "core", "name"))
    page = page.main.button(key=f"outdated-line-{make_id('ada', 'core', 'name')}").click().run()
    assert "no memory" in page.error[0].value
    page = page.main.button(key="edit-profile").click().run()
    assert "Choose Edit to add a line yourself" in captions(page)


def test_a_line_is_added_to_the_profile(open_memory: OpenPage, service: PersonaService) -> None:
    page = open_memory()
    page = page.main.button(key="edit-profile").click().run()
    page.main.text_input(key=key("line-key")).set_value(" Home ")
    page.main.text_input(key=key("line-value")).set_value("Oslo")
    page = page.main.button[-1].click().run()
    assert not page.exception
    assert service.memory.memories.profile("ada").values() == {"name": "unknown", "home": "Oslo"}
    assert page.main.text_input(key=key("line-key")).value == ""
    page = next(button for button in page.main.button if button.label == "Add").click().run()
    assert "needs a key and a value" in page.error[0].value


def test_habits_have_pages_and_may_be_outdated(open_memory: OpenPage, service: PersonaService) -> None:
    turn, _ = tell(service, 0, "Ada keeps a heron.")
    sum_up(service, turn, profile={}, habits={f"walk {number}": f"Walks {number}." for number in range(6)})
    page = open_memory()
    page = page.main.pagination(key="shown-habits").set_value(2).run()
    outdated = [button.key for button in page.main.button if (button.key or "").startswith("outdated-habits-")]
    assert len(outdated) == 1
    page = page.main.button(key=outdated[0]).click().run()
    assert not page.exception
    assert len([button for button in page.main.button if (button.key or "").startswith("outdated-habits-")]) == 5


def test_what_was_said_stays_data(open_memory: OpenPage, service: PersonaService) -> None:
    hostile = "<script>alert(1)</script> ![x](http://example.invalid/leak.png) # title"
    turn, _ = tell(service, 0, hostile, text=hostile)
    sum_up(service, turn, profile={hostile[:60]: hostile}, habits={hostile[:60]: hostile})
    page = open_memory()
    page = page.main.button(key="edit-profile").click().run()
    assert not page.exception
    assert texts(page).count(hostile) == 1
    assert not any("script" in element.value for element in [*page.markdown, *page.caption])
    assert not any("![" in element.label for element in [*page.button, *page.text_input])


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda path: path.write_bytes(b"no picture"), "This picture is damaged"),
        (lambda path: path.unlink(), "no longer stored"),
    ],
)
def test_a_picture_that_cannot_be_shown_says_why(
    open_memory: OpenPage, service: PersonaService, spoil: Callable[..., None], said: str
) -> None:
    tell(service, 0, "Ada swims.", picture=True)
    assert len(open_memory().get("image")) == 1
    for path in (service.memory.folder / "photos").glob("*/*"):
        spoil(path)
    page = open_memory()
    assert not page.exception
    assert said in captions(page)
    assert "A lake" in texts(page)


def test_a_bucket_that_is_down_is_not_called_a_damaged_picture(
    open_memory: OpenPage, service: PersonaService, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*_: object) -> bytes:
        raise ObjectsUnavailable("s3://bucket cannot be used (SlowDown). Check that it is running and can be reached.")

    tell(service, 0, "Ada swims.", picture=True)
    monkeypatch.setattr(service.memory.photos._objects, "get", down)
    page = open_memory()
    assert not page.exception
    assert "s3://bucket cannot be used" in captions(page)
    assert "damaged" not in captions(page)


SOME = {"id": "x", "time": BEGIN}


@pytest.mark.parametrize(
    ("record", "kind", "says"),
    [
        (SemanticMemory(**SOME, turn_id="t", content="A.", valid_until=BEGIN, superseded_by="x"), "semantic", "A."),
        (Episode(**SOME, session=1, summary="B."), "episodic", "B."),
        (Procedure(**SOME, key="walk", text="C."), "procedural", "walk: C."),
        (ProfileEntry(**SOME, key="home", value="Oslo"), "core", "home: Oslo"),
        (PhotoMemory(**SOME, turn_id="t", photo_id="p", caption="Momo", category="bird"), "photo", "Momo (bird)"),
    ],
)
def test_each_kind_is_known_and_says_what_it_says(record: entry_wording.MemoryRecord, kind: str, says: str) -> None:
    assert (entry_wording.kind_of(record), entry_wording.says(record)) == (kind, says)
    [row] = entry_wording.rows([record])
    assert (row["When"], row["What it says"]) == ("2026-03-01", says)


def test_relations_are_told_from_both_sides() -> None:
    old = SemanticMemory(id="old", time=BEGIN, turn_id="t", content="Old.", valid_until=BEGIN, superseded_by="new")
    new = SemanticMemory(id="new", time=BEGIN, turn_id="t", content="New.")
    both = {"old": old, "new": new}
    assert entry_wording.relations(old, both) == ["Replaced by: New."]
    assert entry_wording.relations(old, {}) == ["Replaced by a newer fact."]
    assert entry_wording.relations(new, both) == ["Replaces: Old."]
    said = old.model_copy(update={"superseded_by": "old"})
    assert entry_wording.relations(said, {"old": said}) == ["You marked this as outdated."]


def test_a_range_of_days_has_its_last_day_in_it() -> None:
    assert entry_wording.window_of([], UTC) == ALL_TIME
    assert entry_wording.window_of([date(2026, 3, 1)], UTC) == TimeWindow.half_open(datetime(2026, 3, 1, tzinfo=UTC), None)
    two_days = entry_wording.window_of([date(2026, 3, 1), date(2026, 3, 2)], UTC)
    assert two_days == TimeWindow.half_open(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 3, tzinfo=UTC))
    assert entry_wording.window_of([date(2026, 3, 1), date.max], UTC).end == math.inf


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ({"turn": 4}, ""),
        ({"semantic": 1, "turn": 1}, "1 fact, from 1 message."),
        (
            {"photo": 1, "core": 2, "semantic": 3_000, "turn": 4},
            "3,000 facts, 2 profile lines and 1 picture, from 4 messages.",
        ),
    ],
)
def test_how_much_there_is_is_a_sentence(counts: dict[str, int], said: str) -> None:
    assert entry_wording.summed(counts) == said
