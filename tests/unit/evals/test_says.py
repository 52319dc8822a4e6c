"""A reply is right when it says what it should and nothing that it should not, however it is written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.says import NOT_KNOWN, Says, folded


@pytest.mark.parametrize(
    ("reply", "right"),
    [
        ("You sing with the Harbour Singers.", True),
        ("With the **harbour singers**!", True),
        ("You sing at the harbour, with singers.", False),
        ("The Harbour Singersongwriters", False),
        ("", False),
    ],
)
def test_a_phrase_is_whole_and_case_does_not_count(reply, right):
    assert Says(must=("harbour singers",)).right(reply) is right


def test_one_of_a_group_is_enough_and_every_group_is_needed():
    says = Says(must=("two|2", "sisters"))
    assert says.right("You have 2 sisters: Abena and Efua.")
    assert not says.right("You have two brothers.")
    assert not says.right("Your network of sisters has 12.")


def test_nothing_may_be_there_that_must_not():
    assert not Says(must=("coffee",), must_not=("tea",)).right("Coffee, or tea.")
    assert not Says(must_not=("!",)).right("Stretch your neck!")
    assert Says(must_not=("!",)).right("Stretch your neck.")


def test_accents_apostrophes_and_hyphens_do_not_count():
    assert Says(must=("fauré's ninety two",)).right("Faure\u2019s ninety-two")


def test_a_reply_may_be_too_long():
    assert not Says(words_at_most=3).right("one two three four")
    assert Says(words_at_most=4).right("one two three four")


@pytest.mark.parametrize(
    ("reply", "right"),
    [
        ("You haven\u2019t told me about a dog yet.", True),
        ("I don't know what your dog is called.", True),
        ("Your dog is called Admiral.", False),
    ],
)
def test_what_is_not_known_is_said(reply, right):
    assert Says(must=(NOT_KNOWN,)).right(reply) is right


@given(st.text())
def test_folding_twice_is_folding_once(text):
    assert folded(folded(text)) == folded(text)
