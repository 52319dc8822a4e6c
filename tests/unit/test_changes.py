"""Changes on pairs of our own: what the rules believe of a model that sees a change in everything."""

from __future__ import annotations

from collections import Counter

import pytest

from evals import changes


@pytest.mark.parametrize("name", changes.SETS)
def test_the_pairs_are_balanced_over_ten_areas(name):
    rows = changes.pairs(name)
    assert Counter(row.kind for row in rows) == {"change": 30, "both": 30}
    assert set(Counter(row.area for row in rows).values()) == {6}
    assert len({(row.older, row.newer) for row in rows}) == 60
