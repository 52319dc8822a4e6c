"""Following a personality that changes: the estimates are what they say, and a life is what it says."""

from __future__ import annotations

import numpy as np
import pytest

from evals.components.pem import last_value, live, pem, running_mean, track


def shown(*scores):
    return np.array([[[score] * 5 for score in scores]], dtype=float)


def trait(followed):
    return [round(float(value), 3) for value in followed[0, :, 0]]


def test_each_estimate_follows_by_its_rule():
    showed = shown(3, 5, 3, 1)
    assert trait(last_value(showed)) == [3, 5, 5, 1]
    assert trait(running_mean(showed)) == [3, 5, 5, 3]
    # Momentum begins at one half: 0.5 * 3 + 0.5 * 5, one turn on.
    assert trait(pem(showed))[1] == pytest.approx(4.0, abs=0.01)
    assert trait(pem(showed))[2] == trait(pem(showed))[1]


def test_traits_change_half_way_or_not_at_all():
    for drift, moves in (("none", False), ("slow", True), ("sudden", True)):
        lives = live(50, 80, drift)
        assert np.allclose(lives.true[:, :40], lives.true[:, :1])
        assert np.allclose(lives.true[:, -1], lives.true[:, 0]) is not moves
        assert set(np.unique(lives.showed)) <= {1, 2, 3, 4, 5}
        assert 0.5 < (lives.showed == 3).mean() < 0.8


def test_a_run_is_the_same_each_time_and_has_every_estimate():
    found = track(20, 60)
    assert found == track(20, 60)
    assert set(found) == {"none", "slow", "sudden"}
    # Who believes the last message alone is as far off as a message is; who has heard much of somebody steady is near.
    assert found["none"]["running mean"]["end"] < found["none"]["pem"]["end"] < found["none"]["last value"]["end"]
    assert found["sudden"]["pem"]["end"] < found["sudden"]["running mean"]["end"]


def test_errors_are_told_trait_by_trait_over_time():
    errors = track(20, 60)["sudden"]["pem"]
    assert list(errors["curves"]) == list(errors["by_trait"])
    assert {len(curve) for curve in errors["curves"].values()} == {10}
    for place, mean in enumerate(errors["curve"]):
        assert mean == pytest.approx(np.mean([curve[place] for curve in errors["curves"].values()]), abs=0.002)
