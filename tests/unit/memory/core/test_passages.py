"""The parts of a long text: they cover all of it, each is short, and no letter is torn apart."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memory.core.passages import (
    LONG,
    PASSAGE,
    divide,
    ends_that_fit,
    entry_id,
    excerpt,
    is_long,
    number_of,
    passage_id,
    passages,
    said_in,
    size_of,
    turn_of,
)

often = settings(deadline=None, max_examples=200)
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=400)
long = st.builds(lambda part, times: part * times, words, st.integers(1, 40))


@often
@given(long)
def test_the_spans_cover_a_text_in_order_and_are_short(text):
    spans = divide(text)
    assert "".join(text[start:end] for start, end in spans) == text
    assert all(start < end for start, end in spans)
    assert all(size_of(text[start:end]) <= 1.25 * PASSAGE for start, end in spans)


@pytest.mark.parametrize(
    "text",
    [
        "It rained all day. " * 200,
        "雨が一日中降りました。" * 200,
        "今天一直下雨没有停" * 300,
        "x" * 5_000,
        "นี่คือข้อความภาษาไทย" * 200,
        "e\u0301" * 2_000,
        "👨\u200d👩\u200d👧" * 300,
        "." * 20_000,
        "\n" * 3_000,
        '.")' * 5_000,
    ],
)
def test_texts_of_any_kind_are_divided(text):
    spans = divide(text)
    assert len(spans) >= size_of(text) // (2 * PASSAGE)
    assert "".join(text[start:end] for start, end in spans) == text


def test_it_is_divided_where_sentences_end_else_at_spaces():
    sentence = "The harbour master keeps the spare key of the boat shed under the third flower pot. "
    for start, end in divide(sentence * 60)[:-1]:
        assert (sentence * 60)[start:end].endswith("pot. ")
    assert all(("word " * 500)[:end].endswith(" ") for _, end in divide("word " * 500)[:-1])


def test_no_letter_is_parted_from_its_marks():
    for start, _ in divide("e\u0301" * 2_000):
        assert ("e\u0301" * 2_000)[start] == "e"


@given(words, words)
def test_a_turn_has_passages_of_its_message_then_of_its_reply(text, reply):
    every = passages(text, reply)
    assert [one.number for one in every] == list(range(len(every)))
    assert [one.of for one in every] == sorted((one.of for one in every), reverse=True)
    assert every[0].of == "text"
    for of, whole in (("text", text), ("reply", reply)):
        assert "".join(whole[one.start : one.end] for one in every if one.of == of) == whole
    assert all(said_in(one, text, reply) in (text if one.of == "text" else reply) for one in every)


def test_a_turn_is_long_by_its_bytes():
    assert not is_long("a" * (LONG - 5), "reply")
    assert is_long("a" * (LONG - 4), "reply")
    assert is_long("猫" * (LONG // 3), "a")


@given(st.integers(0, 99))
def test_a_passage_is_named_after_its_turn(number):
    name = entry_id("tur_0a", number)
    assert (turn_of(name), number_of(name)) == ("tur_0a", number)
    assert turn_of(passage_id("tur_0a", number)) == "tur_0a"


@pytest.mark.parametrize(
    ("spans", "shown"),
    [
        ([(0, 12)], "One two. Six"),
        ([(0, 8)], "One two. […]"),
        ([(9, 12)], "[…] Six"),
        ([(4, 8)], "[…] two. […]"),
        ([(9, 12), (0, 3)], "One […] Six"),
        ([(0, 4), (4, 8)], "One two. […]"),
        ([], "[…]"),
    ],
)
def test_an_excerpt_marks_what_is_left_out(spans, shown):
    assert excerpt("One two. Six", spans) == shown


@given(st.lists(st.integers(0, 50), max_size=30), st.integers(0, 400))
def test_beginning_and_end_take_turns_within_the_room(sizes, room):
    front, back = ends_that_fit(sizes, room)
    assert front + back <= len(sizes)
    assert sum(sizes[:front]) + sum(sizes[len(sizes) - back :]) <= room
    assert front - back in {0, 1}
