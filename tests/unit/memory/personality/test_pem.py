"""PEM: how a turn's evidence moves the remembered Big Five."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memory.core.records import TRAITS, BigFive
from memory.personality.pem import evolve, momentum

often = settings(deadline=None, max_examples=200)
counts = st.integers(0, 10**6)
scores = st.builds(BigFive, **dict.fromkeys(TRAITS, st.floats(1, 5)))
evidence = st.builds(BigFive, **dict.fromkeys(TRAITS, st.integers(1, 5)))


def all_at(score: float) -> BigFive:
    return BigFive(**dict.fromkeys(TRAITS, score))


@pytest.mark.parametrize(("m", "weight"), [(0, 0.5), (25, 0.7), (50, 0.9), (51, 0.9), (1000, 0.9), (10**9, 0.9)])
def test_momentum_grows_from_a_half_to_nine_tenths_over_fifty_turns(m, weight):
    assert momentum(m) == pytest.approx(weight, abs=1e-12)


def test_momentum_follows_a_cosine():
    assert momentum(10) == pytest.approx(0.5381966011250105, abs=1e-12)
    assert momentum(40) == pytest.approx(0.8618033988749895, abs=1e-12)
    assert momentum(49) < 0.9


def test_turns_are_counted_from_zero():
    with pytest.raises(ValueError, match="-1"):
        momentum(-1)


@often
@given(counts, counts)
def test_momentum_never_decreases(first, second):
    low, high = sorted((first, second))
    assert 0.5 <= momentum(low) <= momentum(high) <= 0.9 + 1e-12


@pytest.mark.parametrize(
    ("score", "inferred", "m", "moved"),
    [(3, 5, 0, 4.0), (3, 5, 25, 3.6), (3, 5, 50, 3.2), (3, 1, 0, 2.0), (3, 1, 1000, 2.8), (4.5, 2, 0, 3.25), (2, 4, 25, 2.6)],
)
def test_a_trait_moves_by_the_published_rule(score, inferred, m, moved):
    assert dict(evolve(all_at(score), all_at(inferred), m).items()) == pytest.approx(dict.fromkeys(TRAITS, moved))


def test_each_trait_has_its_own_evidence():
    inferred = BigFive(openness=5, conscientiousness=4, extraversion=3, agreeableness=2, neuroticism=1)
    assert dict(evolve(BigFive(), inferred, 0).items()) == {
        "openness": 4.0, "conscientiousness": 3.5, "extraversion": 3.0, "agreeableness": 2.5, "neuroticism": 2.0,
    }  # fmt: skip


@often
@given(scores, counts)
def test_three_is_no_evidence_and_leaves_everything_exactly_as_it_is(before, m):
    assert evolve(before, all_at(3), m) == before


@often
@given(scores, evidence, counts, st.sets(st.sampled_from(TRAITS)))
def test_pinned_traits_stay_and_the_others_move_as_without_pins(before, inferred, m, pinned):
    free, held = evolve(before, inferred, m), evolve(before, inferred, m, pinned)
    for trait in TRAITS:
        assert getattr(held, trait) == getattr(before if trait in pinned else free, trait)


@often
@given(scores, evidence, counts)
def test_a_trait_moves_towards_its_evidence_never_past_it_and_never_out_of_bounds(before, inferred, m):
    after = evolve(before, inferred, m)
    for trait in TRAITS:
        p, x, moved = (getattr(each, trait) for each in (before, inferred, after))
        assert 1 <= moved <= 5
        assert min(p, x) - 1e-9 <= moved <= max(p, x) + 1e-9
        if x != 3 and abs(p - x) > 1e-6:
            assert abs(moved - x) < abs(p - x)


@often
@given(scores, evidence, evidence, counts)
def test_stronger_evidence_never_moves_a_trait_less_far_up(before, one, other, m):
    first, second = evolve(before, one, m), evolve(before, other, m)
    for trait in TRAITS:
        low, high = getattr(one, trait), getattr(other, trait)
        if low <= high and 3 not in (low, high):
            assert getattr(first, trait) <= getattr(second, trait) + 1e-9


@often
@given(scores, evidence, counts, counts)
def test_the_longer_it_knows_someone_the_less_one_turn_moves(before, inferred, first, second):
    early, late = sorted((first, second))
    young, old = evolve(before, inferred, early), evolve(before, inferred, late)
    for trait in TRAITS:
        p = getattr(before, trait)
        assert abs(getattr(old, trait) - p) <= abs(getattr(young, trait) - p) + 1e-9


def test_steady_evidence_leads_there_and_stays_within_bounds():
    point = BigFive()
    for m in range(200):
        point = evolve(point, all_at(5), m)
    assert point.openness == pytest.approx(5)
    for m in range(200, 400):
        point = evolve(point, all_at(1), m)
    assert 1 <= point.openness < 1.01
