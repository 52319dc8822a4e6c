"""What memory says about "the user" is said to the person who reads it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.language.addressed import addressed
from graph.language.third_person import third_person


@pytest.mark.parametrize(
    ("remembered", "shown"),
    [
        ("The user has a daughter.", "You have a daughter."),
        ("The user's cat is called Tim.", "Your cat is called Tim."),
        ("The user always drinks from their grandmother's mug.", "You always drink from your grandmother's mug."),
        ("The user finds it hard to speak up and is angry.", "You find it hard to speak up and are angry."),
        ("The user speaks up now and no longer finds it hard.", "You speak up now and no longer find it hard."),
        ("The user doesn't eat meat.", "You don't eat meat."),
        ("The user carries water. The user goes home.", "You carry water. You go home."),
        ("The user told their manager that they are leaving.", "You told your manager that you are leaving."),
        ("Maya told the user that the user is late.", "Maya told you that you are late."),
        ("A friend gave the user lessons.", "A friend gave you lessons."),
        ("The user and their wife live in Oslo.", "You and your wife live in Oslo."),
        ("The user was there when the user's boss came.", "You were there when your boss came."),
        ("[corrected since by the user: The user's cat is Kim.]", "[corrected since by you: Your cat is Kim.]"),
        # Other people may be meant.
        ("The user visited the neighbours and fed their cat.", "You visited the neighbours and fed their cat."),
        ("The user's parents sold their house.", "Your parents sold their house."),
        ("The user's dog fears umbrellas and snores.", "Your dog fears umbrellas and snores."),
        ("Robin plays the violin.", "Robin plays the violin."),
        ("Ich wohne in Wien.", "Ich wohne in Wien."),
        ("The user designs the user interface.", "You design the user interface."),
        ("", ""),
    ],
)
def test_the_user_becomes_you(remembered, shown):
    assert addressed(remembered) == shown


@pytest.mark.parametrize(
    "said",
    ["I play the cello.", "I have two cats and feed them.", "My sister lives in Rome.", "I am tired.", "I moved to Bonn."],
)
def test_a_fact_made_of_a_persons_words_is_theirs_again(said):
    expected = said.replace("I am", "You are").replace("I ", "You ").replace("My ", "Your ")
    assert addressed(third_person(said)) == expected


@given(st.text(max_size=200))
def test_text_about_nobody_stays_as_it_is(text):
    if "the user" not in text.lower():
        assert addressed(text) == text


@given(
    st.lists(
        st.sampled_from(["the user", "The user's", "their", "has", "and", "likes", "\n", ".", "they", "ß", "  "]), max_size=14
    )
)
def test_nothing_is_lost_but_the_words_that_change(words):
    shown = addressed(" ".join(words))
    assert "the user" not in shown.lower()
    assert len(shown.split()) == len(" ".join(words).lower().replace("the user", "you").split())
