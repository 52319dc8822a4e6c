"""What is coming up, as a person gets it: listed when asked for, brought up once, and never what is gone."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from graph.context import MessageOptions
from memory.core import clock
from memory.upcoming.agenda import Dated, coming, left_to_tell
from tests.fakes import ScriptedChat, answer, fact


def say(service, words, time, user="ada", **switches):
    return list(service.stream(user, words, time=time, options=MessageOptions(**switches)))[-1].turn


def listed(service, now, days=7, user="ada"):
    return [entry.text for entry in service.memory.dates.upcoming(user, clock.parse_time(now), days)]


def shown(turn):
    assert {name for one in turn.trace.due for name in one.sources} <= {
        name for one in turn.trace.memories for name in (one.id, *one.turn_ids)
    }
    return [one.text for one in turn.trace.due]


@pytest.fixture
def service(serve):
    return serve(ScriptedChat({"reasoning": answer("Good morning!")}))


MARATHON, DENTIST = "My half marathon is on Sunday.", "I have a dentist appointment on 9 December at 9."


def test_the_list_says_the_day_the_words_and_how_far_it_is(service):
    turn = say(service, MARATHON, "2026-11-30 09:00")
    say(service, DENTIST, "2026-11-30 09:05")
    (entry,) = service.memory.dates.upcoming("ada", clock.parse_time("2026-12-01 10:00"), 7)
    assert (entry.day, entry.days, entry.text, entry.id) == (date(2026, 12, 6), 5, MARATHON, turn.id)
    assert listed(service, "2026-12-01 10:00", 14) == [MARATHON, DENTIST]


def test_a_fact_and_its_message_are_one_thing_in_the_persons_words(serve):
    service = serve(ScriptedChat({"semantic": fact("The user's half marathon is on 2026-12-06.", "marathon")}))
    say(service, MARATHON, "2026-11-30 09:00")
    service.wait("ada")
    say(service, "I am nervous: the half marathon is in 2 days!", "2026-12-04 09:00")
    assert listed(service, "2026-12-04 10:00") == ["I am nervous: the half marathon is in 2 days!"]


def test_two_things_of_one_day_are_two(service):
    say(service, "On Friday I have an exam. On Friday we have dinner at Luigi's.", "2026-11-30 09:00")
    assert len(listed(service, "2026-12-01 10:00")) == 2


@pytest.mark.parametrize(
    "later",
    [
        "I cancelled the half marathon.", "The half marathon is called off", "I'm not going to run the half marathon.",
        "Der Halbmarathon ist abgesagt: the half marathon",
    ],
)  # fmt: skip
def test_what_was_called_off_later_is_left_out(service, later):
    say(service, MARATHON, "2026-11-30 09:00")
    say(service, DENTIST, "2026-11-30 09:05")
    say(service, later, "2026-12-01 09:00")
    assert listed(service, "2026-12-02 10:00", 14) == [DENTIST]


def test_what_was_moved_is_listed_on_its_new_day_alone(service):
    say(service, DENTIST, "2026-11-30 09:00")
    say(service, "The dentist appointment was moved to 11 December.", "2026-12-01 09:00")
    assert listed(service, "2026-12-02 10:00", 14) == ["The dentist appointment was moved to 11 December."]


def test_of_two_of_one_name_the_one_of_that_day_is_called_off(service):
    say(service, DENTIST, "2026-11-30 09:00")
    say(service, "I have another dentist appointment on 4 December.", "2026-11-30 09:05")
    say(service, "I cancelled the dentist on 4 December.", "2026-12-01 09:00")
    assert listed(service, "2026-12-02 10:00", 14) == [DENTIST]


def test_a_fact_that_a_newer_one_replaced_takes_its_message_along(serve):
    service = serve(ScriptedChat({"semantic": fact("The user's half marathon is on 2026-12-06.", "marathon")}))
    say(service, MARATHON, "2026-11-30 09:00")
    service.wait("ada")
    (known,) = service.memory.memories.entries("ada", kind="semantic")
    service.memory.outdate("ada", known.id, clock.parse_time("2026-12-01 09:00"))
    assert listed(service, "2026-12-01 10:00") == []


def test_a_fact_that_the_person_put_right_counts_and_its_message_does_not(serve):
    service = serve(ScriptedChat({"semantic": fact("The user's half marathon is on 2026-12-06.", "marathon")}))
    say(service, MARATHON, "2026-11-30 09:00")
    service.wait("ada")
    (known,) = service.memory.memories.entries("ada", kind="semantic")
    service.memory.edit("ada", known.id, "The user's half marathon is on 2026-12-05.")
    assert listed(service, "2026-12-01 10:00") == ["The user's half marathon is on 2026-12-05."]


def test_what_is_forgotten_is_gone_comes_back_with_undo_and_leaves_no_row(service):
    turn = say(service, MARATHON, "2026-11-30 09:00")
    assert listed(service, "2026-12-01 10:00") == [MARATHON]
    service.memory.forget("ada", turn.id)
    assert listed(service, "2026-12-01 10:00") == []
    service.memory.undo("ada", turn.id)
    assert listed(service, "2026-12-01 10:00") == [MARATHON]
    assert service.memory.forget("ada", turn.id, now=True).is_clean
    with service.memory._database.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM dated")).scalar() == 0


def test_nothing_of_another_person_is_listed(service):
    say(service, MARATHON, "2026-11-30 09:00")
    say(service, DENTIST, "2026-11-30 09:00", user="bob")
    assert listed(service, "2026-12-01 10:00", 14) == [MARATHON]
    assert listed(service, "2026-12-01 10:00", 14, user="bob") == [DENTIST]
    assert listed(service, "2026-12-01 10:00", 14, user="nobody") == []


def test_the_reply_that_brought_it_up_does_not_keep_it(service):
    said = say(service, MARATHON, "2026-11-30 09:00")
    turn = say(service, "Hello", "2026-12-05 09:00")
    service.memory.forget("ada", said.id)
    assert service.memory.journal.turn(turn.id).trace.due == ()
    service.memory.undo("ada", said.id)
    assert shown(service.memory.journal.turn(turn.id)) == [MARATHON]


def test_an_unanswered_message_is_no_word_yet(service):
    service.memory.receive("ada", MARATHON, time=clock.parse_time("2026-11-30 09:00"))
    assert listed(service, "2026-12-01 10:00") == []


def test_what_was_there_before_is_read_in_the_background(service):
    service.memory.ingest_turn("ada", clock.parse_time("2026-11-30 09:00"), MARATHON, "Good luck!")
    assert service.memory.dates.behind() == ["ada"]
    service.memory.catch_up()
    assert service.memory.dates.behind() == []
    assert listed(service, "2026-12-01 10:00") == [MARATHON]


def test_an_archive_brings_it_along(service, serve, tmp_path):
    say(service, MARATHON, "2026-11-30 09:00")
    service.memory.export_user("ada", tmp_path / "ada.zip")
    service.memory.delete_user("ada")
    service.memory.import_user(tmp_path / "ada.zip")
    assert listed(service, "2026-12-01 10:00") == [MARATHON]


def test_a_reply_brings_up_what_is_soon_once_and_first_of_its_day(service):
    say(service, MARATHON, "2026-11-30 09:00")
    assert shown(say(service, "Hello", "2026-12-03 09:00")) == []
    assert shown(say(service, "Hello", "2026-12-04 09:00")) == [MARATHON]
    assert shown(say(service, "Hello again", "2026-12-04 09:05")) == []
    assert shown(say(service, "Hello", "2026-12-05 09:00")) == []


def test_it_stands_in_the_prompt_with_its_day(serve):
    chat = ScriptedChat()
    service = serve(chat)
    say(service, MARATHON, "2026-11-30 09:00")
    say(service, "Hello", "2026-12-04 09:00")
    assert 'Sunday 6 December (in 2 days): "My half marathon is on Sunday."' in chat.prompts("reasoning")[-1]


def test_a_reply_that_leaves_it_out_has_a_line_beside_it_and_one_that_tells_has_none(serve):
    service = serve(ScriptedChat({"reasoning": [answer("Noted."), answer("Good morning!"), answer("And your exam is soon!")]}))
    say(service, "My half marathon is on Sunday. My exam is on Tuesday.", "2026-11-26 09:00")
    silent = say(service, "Hello", "2026-11-28 09:00")
    assert left_to_tell(silent.trace) == ["Coming up tomorrow, Sunday 29 November: “My half marathon is on Sunday.”"]
    telling = say(service, "Hello", "2026-11-29 09:00")
    assert shown(telling) == ["My exam is on Tuesday."]
    assert left_to_tell(telling.trace) == []


def test_what_this_message_says_is_not_brought_up(service):
    assert shown(say(service, "Tomorrow I have an exam.", "2026-11-30 09:00")) == []


def test_off_the_record_it_is_told_and_not_marked(service):
    say(service, MARATHON, "2026-11-30 09:00")
    assert shown(say(service, "Hello", None, off_the_record=True)) == []
    assert shown(say(service, "Hello", "2026-12-05 09:00", off_the_record=True)) == [MARATHON]
    assert shown(say(service, "Hello", "2026-12-05 09:10")) == [MARATHON]


def test_a_reply_that_is_written_anew_brings_it_up_again(service):
    say(service, MARATHON, "2026-11-30 09:00")
    turn = say(service, "Hello", "2026-12-05 09:00")
    assert shown(turn) == [MARATHON]
    assert shown(list(service.answer_again("ada", turn.id))[-1].turn) == [MARATHON]


def test_a_birthday_is_brought_up_every_year(service):
    say(service, "My sister's birthday is on 3 May.", "2026-11-30 09:00")
    for year in (2027, 2028):
        assert shown(say(service, "Hello", f"{year}-05-02 09:00")) == ["My sister's birthday is on 3 May."]
        assert shown(say(service, "Hello", f"{year}-05-03 09:00")) == []


def test_nothing_sensitive_is_brought_up_unasked(service):
    say(service, "My appointment with the psychiatrist is on Sunday.", "2026-11-30 09:00")
    service.memory.approvals.approve(
        "ada", service.memory.approvals.waiting("ada")[0].turn_id
    ) if service.memory.approvals.waiting("ada") else None
    assert shown(say(service, "Hello", "2026-12-05 09:00")) == []
    assert listed(service, "2026-12-05 10:00") == ["My appointment with the psychiatrist is on Sunday."]


def test_the_person_may_switch_it_off(service):
    say(service, MARATHON, "2026-11-30 09:00")
    service.memory.dates.let_bring_up("ada", allowed=False)
    assert shown(say(service, "Hello", "2026-12-05 09:00")) == []
    service.memory.dates.let_bring_up("ada", allowed=True)
    assert shown(say(service, "Hello", "2026-12-06 08:00")) == [MARATHON]


def test_the_machine_may_switch_it_off(service):
    say(service, MARATHON, "2026-11-30 09:00")
    service.memory.dates.may_bring_up = False
    assert shown(say(service, "Hello", "2026-12-05 09:00")) == []
    assert shown(say(service, "What is coming up?", "2026-12-05 09:10")) == [MARATHON]


def test_the_question_for_it_lists_all_in_the_prompt(serve):
    chat = ScriptedChat()
    service = serve(chat)
    say(service, MARATHON, "2026-11-30 09:00")
    say(service, "On Thursday I have an exam.", "2026-11-30 09:05")
    turn = say(service, "What is coming up?", "2026-11-30 09:10")
    assert shown(turn) == ["On Thursday I have an exam.", MARATHON]
    say(service, "What is coming up?", "2026-12-20 09:10")
    assert "Nothing that they told of is coming up in the next 7 days." in chat.prompts("reasoning")[-1]


def dated(said, first, words="My exam is soon.", **more):
    more.setdefault("last", first)
    return Dated(source="tur_1", turn="tur_1", said=said, text=words, first=first, **more)


def test_today_is_the_persons_where_they_are_now():
    row = dated(datetime(2026, 11, 30, 9, tzinfo=ZoneInfo("Asia/Tokyo")), date(2026, 12, 6))
    instant = datetime(2026, 12, 5, 20, tzinfo=ZoneInfo("UTC"))
    days = {zone: coming([row], instant.astimezone(ZoneInfo(zone)))[0].days for zone in ("Asia/Tokyo", "America/New_York")}
    assert days == {"Asia/Tokyo": 0, "America/New_York": 1}


def test_an_hour_is_one_of_where_it_was_said():
    row = dated(datetime(2026, 11, 30, 9, tzinfo=ZoneInfo("Europe/Berlin")), date(2026, 12, 6), hour="09:00")
    assert coming([row], datetime(2026, 12, 6, 8, 30, tzinfo=ZoneInfo("Europe/Berlin")))
    assert not coming([row], datetime(2026, 12, 6, 9, 30, tzinfo=ZoneInfo("Europe/Berlin")))
    assert coming([row], datetime(2026, 12, 6, 7, 30, tzinfo=ZoneInfo("UTC")))


def test_a_day_has_its_first_message_also_where_the_clock_changes(service):
    # Clocks go forward at two that night.
    say(service, "My exam is on Monday.", "2027-03-26 09:00 Europe/Berlin")
    first = say(service, "Hello", "2027-03-28 03:30 Europe/Berlin")
    assert shown(first) == ["My exam is on Monday."]
    assert first.trace.due[0].when == "tomorrow, Monday 29 March"


@given(
    st.datetimes(datetime.fromisoformat("2020-01-01"), datetime.fromisoformat("2030-01-01")),
    st.sampled_from(["UTC", "Europe/Berlin", "America/Santiago", "Asia/Kathmandu", "Pacific/Apia"]),
    st.integers(-3, 12),
    st.integers(0, 10),
)
def test_what_is_listed_lies_within_the_days_and_is_not_over(now, zone, away, days):
    now = now.replace(tzinfo=ZoneInfo(zone))
    row = dated(now - timedelta(days=20), now.date() + timedelta(days=away))
    found = coming([row], now, days)
    assert [one.days for one in found] == ([away] if 0 <= away <= days else [])


def test_who_was_born_on_29_february_is_told_of_each_year():
    row = dated(datetime(2026, 1, 1, tzinfo=ZoneInfo("UTC")), date(2024, 2, 29), yearly=True)
    for year, day in ((2027, 28), (2028, 29)):
        (entry,) = coming([row], datetime(year, 2, 25, tzinfo=ZoneInfo("UTC")))
        assert entry.day == date(year, 2, day)
