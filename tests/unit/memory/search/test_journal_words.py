"""Turns by the words in the journal's own tables."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from memory.search.journal_words import turns_with_words

START = datetime(2026, 3, 1, 9, tzinfo=UTC)


@pytest.fixture
def said(memory):
    """Remembers messages, a minute apart; returns their ids."""
    told = []

    def _say(*texts: str, user: str = "ada", reply: str = "I see.") -> list[str]:
        for text in texts:
            told.append(memory.ingest_turn(user, START + timedelta(minutes=len(told)), text, reply).id)
        return told[-len(texts) :]

    return _say


@pytest.fixture
def found(memory):
    def _find(*texts: str, user: str = "ada", limit: int = 10) -> list[str]:
        with memory._database.read() as connection:
            return turns_with_words(connection, user, texts, limit)

    return _find


def test_rare_words_count_more_and_of_equal_turns_the_newest_is_first(said, found):
    swans = said(*(f"I saw swans on day {number}." for number in range(5)))
    [heron] = said("A heron came.")
    [both] = said("The swans chased the heron.")
    assert found("Which swans did the heron see?") == [both, heron, *reversed(swans)]
    assert found("swans heron", limit=2) == [both, heron]


def test_other_forms_of_a_word_capitals_and_replies_are_found(said, found):
    turns = said("We ADOPTED a dog.", "Adopting was hard.", "The Müllers came.") + said("Guess.", reply="You adopt dogs.")
    assert set(found("adoption")) == {turns[0], turns[1], turns[3]}
    assert found("Müller") == [turns[2]]


def test_signs_of_patterns_are_letters(said, found):
    turns = said("I paid 100% of it.", "I paid 100 of it.", "snake_case", "snakeXcase")
    assert found("snake_case") == [turns[2]]
    assert set(found("100%")) == {turns[0], turns[1]}


def test_other_people_and_what_may_not_be_found_are_left_out(memory, said, found):
    said("My heron is called Quorlim.", user="bob")
    [mine] = said("My heron is called Zazuquill.")
    assert found("heron") == [mine]
    memory._forgetting.soft_delete("ada", mine, lambda words: ({}, 1))
    assert found("heron") == []


def test_without_words_nothing_is_found(said, found):
    said("A heron came.")
    assert found() == found("") == found("…?") == found("zzzz") == []
