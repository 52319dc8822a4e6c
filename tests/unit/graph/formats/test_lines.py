"""The `"key": value` lines of the wire formats: everything that is said is read back, and nothing breaks the reader."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from graph.formats.lines import quote, read_pairs

often = settings(deadline=None, max_examples=200)
keys = st.text(max_size=60)
values = st.one_of(
    st.text(), st.integers(-(10**9), 10**9), st.booleans(), st.none(), st.lists(st.text(max_size=20), max_size=9)
)
BROKEN = {
    "nested lists": '"a": ' + "[" * 100_000,
    "closed nested lists": '"a": ' + "[" * 50_000 + "]" * 50_000,
    "lists nested as deep as Python reads": '"a": ' + "[" * 900 + "]" * 900,
    "nested objects": '"a": ' + '{"a":' * 50_000,
    "spaces": " " * 200_000,
    "lines of spaces": (" " * 240 + "\n") * 830,
    "nearly keys": ("a " * 110 + "\n") * 900,
    "a space and an end": (" " * 230 + "x\n") * 860,
    "quotes": '"' * 200_000,
    "lines of quotes": ("'" * 240 + "\n") * 830,
    "backslashes": '"' + "\\" * 200_000,
    "escapes": '"\\' * 100_000,
    "escapes in a value": '"a": "' + '\\"' * 100_000,
    "stars": ("*" * 240 + "\n") * 830,
    "bullets": ("- " * 120 + "\n") * 830,
    "colons": ":" * 200_000,
    "line ends": "\r\n" * 100_000,
    "digits": '"a": ' + "9" * 200_000,
    "commas": '"a": [' + "," * 200_000 + "]",
}


@often
@given(st.lists(st.tuples(keys, values), max_size=6))
def test_every_value_is_read_back_as_it_was_written(pairs):
    text = "\n".join(f"{quote(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in pairs)
    assert read_pairs(text) == pairs


@given(st.text())
@example('a "b" \\ c\n\r\t\x00\u2028')
@settings(deadline=None)
def test_a_quoted_text_is_one_line(text):
    assert len(quote(text).splitlines()) == 1 or set(text) & set("\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029")
    assert "\n" not in quote(text)
    assert json.loads(quote(text)) == text


@often
@given(
    st.one_of(
        st.text(),
        st.lists(st.sampled_from([*"\"'`:,[]{}\\*-> \nab1", "null", "true", '"k": ']), max_size=60).map("".join),
    )
)
@example("[" * 100_000)
@example('"k": NaN\n"k": -Infinity\n"k": 1e999')
def test_no_text_raises(text):
    for key, value in read_pairs(text):
        assert isinstance(key, str)
        assert value is None or isinstance(value, str | int | float | bool | list)


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_output_of_200_kilobytes_costs_no_more_than_it_is_long(name):
    started = time.process_time()
    read_pairs(BROKEN[name])
    assert time.process_time() - started < 5  # takes well under a second; an exponential reader would not end at all


@pytest.mark.parametrize("depth", range(100, 1_100, 50))
def test_a_list_in_lists_is_read_or_passed_over_at_any_depth(depth):
    ((key, _),) = read_pairs('"a": ' + "[" * depth + "]" * depth)
    assert key == "a"


@pytest.mark.parametrize(
    "line",
    [
        '"name": "Ada"', '"name":"Ada"', '  "name" :  "Ada"  ', '"name": "Ada",', "name: Ada", "'name': 'Ada'",
        "`name`: Ada", "name: 'Ada',",
        '- "name": "Ada"', "- name: Ada", "* name: Ada", "+ name: Ada", '> "name": "Ada"', '** "name": "Ada"', "**name**: Ada",
        "- **name**: Ada", "**name:** Ada", '**"name"**: "Ada"', "*name*: *Ada*",
        '"name": \'Ada\'', '"name": Ada', '"name": "Ada',
    ],
)  # fmt: skip
def test_a_line_is_read_however_it_is_dressed_up(line):
    assert read_pairs(line) == [("name", "Ada")]
    fenced = f"Here it is:\r\n```json\r\n{{\r\n{line}\r\n}}\r\n```\r\n"
    assert ("name", "Ada") in read_pairs(fenced)


@pytest.mark.parametrize(
    "line",
    [
        '"likes": ["tea", "jazz"]',
        '"likes": ["tea", "jazz",],',
        "likes: ['tea', 'jazz']",
        "likes: [tea, jazz]",
        '- "likes": ["tea", "jazz"],',
    ],
)
def test_a_list_is_a_list(line):
    assert read_pairs(line) == [("likes", ["tea", "jazz"])]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True), ("True", True), ("yes", True), ("Yes,", True), ("false", False), ("No", False),
        ("null", None), ("None", None), ("", ""),
        ("4", 4), ("-1", -1), ("2.5", 2.5), ('"true"', "true"), ("0, 1", "0, 1"),
        ("+49 30 123", "+49 30 123"), ("12:30", "12:30"), ("[]", []),
    ],
)  # fmt: skip
def test_words_and_numbers(text, value):
    ((_, read),) = read_pairs(f'"a": {text}')
    assert read == value
    assert type(read) is type(value)


def test_lines_that_are_no_pairs_are_passed_over_and_order_is_kept():
    assert read_pairs('Sure!\n"b": 1\n\n---\n"a": 2\n"b": 3\nDone') == [("b", 1), ("a", 2), ("b", 3)]


def test_half_a_character_becomes_a_question_mark():
    """An escape of an emoji that was cut in two is no text, and no store takes it."""
    assert read_pairs('"a\\ud83d": "b\\ude00"\n"c": ["\\ud83d"]\n"d": "\\ud83d\\ude00"') == [
        ("a?", "b?"),
        ("c", ["?"]),
        ("d", "😀"),
    ]
