"""The messages that `persona eval facts` measures with, and its figures."""

from __future__ import annotations

import pytest

from evals.components import facts


@pytest.mark.parametrize("name", facts.SETS)
def test_the_persons_own_words_hold_all_of_what_they_tell(name):
    figures = facts.measure(facts.rows(name), facts.in_own_words)
    assert figures["whole"] == figures["telling"]
    assert figures["wrong"] == 0


@pytest.mark.parametrize("name", facts.SETS)
def test_the_messages_are_in_four_languages(name):
    assert {row.language for row in facts.rows(name)} == {"en", "de", "es", "zh"}


def test_what_is_lost_and_what_is_wrong_is_counted():
    row = facts.Row("en", "plain", "My flatmate is 30.", ("flatmate", "30"), ("user is",))
    figures = facts.measure([row], lambda _: "The user is 30.")
    assert (figures["kept"], figures["whole"], figures["wrong"]) == (1, 0, 1)
    assert figures["not right"] == ["My flatmate is 30. -> The user is 30."]
