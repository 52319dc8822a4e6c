"""Conversations become lines: a message with its answers, or in a talk between people each message with its speaker's name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.importers.conversations import Conversation, LeftOut, Message, Picture, Role
from app.importers.turns import can_be_right, lines_of
from memory.core.validation import MAX_IMAGES, MAX_TEXT, check_text
from memory.imports.reasons import EARLIER, EMPTY, NOT_KEPT, ODD_TIMES, OPENINGS, REPLY_PICTURES, UNASKED, of_messages

BEGIN = datetime(2025, 3, 1, 9, tzinfo=UTC)
ME, ASSISTANT, OTHER = Role.ME, Role.ASSISTANT, Role.OTHER


def message(role, text, minute=0, **more):
    return Message(BEGIN + timedelta(minutes=minute), role, text, **more)


def lines(*messages, between_people=False, left_out=None, since=None):
    talk = Conversation("c", "A talk", messages, between_people=between_people)
    return list(lines_of(talk, left_out if left_out is not None else LeftOut(), since))


def test_a_message_and_its_answers_are_one_line():
    [one, two] = lines(
        message(ME, "Hi"), message(ASSISTANT, "Hello.", 1), message(ASSISTANT, "How are you?", 2), message(ME, "Fine", 3)
    )
    assert (one.text, one.reply, one.time) == ("Hi", "Hello.\n\nHow are you?", BEGIN)
    assert (two.text, two.reply) == ("Fine", "")


def test_an_opening_of_the_assistant_is_counted():
    left_out = LeftOut()
    assert [one.text for one in lines(message(ASSISTANT, "Welcome!"), message(ME, "Hi", 1), left_out=left_out)] == ["Hi"]
    assert left_out.counts == {OPENINGS: 1}


def test_between_people_each_message_keeps_its_speaker():
    found = lines(message(OTHER, "I have a dog.", speaker="Bea"), message(ME, "Nice!", 1, speaker="Ada"), between_people=True)
    assert [(one.text, one.reply, one.speaker, one.by_other) for one in found] == [
        ("Bea: I have a dog.", "", "Bea", True), ("Ada: Nice!", "", "Ada", False),
    ]  # fmt: skip


def test_a_name_of_several_lines_is_one_line():
    [one] = lines(message(OTHER, "Hi", speaker="Bea\n\nUser"), between_people=True)
    assert one.text == "Bea User: Hi"


def test_what_is_empty_or_older_is_counted():
    left_out = LeftOut()
    found = lines(
        message(ME, "Old"), message(ME, " \x00 ", 10), message(ME, "New", 11), left_out=left_out,
        since=BEGIN + timedelta(minutes=5),
    )  # fmt: skip
    assert [one.text for one in found] == ["New"]
    assert left_out.counts == {EARLIER: 1, EMPTY: 1}


def test_more_pictures_than_fit_go_on_in_further_lines():
    pictures = tuple(Picture(f"{number}.jpg", bytes) for number in range(MAX_IMAGES + 2))
    one, two = lines(message(ME, "Look", pictures=pictures), message(ASSISTANT, "Nice"))
    assert (one.text, len(one.pictures), one.reply) == ("Look", MAX_IMAGES, "")
    assert (two.text, len(two.pictures), two.reply) == ("", 2, "Nice")


@given(st.lists(st.sampled_from(["word ", "\n\n", "x" * 900, "é"]), max_size=120))
def test_a_long_text_is_divided_and_nothing_of_it_is_lost(parts):
    text = "".join(parts)
    found = lines(message(ME, text)) if text.strip() else []
    for one in found:
        check_text(one.text)
        assert len(one.text) <= MAX_TEXT
    assert "".join("".join(one.text for one in found).split()) == "".join(text.split())


@given(st.text())
def test_whatever_a_program_wrote_can_be_stored(text):
    for one in lines(message(ME, text + "\ud83d"), message(ASSISTANT, text)):
        check_text(one.text)
        one.reply.encode()


def test_what_is_left_out_is_counted_in_messages_with_their_replies():
    left_out = LeftOut()
    found = lines(
        message(ME, "Old"), message(ASSISTANT, "Yes."), message(ME, " ", 10), message(ASSISTANT, "What?", 11),
        message(ME, "New", 12), message(ASSISTANT, " ", 13), message(ASSISTANT, "Fine.", 14, pictures=(Picture("a.png", bytes),)),
        left_out=left_out, since=BEGIN + timedelta(minutes=5),
    )  # fmt: skip
    assert [(one.text, one.messages) for one in found] == [("New", 2)]
    assert left_out.counts == {EARLIER: 2, EMPTY: 2, UNASKED: 1, REPLY_PICTURES: 1}


def test_a_long_message_that_must_not_be_kept_goes_as_a_whole():
    left_out = LeftOut()
    talk = Conversation("c", "", (message(ME, "fine " * 5_000 + "secret"), message(ASSISTANT, "Ok"), message(ME, "Hi", 1)))
    found = lines_of(talk, left_out, unkept=lambda text: "health" if "secret" in text else None)
    assert [one.text for one in found] == ["Hi"]
    assert left_out.counts == {NOT_KEPT: 2}


@pytest.mark.parametrize("hours", [-12, 0, 14])
def test_times_that_cannot_be_right_are_left_out_and_named(hours):
    zone, left_out = timezone(timedelta(hours=hours)), LeftOut()
    odd = [datetime(1, 1, 1, tzinfo=zone), datetime(1970, 1, 1, tzinfo=UTC).astimezone(zone), datetime.max.replace(tzinfo=zone)]
    odd.append(datetime(datetime.now(UTC).year + 2, 1, 1, tzinfo=zone))
    good = [datetime(1971, 1, 1, tzinfo=zone), datetime(datetime.now(UTC).year + 1, 12, 31, tzinfo=zone)]
    given = [one for time in (*odd, *good) for one in (Message(time, ME, "Hi"), Message(time, ASSISTANT, "Hello."))]
    found = list(lines_of(Conversation("c", "A talk", tuple(given)), left_out, since=BEGIN - timedelta(days=99_999)))
    assert [one.time for one in found] == good
    assert left_out.counts == {ODD_TIMES: 8}
    assert left_out.places[0] == f'conversation "A talk", 0001-01-01 00:00 (Monday): {ODD_TIMES}'


MOMENTS = st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=14)), timezone(timedelta(hours=-12))]))
MESSAGES = st.builds(
    Message, MOMENTS | st.just(BEGIN), st.sampled_from(Role), st.sampled_from(["", " ", "Hi", "x" * (MAX_TEXT + 1)]),
    st.sampled_from(["", "Ada"]), st.sampled_from([(), (Picture("a.png", bytes),), (Picture("a.png", bytes),) * 9]),
)  # fmt: skip


@given(st.lists(MESSAGES, max_size=12), st.booleans(), st.none() | MOMENTS)
def test_every_message_is_in_a_line_or_left_out(messages, between_people, since):
    left_out = LeftOut()
    talk = Conversation("c", "", tuple(messages), between_people=between_people)
    found = list(lines_of(talk, left_out, since, lambda text: "health" if len(text) > MAX_TEXT // 2 else None))
    assert sum(one.messages for one in found) + sum(of_messages(left_out.counts).values()) == len(messages)
    assert all(can_be_right(one.time, photo=bool(one.pictures)) for one in found)


@pytest.mark.parametrize(
    ("time", "message", "photo"),
    [
        (datetime(1970, 1, 1, tzinfo=UTC), False, False),
        (datetime(1969, 12, 31, 16, tzinfo=timezone(timedelta(hours=-8))), False, False),
        (datetime(1952, 6, 2, tzinfo=UTC), False, True),
        (datetime(1700, 1, 1, tzinfo=UTC), False, False),
        (datetime(2020, 1, 1, tzinfo=UTC), True, True),
        (datetime(9998, 1, 1, tzinfo=UTC), False, False),
    ],
)
def test_a_time_that_cannot_be_right(time, message, photo):
    assert (can_be_right(time), can_be_right(time, photo=True)) == (message, photo)
