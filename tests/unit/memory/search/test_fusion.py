"""Several rankings put together."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memory.search.fusion import reciprocal_rank, regroup

often = settings(deadline=None, max_examples=100)
rankings = st.lists(st.lists(st.sampled_from("abcdefgh"), max_size=8), max_size=4)


def test_a_place_scores_one_over_sixty_and_itself_in_every_ranking():
    scores = reciprocal_rank([["a", "b"], ["b", "c"]])
    assert list(scores) == ["b", "a", "c"]
    assert scores == pytest.approx({"b": 1 / 62 + 1 / 61, "a": 1 / 61, "c": 1 / 62})


def test_what_stands_twice_counts_where_it_stands_first_and_takes_no_second_place():
    assert reciprocal_rank([["a", "a", "b", "a"]]) == pytest.approx({"a": 1 / 61, "b": 1 / 62})


def test_equal_scores_are_in_the_order_of_the_ids():
    assert list(reciprocal_rank([["b", "a"], ["a", "b"], ["d", "c"], ["c", "d"]])) == ["a", "b", "c", "d"]


def test_of_nothing_comes_nothing():
    assert reciprocal_rank([]) == {}
    assert reciprocal_rank([[], []]) == {}
    assert regroup([], {}) == []


@often
@given(rankings)
def test_everything_ranked_is_there_once_best_first(ranked):
    scores = reciprocal_rank(ranked)
    assert set(scores) == {name for ranking in ranked for name in ranking}
    assert list(scores.values()) == sorted(scores.values(), reverse=True)
    assert all(0 < score <= len(ranked) / 61 for score in scores.values())


@often
@given(rankings, st.randoms())
def test_the_order_of_the_rankings_does_not_matter(ranked, random):
    mixed = random.sample(ranked, len(ranked))
    assert reciprocal_rank(mixed) == pytest.approx(reciprocal_rank(ranked))


@often
@given(st.lists(st.sampled_from("abcdefgh"), unique=True))
def test_one_ranking_alone_keeps_its_order(ranking):
    assert list(reciprocal_rank([ranking])) == ranking


def test_a_group_stands_where_its_best_member_stood():
    assert regroup(["t3", "t1", "t4", "t2"], {"t1": "A", "t2": "A", "t3": "B", "t4": "B"}) == ["B", "A"]


def test_what_is_in_no_group_stands_for_itself():
    assert regroup(["t1", "t2", "t3"], {"t2": "A"}) == ["t1", "A", "t3"]


@often
@given(st.lists(st.sampled_from("abcdefgh")), st.dictionaries(st.sampled_from("abcdefgh"), st.sampled_from("XYZ")))
def test_regrouping_loses_and_doubles_nothing(ranking, group_of):
    groups = regroup(ranking, group_of)
    assert sorted(groups) == sorted({group_of.get(name, name) for name in ranking})
