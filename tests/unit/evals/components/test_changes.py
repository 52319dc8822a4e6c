"""Changes on pairs of our own: what the rules believe of a model that sees a change in everything."""

from __future__ import annotations

from collections import Counter

import pytest

from evals.components import changes


@pytest.mark.parametrize("name", changes.SETS)
def test_the_pairs_are_balanced_over_ten_areas(name):
    rows = changes.pairs(name)
    half = len(rows) // 2
    assert half in (30, 60)
    assert Counter(row.kind for row in rows) == {"change": half, "both": half}
    assert set(Counter(row.area for row in rows).values()) == {len(rows) // 10}
    assert len({(row.older, row.newer) for row in rows}) == len(rows)


@pytest.mark.parametrize("name", changes.SETS)
def test_most_changes_are_believed_and_nothing_that_is_still_true_is_superseded(name):
    figures = changes.measure(changes.pairs(name))
    assert figures["wrongly"] == []
    assert figures["share"] >= 0.92, figures["missed"]


def test_facts_of_different_areas_hardly_ever_exclude_each_other():
    rows = [row for name in changes.SETS for row in changes.pairs(name)]
    crossed = [
        changes.Pair("both", "", older.older, newer.newer) for older in rows for newer in rows[::3] if older.area != newer.area
    ]
    figures = changes.measure(crossed + changes.pairs("changes"))
    assert figures["superseded"] / len(crossed) < 0.002, figures["wrongly"]


def test_a_model_that_says_other_supersedes_nothing():
    figures = changes.measure(changes.pairs("changes"), lambda _older, _newer: "other")
    assert (figures["believed"], figures["superseded"]) == (0, 0)


@pytest.mark.parametrize(
    ("older", "newer", "replaced"),
    [
        ("Die Nutzerin zahlt 640 Euro Miete.", "Die Nutzerin zahlt 710 Euro Miete.", True),
        ("Die Nutzerin isst gern Fleisch.", "Die Nutzerin isst nicht mehr gern Fleisch.", True),
        ("La usuaria vive en Sevilla.", "La usuaria vive en Cádiz.", True),
        ("Die Nutzerin mag Kaffee.", "Die Nutzerin mag Tee.", False),
        ("Die Nutzerin hat am 3. Mai einen Termin.", "Die Nutzerin hat am 9. Mai einen Termin.", False),
        ("Die Nutzerin hat einen Hund.", "Die Nutzerin hat eine Katze.", False),
        ("L'utilisatrice parle allemand.", "L'utilisatrice parle italien.", False),
        ("用户住在北京。", "用户有一只猫。", False),
    ],
)
def test_in_other_languages_only_what_is_safe_is_believed(older, newer, replaced):
    pair = changes.Pair("change" if replaced else "both", "", older, newer)
    figures = changes.measure([pair, changes.pairs("changes")[0]])
    assert figures["missed"] == figures["wrongly"] == []


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("The user's car is red.", "The user had the car washed."),
        ("The user's car is a Golf.", "The user has repaired the car."),
        ("The user works part-time.", "The user works night shifts."),
        ("The user works from home.", "The user works part-time."),
        ("The user relies on her sister.", "The user relies on her neighbour."),
        ("The user laughs at puns.", "The user laughs at slapstick."),
        ("The user snacks on almonds.", "The user snacks on carrots."),
        ("The user works on a study about bats.", "The user works on a report about bees."),
        ("The user likes big dogs.", "The user likes small dogs."),
        ("The user's night train leaves at 22:04.", "The user's night train arrives at 8:40."),
        ("The first exam is on 4 June.", "The second exam is on 9 June."),
    ],
)
def test_what_is_said_of_one_thing_in_like_words_can_both_be_true(older, newer):
    assert changes.measure([changes.Pair("both", "", older, newer), changes.pairs("changes")[0]])["wrongly"] == []


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        (
            "The landlady, Mrs Oates, lives below and has a cat called Major",
            "The user moved in yesterday. The user's arms hurt",
        ),
        ("The user wants to get to 80 lengths by the end of June", "And 44 lengths today (2026-04-16)"),
    ],
)
def test_what_is_said_of_somebody_else_or_on_the_way_to_a_goal_replaces_nothing(older, newer):
    figures = changes.measure([changes.Pair("both", "", older, newer), changes.pairs("changes")[0]])
    assert figures["wrongly"] == []
