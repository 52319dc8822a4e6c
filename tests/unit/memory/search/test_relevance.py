"""One number for entries of all kinds: how likely each helps to answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.search.relevance import FLOOR, MINILM, Scale, asked_words, is_small_talk, relevance, scale_of, shared

COSINES = st.floats(-1.0, 1.0)


@given(COSINES, st.floats(0.0, 1.0), st.floats(-1.0, 1.0), st.floats(0.001, 1.0))
def test_it_is_a_probability_whatever_the_embedder(cosine, words, mean, spread):
    assert 0.0 <= relevance(cosine, words, Scale(mean, spread)) <= 1.0


@given(COSINES, COSINES, st.floats(0.0, 1.0))
def test_what_is_nearer_is_no_less_relevant(one, other, words):
    low, high = sorted((one, other))
    assert relevance(low, words) <= relevance(high, words)


def test_a_near_entry_that_shares_rare_words_is_far_above_the_floor_and_a_stranger_below():
    asked = asked_words("What is my dentist called?", {"dentist": 1, "called": 90}, 300)
    near, far = shared(asked, "My dentist is Dr Ocampo."), shared(asked, "The tram was late again.")
    assert near > 0.4 > far == 0.0
    assert relevance(0.55, near) > 10 * FLOOR
    assert relevance(0.1, far) < FLOOR


def test_words_count_in_any_of_their_forms_and_the_rare_one_more():
    asked = asked_words("Which marathons did I run?", {"marathons": 2, "run": 200}, 400)
    assert shared(asked, "I signed up for the marathon") > shared(asked, "running late")
    assert shared(asked, "Which did I?") == 0.0


def test_a_message_of_common_words_alone_shares_nothing():
    assert shared(asked_words("What is it about?", {}, 10), "What is it about?") == 0.0


@pytest.mark.parametrize(
    "message",
    [
        "Hi!",
        "Good morning!",
        "Thanks, that helps a lot.",
        "ok",
        "What's up?",
        "…",
        "👍",
        "Guten Morgen",
        "¡Hola! ¿Qué tal?",
        "你好",
    ],
)
def test_greetings_and_thanks_ask_memory_nothing(message):
    assert is_small_talk(message)


@pytest.mark.parametrize(
    "message", ["What is my sister called?", "Wann ist mein Termin?", "¿Cómo se llama mi perro?", "我的狗叫什么"]
)
def test_a_question_about_the_person_is_no_small_talk(message):
    assert not is_small_talk(message)


def test_an_embedder_whose_cosines_are_all_high_is_measured_by_its_own_scale():
    strangers = [0.70 + 0.002 * number for number in range(40)]
    scale = scale_of(strangers)
    assert relevance(0.95, 0.0, scale) > FLOOR > relevance(0.74, 0.0, scale)
    assert relevance(0.74) > relevance(0.74, 0.0, scale)


@pytest.mark.parametrize("cosines", [[], [0.5], [0.5] * 40])
def test_of_too_few_or_equal_texts_no_scale_is_made(cosines):
    assert scale_of(cosines) == MINILM
