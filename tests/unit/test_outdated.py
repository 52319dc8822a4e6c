"""A profile that is about to be rewritten: what a newer fact made untrue is taken out, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.outdated import without_untrue

PROFILE = {
    "name": "Ada",
    "home": "Leipzig",
    "job": "nurse",
    "likes": "tea, chess",
    "dislikes": "coriander, olives",
    "pets": "dog Mika",
    "family": "sister Lena",
}


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ("The user lives in Leipzig.", "The user moved to Lisbon.", {"home": None}),
        ("The user works as a nurse.", "The user works as a teacher now.", {"job": None}),
        ("The user dislikes coriander.", "The user loves coriander now.", {"dislikes": "olives"}),
        ("The user likes tea.", "The user can't stand tea any more.", {"likes": "chess"}),
        ("The user likes tea in the morning.", "The user likes tea in the evening now.", {}),
        ("The user's dog Mika is five years old.", "The user's dog Mika is six now.", {}),
        ("The user's sister Lena lives in Rome.", "The user's sister moved to Oslo.", {}),
        ("The user Ada lives in Bonn.", "The user moved to Lisbon.", {}),
        ("The user dislikes green tea.", "The user likes green tea now.", {}),
    ],
)
def test_a_line_goes_where_it_says_what_the_old_fact_said(old, new, changed):
    expected = {key: changed.get(key, value) for key, value in PROFILE.items()}
    assert without_untrue(PROFILE, [(old, new)]) == {key: value for key, value in expected.items() if value}


@given(st.dictionaries(st.text(), st.text()), st.lists(st.tuples(st.text(), st.text())))
def test_nothing_is_added_and_other_lines_stay(profile, replaced):
    kept = without_untrue(profile, replaced)
    assert kept.keys() <= profile.keys()
    assert all(kept[key] == value for key, value in profile.items() if key not in PROFILE and value)
