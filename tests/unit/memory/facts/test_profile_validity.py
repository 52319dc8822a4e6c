"""The profile as it holds now: what a newer fact made untrue is left out at once, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.core.records import ProfileEntry
from memory.facts.profile_validity import Replaced, as_it_holds, may_be_untrue

WRITTEN = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
LATER = WRITTEN + timedelta(days=6)
PROFILE = {
    "name": "Ada",
    "home": "Leipzig",
    "job": "nurse",
    "likes": "tea, chess",
    "dislikes": "coriander, olives",
    "pets": "dog Mika",
    "family": "sister Lena",
}


def entries(profile, **fields):
    return [ProfileEntry(id=key, key=key, value=value, time=WRITTEN, **fields) for key, value in profile.items()]


def values(found):
    return {entry.key: entry.value for entry in found}


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
def test_an_item_goes_where_it_says_what_the_old_fact_said(old, new, changed):
    expected = {key: changed.get(key, value) for key, value in PROFILE.items()}
    kept = values(as_it_holds(entries(PROFILE), [Replaced(old, new, LATER)]))
    assert kept == {key: value for key, value in expected.items() if value}


def test_what_was_written_since_and_what_the_person_wrote_stays():
    moved = Replaced("The user lives in Leipzig.", "The user moved to Lisbon.", WRITTEN)
    assert values(as_it_holds(entries(PROFILE), [moved])) == PROFILE
    moved = Replaced("The user lives in Leipzig.", "The user moved to Lisbon.", LATER)
    assert values(as_it_holds(entries(PROFILE, edited=True), [moved])) == PROFILE


@given(st.dictionaries(st.sampled_from([*PROFILE, "hobby"]) | st.text(), st.text()), st.lists(st.tuples(st.text(), st.text())))
def test_nothing_is_added_and_other_lines_stay(profile, replaced):
    kept = values(as_it_holds(entries(profile), [Replaced(old, new, LATER) for old, new in replaced]))
    assert kept.keys() <= profile.keys()
    assert all(kept[one.key] == one.value for one in entries(profile) if not may_be_untrue(one))


@pytest.mark.parametrize(
    ("key", "value", "old", "new", "kept"),
    [
        ("likes", "dogs, coffee", "The user loves dogs and coffee.", "The user no longer loves coffee.", "dogs"),
        ("likes", "coffee, tea", "The user loves coffee.", "The user gave up coffee.", "tea"),
        ("likes", "coffee, tea", "The user loves coffee.", "The user stopped drinking coffee.", "tea"),
        ("likes", "coffee, tea", "The user loves coffee.", "The user no longer drinks coffee.", "tea"),
        ("dislikes", "cilantro", "The user hates cilantro.", "The user no longer hates cilantro.", None),
        ("dislikes", "coriander, olives", "The user hates coriander and olives.", "The user loves olives now.", "coriander"),
        ("likes", "coffee, tea", "The user likes coffee.", "The user loves coffee even more now.", "coffee, tea"),
    ],
)
def test_of_what_a_fact_named_only_what_the_newer_one_turned_goes(key, value, old, new, kept):
    found = values(as_it_holds(entries({key: value}), [Replaced(old, new, LATER)]))
    assert found == ({key: kept} if kept else {})
