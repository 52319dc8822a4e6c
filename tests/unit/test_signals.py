"""What speaks for a raw turn: the rules of thumb, and how they are weighed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.named_time import named_period
from memory.signals import Candidate, Traits, read_question, sentences, split_speaker, traits_of, weigh


@pytest.mark.parametrize(
    ("text", "parted"),
    [
        ("Ada: I went home", ("Ada", "I went home")),
        ("Ada Lovelace: Hello", ("Ada Lovelace", "Hello")),
        ("Zoë: Hallo", ("Zoë", "Hallo")),
        ("小林: こんにちは", ("小林", "こんにちは")),
        ("I went home", (None, "I went home")),
        ("Ada:", (None, "Ada:")),
        ("At 10:30 I left", (None, "At 10:30 I left")),
        (": nothing", (None, ": nothing")),
        ("Guess what: I moved", (None, "Guess what: I moved")),
    ],
)
def test_a_name_before_a_text_is_parted_from_it(text, parted):
    assert split_speaker(text) == parted


@given(st.text(max_size=400))
def test_parting_never_loses_a_character(text):
    speaker, body = split_speaker(text)
    assert (f"{speaker}: {body}" if speaker else body) == text


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("I have a dog. He barks!", ["I have a dog.", "He barks!"]),
        ("Ich habe einen Hund. Er bellt.", ["Ich habe einen Hund.", "Er bellt."]),
        ("犬がいます。よく吠えます。", ["犬がいます。", "よく吠えます。"]),
        ("one line\nand another", ["one line", "and another"]),
        ("No. I am here.", ["I am here."]),
        ("", []),
    ],
)
def test_sentences_of_any_language(text, parts):
    assert sentences(text) == parts


@given(st.lists(st.sampled_from(["I have a dog.", "He barks!", "Why?", "\n"]), max_size=300).map(" ".join))
def test_a_long_text_has_at_most_24_parts(text):
    assert len(sentences(text)) <= 24


def test_a_question_is_read_without_the_names_of_those_who_speak():
    question = read_question("When did Ada's sister marry?", ["Ada", "Ben"])
    assert question.meaning == "When did sister marry?"
    assert (question.when, question.several, question.speaker) == (True, False, "Ada")
    assert read_question("What did Ada say to Ben?", ["Ada", "Ben"]).speaker is None
    assert read_question("Ada", ["Ada"]).meaning == "Ada"
    assert read_question("Wann hat sie geheiratet?", []).when is False
    assert read_question("How many children does she have?", []).several is True


def test_traits_say_what_stands_in_the_words():
    traits = traits_of("Ada: I moved last week. And you?", session=3, before="Where do you live now?")
    assert traits == Traits(session=3, speaker="Ada", length=27, asks=True, asked=True, dated=True)
    assert traits_of("I like tea", session=1, before=None) == Traits(session=1, length=10)


def close(traits=None, **scores):
    return Candidate(traits or Traits(length=40), **{"turn": 0.4, "sentence": 0.4, "before": 0.4, "words": 3.0, **scores})


@pytest.mark.parametrize(
    ("asked", "better", "worse"),
    [
        ("What does Ada drink?", Traits(length=40, speaker="Ada"), Traits(length=40, speaker="Ben")),
        ("When did she move?", Traits(length=40, dated=True), Traits(length=40)),
        ("What does she drink?", Traits(length=40), Traits(length=40, asks=True)),
        ("What does she drink?", Traits(length=40, asked=True), Traits(length=40)),
        ("What does she drink?", Traits(length=80), Traits(length=8)),
    ],
)
def test_of_two_turns_with_the_same_words_one_is_better(asked, better, worse):
    question = read_question(asked, ["Ada", "Ben"])
    assert weigh(question, {"a": close(better)})["a"] > weigh(question, {"a": close(worse)})["a"]


def test_what_was_said_in_the_period_that_is_named_comes_before_what_was_said_long_after():
    asked = datetime(2026, 3, 12, 9, tzinfo=UTC)
    text = "What did she drink on 3 March?"
    question = read_question(text, [], named_period(text, asked))
    then, later = (datetime(2026, 3, day, 20, tzinfo=UTC).timestamp() for day in (3, 11))
    found = {"a": close(Traits(length=40, at=later)), "b": close(Traits(length=40, at=then))}
    assert list(weigh(question, found)) == ["b", "a"]


def test_what_is_nearer_in_words_and_meaning_comes_first():
    question = read_question("What does she drink?", [])
    far, near = close(), close(turn=0.7, sentence=0.8, before=0.6, words=9.0, words_before=9.0)
    assert list(weigh(question, {"a": far, "b": near})) == ["b", "a"]
    assert weigh(question, {}) == {}


cosines = st.one_of(st.none(), st.floats(-1, 1))
scores = st.floats(0, 50)


@given(
    st.dictionaries(
        st.text("abc", min_size=1, max_size=3),
        st.builds(
            Candidate, st.builds(Traits, session=st.integers(0, 3), length=st.integers(0, 99)), cosines, cosines, cosines, scores, scores
        ),
        max_size=8,
    ),
    st.text(max_size=40),
)  # fmt: skip
def test_every_candidate_gets_a_place_whatever_is_missing_of_it(found, asked):
    ranked = weigh(read_question(asked, ["Ada"]), found)
    assert sorted(ranked) == sorted(found)
    assert list(ranked.values()) == sorted(ranked.values(), reverse=True)
