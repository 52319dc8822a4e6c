"""A reply in the person's own "I" is said to them; what the assistant says of itself is not touched."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.replies.second_person import ToThem, second_person


def passed(message: str, reply: str, size: int, language: str = "en") -> str:
    stream = ToThem(message, language)
    return "".join([*(stream.feed(reply[at : at + size]) for at in range(0, len(reply), size)), stream.close()])


@pytest.mark.parametrize("size", [1, 4, 400])
@pytest.mark.parametrize(
    ("message", "reply", "said"),
    [
        ("Where do I live now?", "I live in Orchard Lane. It is nice.", "You live in Orchard Lane. It is nice."),
        ("what do I drink?", "I'm a tea drinker, and my flask is green.", "You're a tea drinker, and your flask is green."),
        ("Do I like olives?", "Yes, I do like olives.", "Yes, you do like olives."),
        ("What is my sister called?", "My sister is called Ann.", "Your sister is called Ann."),
        ("When was I in Rome?", "I was in Rome in May, and she met me there", "You were in Rome in May, and she met you there"),
    ],
)
def test_what_answers_as_the_person_is_said_to_them(message, reply, said, size):
    assert passed(message, reply, size) == said


@pytest.mark.parametrize("size", [1, 4, 400])
@pytest.mark.parametrize(
    ("message", "reply"),
    [
        ("What is my sister called?", "I don't know yet what your sister is called."),
        ("What is my sister called?", "I'm sorry, you have not told me."),
        ("What did I say exactly?", "I live in Orchard Lane."),
        ("What do you think of my idea?", "I like it a lot."),
        ("I moved to Orchard Lane.", "I like that street."),
        ("Where do I live?", "In Orchard Lane, I think."),
        ("Where do I live?", "It is Orchard Lane."),
        ("Where do I live?", "I can't say."),
    ],
)
def test_what_the_assistant_says_of_itself_stays(message, reply, size):
    assert passed(message, reply, size) == reply


def test_other_languages_pass_as_they_are():
    assert passed("wo wohne ich?", "I wohne in Kiel.", 3, "de") == "I wohne in Kiel."


@given(st.text(alphabet="Iamy 'do.wlivehknt,\n", max_size=60), st.integers(1, 9))
def test_pieces_change_nothing(reply, size):
    assert passed("Where do I live?", reply, size) == passed("Where do I live?", reply, 400)


@given(st.text(max_size=80))
def test_a_text_without_the_persons_words_stays(text):
    if not any(word in text.lower() for word in ("i", "m")):
        assert second_person(text) == text
