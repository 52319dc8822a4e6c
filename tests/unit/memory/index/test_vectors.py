"""Vectors in memory: what is nearest, among what may be found."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memory.core.time_window import TimeWindow
from memory.embedding.token_vectors import packed
from memory.index.filters import Filters
from memory.index.vectors import NONE, Placed, VectorIndex

SIZE = 24


def unit(seed: int, count: int) -> np.ndarray:
    rows = np.random.default_rng(seed).normal(size=(count, SIZE)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def placed(name: str, seed: int, facets: tuple[str, ...] = ("turn",), at: float = 0.0, happened=None) -> Placed:
    return Placed(name, at, happened, facets, packed(unit(seed, len(facets))))


names = st.sampled_from([f"e{number}" for number in range(12)])
facets = st.sampled_from([("turn",), ("turn", "before"), ("turn", "whole", "before", "sentence", "sentence")])
entries = st.builds(placed, names, st.integers(0, 10**6), facets, st.floats(-50, 50))
steps = st.lists(
    st.tuples(st.booleans(), st.lists(entries, min_size=1, max_size=5, unique_by=lambda one: one.name)), max_size=12
)


@settings(deadline=None)
@given(steps, st.integers(0, 10**6), st.integers(1, 9))
def test_after_any_changes_it_finds_what_comparing_each_by_hand_finds(changes, seed, limit):
    flat, there, question = VectorIndex(SIZE), {}, unit(seed, 1)
    for removes, some in changes:
        if removes:
            flat.remove([one.name for one in some])
            there = {name: one for name, one in there.items() if name not in {gone.name for gone in some}}
        else:
            flat.put(some)
            there |= {one.name: one for one in some}
    near = flat.score(question, Filters("ada"))
    assert np.array_equal(near.best(0), flat.score(np.repeat(question, 2, axis=0), Filters("ada")).best(1))
    found = near.nearest(near.best(0), limit)
    rows = {name: one.rows.astype(np.float32) for name, one in there.items()}
    by_hand = {
        name: float((row / np.linalg.norm(row, axis=1, keepdims=True) @ question[0]).max()) for name, row in rows.items()
    }
    assert len(flat) == len(there)
    assert len(found) == min(limit, len(there))
    assert list(found.values()) == pytest.approx(sorted(by_hand.values(), reverse=True)[:limit], abs=0.01)
    assert all(by_hand[name] == pytest.approx(score, abs=0.01) for name, score in found.items())


def test_each_facet_is_told_apart_and_one_that_is_not_there_says_so():
    flat = VectorIndex(SIZE)
    both, alone = placed("both", 1, ("content", "keywords")), placed("alone", 2, ("content",))
    flat.put([both, alone])
    near = flat.score(unit(3, 1), Filters("ada"))
    assert near.of("keywords", 0)[0] > NONE
    assert near.of("keywords", 0)[1] == NONE
    assert list(near.nearest(near.of("keywords", 0), 5)) == ["both"]


@given(
    st.lists(entries, min_size=1, max_size=9, unique_by=lambda one: one.name),
    st.sampled_from(["before", "sentence"]),
    st.data(),
)
def test_a_facet_of_some_entries_is_what_it_is_of_all(some, facet, data):
    flat = VectorIndex(SIZE)
    flat.put(some)
    near = flat.score(unit(5, 1), Filters("ada"))
    places = data.draw(st.lists(st.integers(0, len(some) - 1), min_size=1, max_size=12))
    assert np.array_equal(near.of(facet, 0, places), near.of(facet, 0)[places])


def test_several_questions_are_answered_each_for_itself():
    flat = VectorIndex(SIZE)
    flat.put([placed(f"e{number}", number) for number in range(40)])
    questions = np.concatenate([unit(7, 1), unit(21, 1)])
    near = flat.score(questions, Filters("ada"))
    assert next(iter(near.nearest(near.content(0), 3))) == "e7"
    assert next(iter(near.nearest(near.content(1), 3))) == "e21"


def test_a_window_holds_what_was_said_in_it_and_what_happened_in_it():
    flat = VectorIndex(SIZE)
    flat.put(
        [
            placed("then", 1, at=5.0),
            placed("told later", 2, at=90.0, happened=TimeWindow(4.0, 6.0)),
            placed("other", 3, at=50.0),
        ]
    )
    window = Filters("ada", TimeWindow(1.0, 10.5))
    near = flat.score(unit(3, 1), window)
    assert set(near.nearest(near.content(0), 9)) == {"then", "told later"}
    assert set(near.where(["then", "other", "nobody"])) == {"then"}


def test_what_was_just_said_and_what_was_shown_is_left_out():
    flat = VectorIndex(SIZE)
    flat.put([placed("old", 1, at=5.0), placed("shown", 2, at=6.0), placed("just now", 3, at=90.0)])
    near = flat.score(unit(3, 1), Filters("ada", said=TimeWindow(end=50.5), excluded=frozenset({"shown", "unknown"})))
    assert list(near.nearest(near.content(0), 9)) == ["old"]


def test_what_was_asked_before_a_change_is_answered_as_it_was_without_what_has_gone():
    flat = VectorIndex(SIZE)
    flat.put([placed(f"e{number}", number) for number in range(3)])
    near = flat.score(unit(1, 1), Filters("ada"))
    flat.put([placed(f"n{number}", number) for number in range(500)])
    flat.remove(["e2"])
    assert next(iter(near.nearest(near.content(0), 3))) == "e1"
    assert set(near.where(["e1", "e2", "n3"])) == {"e1"}


def test_a_removed_vector_is_not_left_in_memory():
    flat = VectorIndex(SIZE)
    flat.put([placed("secret", 1)])
    flat.remove(["secret"])
    assert not flat._rows.any()


def test_no_question_is_answered_with_nothing():
    flat = VectorIndex(SIZE)
    flat.put([placed("a", 1)])
    assert set(flat.score(np.zeros((0, SIZE), dtype=np.float32), Filters("ada")).where(["a"])) == {"a"}


def test_nothing_is_found_in_nothing():
    near = VectorIndex(SIZE).score(unit(1, 2), Filters("ada", said=TimeWindow(end=5.5)))
    assert near.nearest(near.best(1), 5) == {}
    assert near.where(["a"]) == {}


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10**6), st.integers(1, 60), st.sampled_from([None, "before", "sentence"]), st.floats(0, 1))
def test_of_many_the_same_are_nearest_as_by_looking_at_each(seed, limit, facet, window):
    drawn = np.random.default_rng(seed)
    kinds = [("turn",), ("turn", "before"), ("turn", "before", "sentence", "sentence")]
    flat, rows = VectorIndex(SIZE), packed(unit(seed, 4 * 8_000))
    some = [(place, kinds[drawn.integers(3)]) for place in range(8_000)]
    flat.put([Placed(f"e{place}", float(place), None, of, rows[4 * place :][: len(of)]) for place, of in some])
    flat.remove([f"e{place}" for place in drawn.integers(0, 8_000, size=100)])
    near = flat.score(unit(seed + 1, 2), Filters("me", window=TimeWindow(0.0, 8_000.5 * window)))
    by_each = near.best(1) if facet is None else near.of(facet, 1)
    assert near.top(1, limit, facet) == near.nearest(by_each, limit)
