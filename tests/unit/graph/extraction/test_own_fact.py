"""A fact is true to the words that it was made of: whose, numbers, names, colours, and only what was stated."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.components.facts import lost, rows, wrong
from graph.extraction.dated_words import with_dates
from graph.extraction.fidelity import slips
from graph.extraction.own_fact import fact_of
from graph.language.statements import statements
from graph.language.third_person import third_person

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("My flatmate got into the orchestra!", "The user's flatmate got into the orchestra!"),
        ("I love black coffee after a night shift.", "The user loves black coffee after a night shift."),
        ("I run 5 km and never miss a session.", "The user runs 5 km and never misses a session."),
        ("My husband and I moved to Lyon.", "The user and their husband moved to Lyon."),
        (
            "My therapist is called Dr Novak and I see her on Fridays.",
            "The user's therapist is called Dr Novak and the user sees her on Fridays.",
        ),
        (
            "I'd been there before, and I'd love to go again.",
            "The user had been there before, and the user would love to go again.",
        ),
        ("Broke my grandmother's red mug today", "The user broke their grandmother's red mug today"),
        ("So I finally quit my job!", "The user finally quit their job!"),
        ("We are seven this time.", "They are seven this time."),
        ("Emil was born on 3 March.", "Emil was born on 3 March."),
        ("Ugh, today was exhausting.", "Today was exhausting."),
    ],
)
def test_a_sentence_of_the_person_is_told_of_the_user(said, told):
    assert third_person(said) == told


@given(st.text(max_size=200))
def test_any_text_is_told(text):
    third_person(text)
    statements(text)
    slips([text], text)
    fact_of(text, MONDAY, "The user sails.")


@pytest.mark.parametrize(
    "text",
    [
        "Good morning!", "Thanks, that was really helpful.", "What was my sister's name again?", "Please write a poem about autumn.",
        "Tell me a joke about cats.", "Ok, see you tomorrow!", "Wie heißt die Hauptstadt von Peru?", "¡Muchas gracias!", "谢谢你！",
        "鸡蛋要煮多久？", "Hi there, how are you today?",
    ],
)  # fmt: skip
def test_what_only_asks_greets_or_thanks_states_nothing(text):
    assert statements(text) == []


def test_what_is_said_before_a_question_and_what_is_to_be_remembered_is_stated():
    assert statements("I'm vegan, what can I cook?") == ["I'm vegan."]
    assert statements("Please remember that my locker is number 12. Can you do that?") == ["My locker is number 12."]
    assert statements("Dr. Novak called on 3. May. Thanks!") == ["Dr. Novak called on 3. May."]


@pytest.mark.parametrize(
    ("said", "written", "slip"),
    [
        ("My flatmate got into the Gothenburg orchestra", "The user got into the Gothenburg orchestra.", "who it is"),
        ("My blood pressure was 165 over 100", "The user has high blood pressure.", "a number is lost"),
        ("I broke my grandmother's red mug", "The user broke a mug.", "a colour is lost"),
        (
            "I fly to see my husband Tomasz and my daughter",
            "The user flies to see their daughter's father Tomasz.",
            "whose it is",
        ),
        ("I don't eat fish", "The user eats fish.", "a no"),
        ("I might move to Crete", "The user moved to Crete.", "only a plan"),
        ("I have two cats", "The user has three cats.", "a number that was not said"),
        ("My cat is called Pixel", "The user's cat is called Biscuit.", "a name that was not said"),
    ],
)
def test_what_a_model_lost_or_made_up_is_seen_and_said_in_the_persons_own_words(said, written, slip):
    assert slip in slips([said], written)
    assert fact_of(f"{said}.", MONDAY, written) == third_person(f"{said}.")


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("I have a dog called Rex.", "The user has a dog called Rex."),
        ("My parrot is called Zazu.", "The user has a parrot called Zazu."),
        ("I'm flying to Lisbon tomorrow.", "The user is flying to Lisbon on 2026-03-03."),
    ],
)
def test_a_true_fact_stays_as_it_was_written(said, written):
    assert fact_of(said, MONDAY, written) == written


def test_days_get_their_dates():
    assert with_dates("I fly on Friday", MONDAY) == "I fly on Friday (2026-03-06)"
    assert with_dates("Thursday mornings are for the pool", MONDAY) == "Thursday mornings are for the pool"
    assert with_dates("He died on Sunday", MONDAY) == "He died on Sunday (2026-03-01)"
    assert with_dates("I lost it yesterday", MONDAY) == "I lost it yesterday (2026-03-01)"
    assert with_dates("I swim every Tuesday", MONDAY) == "I swim every Tuesday"


@pytest.mark.parametrize("row", [row for row in rows("facts") if row.holds], ids=lambda row: row.text[:40])
def test_the_persons_own_words_keep_numbers_names_colours_and_whose_it_is(row):
    told = fact_of(row.text, MONDAY, "")
    assert not lost(row, told)
    assert not wrong(row, told)
