"""The wire formats of what is remembered: written and read back, read leniently, and never a crash."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from graph.formats.memory_formats import (
    MAX_PROCEDURES,
    Extraction,
    TopicLines,
    format_mapping,
    format_personality,
    format_semantic,
    format_topics,
    parse_mapping,
    parse_personality,
    parse_semantic,
    parse_topics,
    split_keywords,
)
from memory.core.records import TRAITS, BigFive
from tests.unit.graph.formats.test_lines import BROKEN

often = settings(deadline=None, max_examples=100)
# What a reader may change: space around a text, and keywords are cut at commas and semicolons and stand once.
said = st.text(max_size=80).map(str.strip)
something = said.filter(bool)
words = st.lists(
    st.text(max_size=15).map(lambda word: word.replace(",", "").replace(";", "").strip()).filter(bool), max_size=6, unique=True
)
keywords = words.map(tuple)
PARSERS = {
    "personality": parse_personality,
    "semantic": parse_semantic,
    "mapping": parse_mapping,
    "topics": lambda text: parse_topics(text, 3),
    "keywords": split_keywords,
}
NAMES = [*TRAITS, "reason", "decision", "content", "keywords", "topic_summary", "source_dialog_indices", "name"]
fragments = st.lists(
    st.sampled_from(
        [f'"{name}": ' for name in NAMES]
        + ["\n", "true", "3", "null", '"', "[", "]", ",", "0, 1", "-1", "9" * 400, "text", "{", "\\", "1e999"]
    ),
    max_size=40,
).map("".join)


@pytest.mark.parametrize("name", PARSERS)
@often
@given(text=st.one_of(st.text(), fragments))
@example(text="[" * 100_000)
@example(text="\n".join(f'"{trait}": {"1" * 400}' for trait in TRAITS))
@example(text="\n".join(f'"{trait}": {"1" * 5_000}' for trait in TRAITS))
@example(text='"topic_summary": "a"\n"source_dialog_indices": ' + "9" * 5_000)
def test_no_parser_raises(name, text):
    PARSERS[name](text)


@pytest.mark.parametrize("broken", ["nested lists", "closed nested lists", "escapes in a value", "digits", "commas"])
@pytest.mark.parametrize(("name", "key"), [("semantic", "content"), ("mapping", "a"), ("topics", "source_dialog_indices")])
def test_no_parser_takes_long_over_200_kilobytes(name, key, broken):
    started = time.process_time()
    head = '"decision": true\n"topic_summary": "a"\n'
    PARSERS[name](head + BROKEN[broken].replace('"a":', f'"{key}":', 1))
    split_keywords(BROKEN[broken])
    assert time.process_time() - started < 5


class TestPersonality:
    @often
    @given(st.builds(BigFive, **dict.fromkeys(TRAITS, st.integers(1, 5))))
    def test_scores_are_read_back(self, scores):
        assert parse_personality(format_personality(scores)) == scores

    def test_five_lines_in_the_published_order(self):
        scores = BigFive(openness=1, conscientiousness=2, extraversion=3, agreeableness=4, neuroticism=5)
        assert format_personality(scores) == (
            '"openness": 1\n"conscientiousness": 2\n"extraversion": 3\n"agreeableness": 4\n"neuroticism": 5'
        )

    @pytest.mark.parametrize(
        "line", ['"{}": 4', "{}: 4", "- {}: 4", "* **{}**: 4,", "**{}:** 4", "'{}': '4',", '"{}": "4"', '"{}": 4.0', "> {}: 4"]
    )
    def test_dress_is_forgiven(self, line):
        text = "```json\n" + "\n".join(line.format(trait.capitalize()) for trait in reversed(TRAITS)) + "\n```"
        assert parse_personality(text) == BigFive(**dict.fromkeys(TRAITS, 4))

    @pytest.mark.parametrize(
        "score", ["0", "6", "2.5", "-1", "true", "null", "high", "[4]", "", "NaN", "1e999", "9" * 400, '"4/5"']
    )
    def test_a_score_that_is_no_whole_number_from_1_to_5_spoils_it(self, score):
        text = format_personality(BigFive()).replace('"extraversion": 3', f'"extraversion": {score}')
        assert parse_personality(text) is None

    def test_a_missing_trait_spoils_it(self):
        assert parse_personality("\n".join(f'"{trait}": 3' for trait in TRAITS[:-1])) is None

    def test_the_last_word_counts(self):
        assert parse_personality(format_personality(BigFive()) + '\n"openness": 5') == BigFive(openness=5)


class TestSemantic:
    @often
    @given(something, keywords, said)
    def test_a_fact_is_read_back(self, content, terms, reason):
        fact = Extraction(True, content, terms, reason)
        assert parse_semantic(format_semantic(fact)) == fact

    @often
    @given(said)
    def test_nothing_worth_keeping_is_read_back(self, reason):
        nothing = Extraction(False, reason=reason)
        assert parse_semantic(format_semantic(nothing)) == nothing

    def test_four_lines(self):
        assert format_semantic(Extraction(True, 'The user has a dog called "Rex".', ("dog", "Rex"), "a name")) == (
            '"reason": "a name"\n"decision": true\n"content": "The user has a dog called \\"Rex\\"."\n"keywords": "dog, Rex"'
        )
        assert format_semantic(Extraction(False, "left out", ("left out",), "small talk")) == (
            '"reason": "small talk"\n"decision": false\n"content": null\n"keywords": null'
        )

    @pytest.mark.parametrize(
        "decision", ["true", "True", "TRUE", "yes", "Yes,", '"true"', '"True"', "'True'", '"yes"', '"Yes "']
    )
    def test_yes_however_it_is_said(self, decision):
        assert parse_semantic(f'"decision": {decision}\n"content": "The user has a dog."') == Extraction(
            True, "The user has a dog."
        )

    @pytest.mark.parametrize("decision", ["false", "False", "no", "No.", '"false"', '"False"', '"no"'])
    def test_no_however_it_is_said(self, decision):
        read = parse_semantic(f'"reason": "small talk"\n"decision": {decision.rstrip(".")}\n"content": "Something"')
        assert read == Extraction(False, reason="small talk")

    @pytest.mark.parametrize("decision", ["null", "maybe", "1", '""', '"maybe"', "[]", ""])
    def test_without_a_decision_it_is_not_in_its_form(self, decision):
        assert parse_semantic(f'"decision": {decision}\n"content": "The user has a dog."') is None

    @pytest.mark.parametrize("content", ["null", '""', '"  "', "none"])
    def test_a_decision_to_keep_nothing_is_not_in_its_form(self, content):
        assert parse_semantic(f'"decision": true\n"content": {content}\n"keywords": "dog"') is None

    @pytest.mark.parametrize(
        "terms", ['"dog, Rex"', '"dog; Rex,"', '["dog", "Rex"]', "dog, Rex", "['dog', 'Rex']", '"dog, Rex, dog"']
    )
    def test_keywords_however_they_are_listed(self, terms):
        assert parse_semantic(f'"decision": true\n"content": "x"\n"keywords": {terms}').keywords == ("dog", "Rex")

    def test_bullets_fences_and_capitals_are_forgiven(self):
        text = "```\n- **Reason**: a name\n- **Decision**: True\n- **Content**: The user has a dog.\n- **Keywords**: dog\n```"
        assert parse_semantic(text) == Extraction(True, "The user has a dog.", ("dog",), "a name")

    def test_tags_of_ours_and_odd_characters_stay_text(self):
        content = '</think><answer>{x}</answer> \u202e\x07 "q" \\n %s'
        assert parse_semantic(format_semantic(Extraction(True, content))).content == content


class TestMapping:
    @often
    @given(st.dictionaries(st.text(max_size=40).map(str.strip).filter(bool), something, min_size=1, max_size=24))
    def test_a_profile_is_read_back(self, profile):
        assert parse_mapping(format_mapping(profile)) == profile

    def test_the_order_is_kept(self):
        profile = {"name": "Ada", "home": "Paris", "age": "36"}
        assert format_mapping(profile) == '"name": "Ada"\n"home": "Paris"\n"age": "36"'
        assert list(parse_mapping(format_mapping(profile))) == ["name", "home", "age"]

    @pytest.mark.parametrize(
        "text", ["", "none", "I do not know.", "{}", '"name": null', '"name": ""', '"": "Ada"', '" ": "Ada"']
    )
    def test_without_a_line_there_is_none(self, text):
        assert parse_mapping(text) is None

    def test_a_list_has_at_most_seven_items(self):
        eight = ", ".join(f'"{item}"' for item in "abcdefgh")
        assert parse_mapping(f'"likes": [{eight}]') == {"likes": "a, b, c, d, e, f, g"}
        assert parse_mapping(f"likes: [{', '.join('abcdefg')}]") == {"likes": "a, b, c, d, e, f, g"}

    def test_at_most_five_habits(self):
        text = "\n".join(f'"habit {number}": "The user does {number}."' for number in range(8))
        assert list(parse_mapping(text, MAX_PROCEDURES)) == [f"habit {number}" for number in range(5)]

    def test_numbers_are_texts(self):
        assert parse_mapping('"age": 36\n"height": 1.8') == {"age": "36", "height": "1.8"}

    def test_the_last_word_counts(self):
        assert parse_mapping('"home": "Rome"\n"home": "Paris"') == {"home": "Paris"}

    def test_dress_is_forgiven(self):
        text = "Here is the profile:\n```json\n{\n  \"name\": \"Ada\",\n  'home': 'Paris',\n- **age**: 36\n}\n```"
        read = parse_mapping(text)
        assert {key: read[key] for key in ("name", "home", "age")} == {"name": "Ada", "home": "Paris", "age": "36"}


@st.composite
def sessions(draw):
    """Topics that share out all turns of a session between them."""
    turns = draw(st.integers(1, 12))
    count = draw(st.integers(1, turns))
    owner = [*range(count), *draw(st.lists(st.integers(0, count - 1), min_size=turns - count, max_size=turns - count))]
    owner = draw(st.permutations(owner))
    topics = [
        TopicLines(draw(something), draw(keywords), tuple(index for index in range(turns) if owner[index] == number))
        for number in range(count)
    ]
    return turns, topics


def topic(summary: str, indices: str) -> str:
    return f'"topic_summary": "{summary}"\n"keywords": "k"\n"source_dialog_indices": {indices}\n'


class TestTopics:
    @often
    @given(sessions())
    def test_a_division_is_read_back(self, session):
        turns, topics = session
        assert parse_topics(format_topics(topics), turns) == topics

    def test_three_lines_each(self):
        assert format_topics([TopicLines("The dog.", ("dog", "Rex"), (0, 2))]) == (
            '"topic_summary": "The dog."\n"keywords": "dog, Rex"\n"source_dialog_indices": 0, 2'
        )

    @often
    @given(
        st.one_of(
            fragments,
            st.lists(st.tuples(something, st.text("0123456789, -[]"))).map(
                lambda given: "".join(topic("t", each) for _, each in given)
            ),
        ),
        st.integers(1, 9),
    )
    def test_whatever_it_says_every_turn_is_in_a_topic_and_no_topic_is_empty(self, text, turns):
        topics = parse_topics(text, turns)
        if topics is not None:
            assert {index for each in topics for index in each.indices} == set(range(turns))
            for each in topics:
                assert each.summary
                assert each.indices
                assert list(each.indices) == sorted(set(each.indices))

    @pytest.mark.parametrize(
        "text", ["", "none", '"keywords": "dog"\n"source_dialog_indices": 0', '"topic_summary": ""', '"topic_summary": null']
    )
    def test_without_a_summary_there_is_none(self, text):
        assert parse_topics(text, 2) is None

    def test_indices_beyond_the_session_are_dropped(self):
        topics = parse_topics(topic("A", "0, 1, 2, 3, 999999, 9999999999") + topic("B", "1, 3"), 3)
        assert [each.indices for each in topics] == [(0, 2), (1,)]

    def test_a_turn_that_two_topics_claim_belongs_to_the_later_one(self):
        topics = parse_topics(topic("A", "0, 1, 2") + topic("B", "1, 2") + topic("C", "2, 3"), 4)
        assert [(each.summary, each.indices) for each in topics] == [("A", (0,)), ("B", (1,)), ("C", (2, 3))]

    def test_a_topic_without_a_turn_is_none(self):
        assert [each.summary for each in parse_topics(topic("A", "0") + topic("B", "7") + topic("C", "1"), 2)] == ["A", "C"]

    def test_turns_in_no_topic_join_the_first(self):
        topics = parse_topics(topic("A", "3") + topic("B", "1"), 5)
        assert [each.indices for each in topics] == [(0, 2, 3, 4), (1,)]

    def test_the_first_topic_is_the_first_even_where_its_own_turns_are_beyond(self):
        assert [each.indices for each in parse_topics(topic("A", "9") + topic("B", "1"), 2)] == [(0,), (1,)]

    @pytest.mark.parametrize(
        "indices", ["0, 2", "2,0,2,0", "[0, 2]", "[2, 0,]", '"0, 2"', "[[0], [2]]", "0 and 2", "['0', '2']"]
    )
    def test_indices_however_they_are_listed_stand_once_and_in_order(self, indices):
        assert parse_topics(topic("A", "1") + topic("B", indices), 3)[1].indices == (0, 2)

    def test_a_topic_without_words_does_not_take_its_place_from_the_one_before(self):
        topics = parse_topics(topic("A", "0") + topic("B", "1") + topic("", "2"), 3)
        assert [(each.summary, each.indices) for each in topics] == [("A", (0, 2)), ("B", (1,))]


@pytest.mark.parametrize(
    ("value", "terms"),
    [
        ("dog, Rex", ("dog", "Rex")), ("dog;Rex", ("dog", "Rex")), ([" dog ", "", "Rex", "dog"], ("dog", "Rex")), ("", ()),
        (None, ()), (True, ()),        (2019, ("2019",)), (",, ;", ()), (["New York, NY"], ("New York, NY",)),
    ],
)  # fmt: skip
def test_keywords_stand_once_without_space_around_them(value, terms):
    assert split_keywords(value) == terms
