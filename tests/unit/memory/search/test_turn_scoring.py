"""What speaks for a raw turn: the rules of thumb, and how they are weighed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.core.sentences import sentences
from memory.core.temporal import named_window
from memory.index.turn_traits import Traits, split_speaker, subject_of_wish, traits_of
from memory.index.vectors import NONE
from memory.search.assistant_scoring import weigh_talk
from memory.search.turn_ranking import weighed
from memory.search.turn_scoring import NOTHING, Candidates, features, read_question, weigh


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
    both = read_question("What did Ben say to Ada?", ["Ada", "Ben"])
    assert (both.speaker, both.subject) == (None, "Ben")
    assert read_question("What do Ada and Ben like?", ["Ada", "Ben"]).subject is None
    assert read_question("Ada", ["Ada"]).meaning == "Ada"
    assert read_question("Wann hat sie geheiratet?", []).when is False
    assert read_question("How many children does she have?", []).several is True


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("Which city did she visit?", True), ("What book did she read?", True), ("Where did she go?", True),
        ("What is her dog called?", True), ("What did she say?", False), ("How is she?", False),
    ],
)  # fmt: skip
def test_a_question_says_whether_a_name_answers_it(asked, name):
    assert read_question(asked, []).name is name


def test_traits_say_what_stands_in_the_words():
    traits = traits_of("Ada: I moved last week. And you?", session=3, seq=9, before="Where do you live now?")
    assert traits == Traits(session=3, seq=9, speaker="Ada", length=27, asks=True, asked=True, dated=True)
    assert traits_of("I like tea", session=1, seq=2, before=None) == Traits(session=1, seq=2, length=10)
    named = traits_of('Ada: I went to Oslo with Ben, Cleo\'s and I read "Ox".', session=1, seq=1, before="Hm", partner="Ben")
    assert (named.names, named.quotes) == (3, True)
    assert traits_of("Ada: Oslo! I'm there. Ada, I mean", session=1, seq=1, before=None).names == 0


def found(*candidates):
    """Candidates of (name, traits, what is different about its scores)."""
    usual = {
        "sentence": 0.4,
        "before": 0.4,
        "late": 0.5,
        "words": 3.0,
        "words_before": 3.0,
        "content": 0.4,
        "exchange": NONE,
        "words_within": 0.0,
        "of_message": True,
    }
    scores = [{**usual, **(rest[0] if rest else {})} for _, _, *rest in candidates]
    arrays = {name: np.array([one[name] for one in scores]) for name in usual}
    return Candidates([name for name, *_ in candidates], [traits for _, traits, *_ in candidates], **arrays)


@pytest.mark.parametrize(
    ("asked", "better", "worse"),
    [
        ("What does Ada drink?", Traits(length=40, speaker="Ada"), Traits(length=40, speaker="Ben")),
        ("When did she move?", Traits(length=40, dated=True), Traits(length=40)),
        ("What does she drink?", Traits(length=40), Traits(length=40, asks=True)),
        ("What does she drink?", Traits(length=40, asked=True), Traits(length=40)),
        ("What does she drink?", Traits(length=200), Traits(length=8)),
        ("Which tea does she drink?", Traits(length=40, names=2), Traits(length=40)),
        ("Which tea does she drink?", Traits(length=40, quotes=True), Traits(length=40)),
        ("What does Ada give Ben?", Traits(length=40, speaker="Ada"), Traits(length=40, speaker="Ben")),
    ],
)
def test_of_two_turns_with_the_same_words_one_is_better_where_people_talk_with_each_other(asked, better, worse):
    question = read_question(asked, ["Ada", "Ben"])
    spoken = [replace(one, session=place, speaker=one.speaker or "Ben") for place, one in ((1, worse), (2, better))]
    assert list(weigh(question, found(("a", spoken[0]), ("b", spoken[1])))) == ["b", "a"]


def test_what_one_person_tells_an_assistant_is_ranked_by_words_and_meaning_alone():
    question = read_question("Who is Marta?", [])
    told = {"sentence": 0.5, "late": 0.6, "words": 9.0}
    turns = [
        ("long", Traits(session=1, seq=1, length=900, dated=True)),
        ("next", Traits(session=2, seq=2, length=900, asked=True)),
        ("told", Traits(session=2, seq=3, length=10, asks=True), told),
    ]
    assert next(iter(weighed(question, found(*turns)))) == "told"


def test_a_name_before_one_note_makes_no_dialogue():
    question = read_question("What about the boiler?", ["Note"])
    near = {"sentence": 0.6, "late": 0.7, "words": 6.0}
    note = ("note", Traits(session=1, length=900, speaker="Note"))
    ranked = weighed(
        question, found(note, ("told", Traits(session=2, length=10), near), ("else", Traits(session=3, length=10)))
    )
    assert next(iter(ranked)) == "told"


def test_what_was_said_in_the_period_that_is_named_comes_before_what_was_said_long_after():
    asked = datetime(2026, 3, 12, 9, tzinfo=UTC)
    text = "What did she drink on 3 March?"
    question = read_question(text, [], named_window(text, asked))
    then, later = (datetime(2026, 3, day, 20, tzinfo=UTC).timestamp() for day in (3, 11))
    both = found(("a", Traits(length=40, at=later)), ("b", Traits(length=40, at=then)))
    assert list(weighed(question, both)) == ["b", "a"]


def test_what_is_nearer_in_words_and_meaning_comes_first():
    question = read_question("What does she drink?", [])
    near = {"sentence": 0.8, "before": 0.6, "late": 0.8, "words": 9.0, "words_before": 9.0}
    both = found(("a", Traits(length=40)), ("b", Traits(session=1, length=40), near))
    assert list(weigh(question, both)) == list(weigh_talk(question, both)) == ["b", "a"]
    assert weigh(question, NOTHING) == weigh_talk(question, NOTHING) == {}


def test_of_neighbours_in_a_session_the_best_stands_for_all():
    question = read_question("What does she drink?", [])
    traits = [Traits(session=1, seq=seq, length=40) for seq in (1, 2, 3, 9)]
    rows = features(question, found(*((str(one.seq), one, {"late": one.seq / 10}) for one in traits)))
    close = rows["late"] + rows["words_before"]
    assert rows["around"].tolist() == [close[2], close[2], close[2], close[3]]


cosines = st.floats(-1, 1)
bm25 = st.floats(0, 50)


@given(
    st.lists(
        st.tuples(
            st.text("abc", min_size=1, max_size=3),
            st.builds(Traits, session=st.integers(0, 3), seq=st.integers(1, 30), length=st.integers(0, 99)),
            st.fixed_dictionaries(
                {"sentence": cosines, "before": cosines, "late": cosines, "words": bm25, "words_before": bm25}
            ),
        ),
        min_size=1,
        max_size=8,
        unique_by=lambda one: one[0],
    ),
    st.text(max_size=40),
)
def test_every_candidate_gets_a_place(candidates, asked):
    ranked = weighed(read_question(asked, ["Ada"]), found(*candidates))
    assert sorted(ranked) == sorted(name for name, *_ in candidates)
    assert list(ranked.values()) == sorted(ranked.values(), reverse=True)
    assert all(np.isfinite(score) for score in ranked.values())


def test_a_long_turn_is_as_good_as_the_best_of_its_passages_and_these_keep_their_order():
    question = read_question("Which dose of the syrup?", [])
    turns = found(
        ("a", Traits(session=1, length=40), {"content": 0.1, "sentence": 0.1, "exchange": 0.2}),
        ("a#1", Traits(session=1, length=40), {"content": 0.3, "of_message": False, "words_within": 1.0}),
        ("a#2", Traits(session=1, length=40), {"content": 0.8, "sentence": 0.8, "words_within": 6.0}),
        ("b", Traits(session=2, length=40), {"content": 0.3, "sentence": 0.3, "exchange": 0.2}),
    )
    ranked = weigh_talk(question, turns)
    assert list(ranked) == ["a#2", "a#1", "a", "b"]
    assert ranked["a#2"] - ranked["a"] < 0.01 < ranked["a#2"] - ranked["b"]


def test_what_was_answered_counts_with_the_message_and_alone_it_is_no_sentence_of_the_person():
    question = read_question("Which syrup was it?", [])
    turns = found(
        ("a", Traits(session=1), {"sentence": 0.2, "content": 0.2, "exchange": 0.7}),
        ("b", Traits(session=2), {"sentence": 0.2, "content": 0.2, "exchange": 0.3}),
        ("b#1", Traits(session=2), {"sentence": 0.9, "content": 0.2, "of_message": False}),
    )
    assert next(iter(weigh_talk(question, turns))) == "a"


@pytest.mark.parametrize("near", [0.5, 0.1])
def test_a_wish_for_all_answers_is_among_the_first_ten_where_its_subject_is_near(near):
    question = read_question("How much flour for two loaves?", [])
    notes = [(f"t{place:02}", Traits(session=place), {"sentence": 0.5 + place / 100, "words": 3.0}) for place in range(20)]
    wish = ("wish", Traits(session=30, lasting_wish=True), {"sentence": near, "content": 0.0, "words": 0.0, "late": 0.0})
    place = list(weigh_talk(question, found(*notes, wish))).index("wish")
    assert (7 <= place < 10) is (near > 0.15)


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ("Always give me metric units when I ask about cooking.", "cooking."),
        ("When I ask for recipes, leave out nuts.", "recipes, leave out nuts."),
        ("Antworte kurz, wenn ich nach Terminen frage", "Terminen"),
        ("Sé breve siempre que pregunte por viajes", "viajes"),
        ("Never use emojis.", None),
        ("When I asked about cooking she laughed.", None),
    ],
)
def test_what_a_wish_for_all_answers_is_about(text, subject):
    assert subject_of_wish(text) == subject


@pytest.mark.parametrize(
    "text", ["Always be brief.", "Please never use emojis", "From now on call me Bo", "Bitte immer kurz", "以后请用中文"]
)
def test_wishes_for_all_answers_are_told_from_what_was_done(text):
    assert traits_of(text, session=1, seq=1, before=None).lasting_wish
    assert not traits_of(f"She said: {text}", session=1, seq=1, before=None).lasting_wish
    assert not traits_of("I have always lived here and never left", session=1, seq=1, before=None).lasting_wish
