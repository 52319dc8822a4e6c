"""The page Personality: what it shows of the curve, and what is set by hand on it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update
from streamlit.dataframe_util import convert_arrow_bytes_to_pandas_df
from streamlit.testing.v1 import AppTest

from app.service import PersonaService
from app.ui.personality import scores
from app.ui.personality.page import pointed_at, row
from memory.browse.personality import TimelineSteps
from memory.core.errors import StorageError
from memory.core.records import TRAITS, BigFive, PersonalityPoint, TurnState
from memory.storage.schema import personality as personality_rows
from tests.fakes import ScriptedChat, answer
from tests.page.test_page import say

BEGAN = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
OpenPage = Callable[..., AppTest]


def slider(page: AppTest, kind: str, trait: str):
    return next(one for one in page.slider if str(one.key).startswith(f"shown-{kind}-{trait}-"))


def personality(open_page: OpenPage, user: str = "ada") -> AppTest:
    return open_page(user).switch_page("app/ui/views/personality.py").run()


def said(service: PersonaService, text: str, number: int = 0, *, user: str = "ada", **inferred: float) -> str:
    """Remember a message that moves the traits all the way to what it suggests."""
    time = BEGAN + timedelta(hours=2 * number)
    turn = service.memory.ingest_turn(user, time, text, "Noted.")
    before = service.memory.personality.newest(user)
    held = (before.scores if before else BigFive()).model_copy(update=inferred)
    point = PersonalityPoint(turn_id=turn.id, time=time, inferred=BigFive(**inferred), scores=held)
    service.memory.memories.commit_remember(user, turn.id, point, None)
    return turn.id


def texts(page: AppTest) -> list[str]:
    return [element.value for element in page.main.text]


def charts(page: AppTest) -> list[Any]:
    return list(page.get("vega_lite_chart"))


def rows(chart: Any) -> list[dict[str, Any]]:
    """What a chart draws: Streamlit sends it beside the specification."""
    return convert_arrow_bytes_to_pandas_df(chart.proto.data.data).to_dict("records") if chart.proto.data.data else []


def captions(page: AppTest) -> str:
    return "\n".join(element.value for element in page.main.caption)


def steps(page: AppTest) -> list[str]:
    return [button.label for button in page.main.button if str(button.key).startswith("line-step-")]


def test_before_anything_is_remembered_it_says_what_to_do(open_page: OpenPage) -> None:
    page = personality(open_page)
    assert not page.exception
    assert "No message has been remembered yet." in page.info[0].value
    assert captions(page).count("Too early to tell: no message has shown this trait yet") == 5
    assert len(charts(page)) == 1
    assert not [button for button in page.button if button.key == "reset"]


def test_the_traits_now_are_said_in_words_and_both_charts_describe_themselves(
    open_page: OpenPage, service: PersonaService
) -> None:
    for number in range(3):
        said(service, "I drew for hours.", number, openness=4.5, neuroticism=1.5)
    page = personality(open_page)
    assert not page.exception
    assert "Very high: curious, artistic" in captions(page)
    assert "Very low: calm" in captions(page)
    alts = [chart.proto.alt for chart in charts(page)]
    assert "Now: openness 4.5, neuroticism 1.5; too early to tell: conscientiousness, extraversion, agreeableness." in alts[0]
    assert alts[1].startswith("The five traits from 2026-03-01 to 2026-03-01")
    assert any("They are curious" in line and '"I drew for hours."' in line for line in texts(page))


def test_one_message_is_too_few_to_say_how_somebody_is(open_page: OpenPage, service: PersonaService) -> None:
    said(service, "What if it rains?", neuroticism=4.0)
    page = personality(open_page)
    assert not page.exception
    assert "Too early to tell: only one message has shown this trait so far" in captions(page)
    assert "too early to tell: openness" in charts(page)[0].proto.alt
    assert not any("They worry" in line for line in texts(page))


def test_a_step_shows_its_message_and_what_that_alone_suggested(open_page: OpenPage, service: PersonaService) -> None:
    said(service, "I drew for hours.", openness=4.0)
    said(service, "<b>Alone</b> & glad, for $5", 1, openness=2.0, extraversion=1.0)
    page = personality(open_page)
    assert len(steps(page)) == 2
    assert "Openness −2.00, Extraversion −2.00" in steps(page)[0].replace("\\", "")
    page.button(key="line-step-0").click().run()
    assert not page.exception
    assert "<b>Alone</b> & glad, for $5" in texts(page)
    table = page.table[0].value
    assert table["Trait"].tolist() == [trait.capitalize() for trait in TRAITS]
    assert table["From this message"].tolist() == ["2", "3, no evidence", "1", "3, no evidence", "3, no evidence"]
    assert table["Before"].tolist()[0] == "4.00"
    assert table["After"].tolist()[:3] == ["2.00", "3.00", "1.00"]
    page.button(key="close-step").click().run()
    assert not page.table


def test_a_step_leads_to_its_message(open_page: OpenPage, service: PersonaService) -> None:
    turn_id = said(service, "I drew for hours.", openness=4.0)
    page = personality(open_page)
    page.button(key="line-step-0").click().run()
    page.button(key="go-step").click().run()
    assert not page.exception
    assert page.session_state["marked"] == turn_id
    assert page.session_state["session"] == 1


def test_a_forgotten_message_and_its_step_are_gone(open_page: OpenPage, service: PersonaService) -> None:
    turn_id = said(service, "My secret is Zazuquill.", openness=4.0)
    service.memory.forget("ada", turn_id)
    assert service.memory.journal.turn(turn_id).state is TurnState.FORGOTTEN
    page = personality(open_page)
    assert not page.exception
    assert not steps(page)
    assert "Zazuquill" not in str([texts(page), steps(page), [(chart.proto.spec, rows(chart)) for chart in charts(page)]])


def test_the_steps_are_paged_and_another_users_are_not_there(open_page: OpenPage, service: PersonaService) -> None:
    for number in range(10):
        said(service, f"Message {number}", number, openness=1 + number % 4)
    said(service, "Of Bob", user="bob", openness=5.0)
    page = personality(open_page)
    assert len(steps(page)) == 8
    assert "Message 9" in steps(page)[0]
    page.pagination(key="shown-steps-page").set_value(2).run()
    assert ["Message 1" in steps(page)[0], "Message 0" in steps(page)[1]] == [True, True]
    # The first one of all came from the start, where each is at 3.
    assert "Openness \u22122.00" in steps(page)[1].replace("\\", "")
    assert "Bob" not in str(steps(page))


def test_the_curves_go_with_time_where_history_came_late(open_page: OpenPage, service: PersonaService) -> None:
    said(service, "Said today", 9, openness=4.0)
    said(service, "Said long ago", 1, openness=2.0)
    said(service, "Said in between", 5, openness=3.5)
    page = personality(open_page)
    assert not page.exception
    radar, curves = charts(page)
    drawn = [point for point in rows(curves) if point["trait"] == "Openness"]
    assert [point["what"] for point in drawn] == ["Said long ago", "Said in between", "Said today"]
    assert [point["time"] for point in drawn] == sorted(point["time"] for point in drawn)
    # What holds is what was said last, and each step says what it changed.
    assert service.memory.personality.newest("ada").time == BEGAN + timedelta(hours=18)
    assert "too early to tell: openness" in radar.proto.alt
    assert "Some older messages were remembered after newer ones" not in captions(page)
    assert [text for step in steps(page) for text in ("in between", "long ago", "today") if text in step] == [
        "today", "in between", "long ago",
    ]  # fmt: skip


def test_the_page_says_that_an_older_program_counted_in_another_order(open_page: OpenPage, service: PersonaService) -> None:
    said(service, "Said today", 9, openness=4.0)
    said(service, "Said long ago", 1, openness=2.0)
    with service.memory._database.write() as connection:
        connection.execute(update(personality_rows).values(place=BEGAN + timedelta(days=9)))
    page = personality(open_page)
    assert "Some older messages were remembered after newer ones" in captions(page)


def test_a_trait_is_held_and_moves_again(open_page: OpenPage, service: PersonaService) -> None:
    page = personality(open_page)
    slider(page, "pin", "openness").set_value(4.5).run()
    page.button(key="hold-openness").click().run()
    assert not page.exception
    point = service.memory.personality.newest("ada")
    assert (point.scores.openness, point.pinned) == (4.5, ("openness",))
    assert "Very high: curious, artistic (pinned by you)" in captions(page)
    assert "Set by you; pinned: openness at 4.5" in steps(page)[0].replace("\\", "")
    page.button(key="move-openness").click().run()
    assert service.memory.personality.newest("ada").pinned == ()
    assert "pinned by you" not in captions(page)


def test_what_is_set_by_hand_stands_at_the_time_of_the_last_message(open_page: OpenPage, service: PersonaService) -> None:
    said(service, "I drew for hours.", openness=4.0)
    page = personality(open_page)
    page.button(key="hold-openness").click().run()
    assert service.memory.personality.newest("ada").time == BEGAN


def test_all_begins_anew_after_a_yes(open_page: OpenPage, service: PersonaService) -> None:
    said(service, "I drew for hours.", openness=4.0)
    page = personality(open_page)
    page.button(key="reset").click().run()
    assert service.memory.personality.newest("ada").scores.openness == 4.0
    page.button(key="reset-no").click().run()
    assert service.memory.personality.newest("ada").scores.openness == 4.0
    page.button(key="reset").click().run()
    page.button(key="reset-yes").click().run()
    assert not page.exception
    assert service.memory.personality.newest("ada").scores == BigFive()
    assert "Reset by you" in steps(page)[0]


def test_scores_for_the_next_reply_reach_it_and_are_used_up(
    open_page: OpenPage, service: PersonaService, chat: ScriptedChat
) -> None:
    chat.script["reasoning"] = answer("Hello.")
    page = personality(open_page)
    slider(page, "next", "neuroticism").set_value(5.0)
    next(button for button in page.button if button.label == "Use for the next reply").click().run()
    assert not page.exception
    assert "neuroticism 5.0" in texts(page)[0]
    page = page.switch_page("app/ui/views/chat.py").run()
    say(page, "Good morning.")
    assert service.memory.journal.turns("ada")[-1].trace.personality.neuroticism == 5.0
    assert "by_hand" not in page.session_state
    assert service.memory.personality.newest("ada") is None


def test_scores_for_the_next_reply_are_cleared(open_page: OpenPage) -> None:
    page = personality(open_page)
    slider(page, "next", "openness").set_value(1.0)
    next(button for button in page.button if button.label == "Use for the next reply").click().run()
    page.button(key="clear-next").click().run()
    assert not page.exception
    assert "by_hand" not in page.session_state
    assert slider(page, "next", "openness").value == 3.0


def test_what_cannot_be_written_is_said(open_page: OpenPage, service: PersonaService, monkeypatch: pytest.MonkeyPatch) -> None:
    said(service, "I drew for hours.", openness=4.0)
    page = personality(open_page)

    def fail(*_: object) -> None:
        raise StorageError("The disk is full. Free some space.")

    monkeypatch.setattr(service.memory.personality, "pin", fail)
    monkeypatch.setattr(service.memory.personality, "reset", fail)
    page.button(key="hold-openness").click().run()
    assert page.error[0].value == "The disk is full. Free some space."
    page.button(key="reset").click().run()
    page.button(key="reset-yes").click().run()
    assert page.error[0].value == "The disk is full. Free some space."
    assert not page.exception


def test_before_a_message_stands_what_was_before_it_even_a_reset(service: PersonaService) -> None:
    first = said(service, "One", openness=5.0)
    service.memory.personality.reset("ada", BEGAN)
    second = said(service, "Two", 1, openness=4.0)
    of = TimelineSteps(service.memory.browse).of_turn
    assert of("ada", first)[0] == BigFive()
    before, point = of("ada", second)
    assert (before, point.scores.openness) == (BigFive(), 4.0)
    assert of("bob", second) is None
    assert of("ada", "nothing") is None


@pytest.mark.parametrize(
    ("score", "words"),
    [
        (1.0, "very low: quiet, likes being alone"),
        (2.5, "rather low: quiet, likes being alone"),
        (3.1, "in the middle"),
        (3.4, "rather high: lively, loves company"),
        (5.0, "very high: lively, loves company"),
    ],
)
def test_a_score_in_words(score: float, words: str) -> None:
    assert scores.in_words("extraversion", score) == words


def test_a_step_that_moved_nothing_says_so() -> None:
    point = PersonalityPoint(turn_id="a", time=BEGAN, inferred=BigFive())
    assert row(point, BigFive(), {}) == "2026-03-01 09:30 · No change"
    let = PersonalityPoint(turn_id=None, time=BEGAN, cause="pin")
    assert row(let, BigFive(), {}) == "2026-03-01 09:30 · Unpinned by you"


def test_a_selection_names_the_point_that_was_clicked_last() -> None:
    assert pointed_at(None) is None
    assert pointed_at({"selection": {"step": []}}) is None
    assert pointed_at({"selection": {"step": [{"step": 3}, {"step": 7}]}}) == 7
