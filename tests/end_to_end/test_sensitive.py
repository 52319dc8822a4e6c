"""What is held on the real embedder: most of what is sensitive, little of what is not, measured on messages left out of the fit."""

from __future__ import annotations

import pytest

from app.build import build_embedder
from app.settings import Settings
from evals import sensitive
from memory.judge import Judge


@pytest.fixture(scope="module")
def embedder():
    return build_embedder(Settings())


def test_most_of_what_is_sensitive_is_found_and_little_else(embedder):
    found = sensitive.measure(embedder)
    assert found["sensitive"]["words and meaning"]["recall"] >= 0.75
    assert found["sensitive"]["words and meaning"]["precision"] >= 0.85
    assert found["everyday"]["words and meaning"]["of none, left alone"] >= 0.93
    assert found["sensitive"]["words and meaning"]["recall"] > found["sensitive"]["words alone"]["recall"] + 0.1


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("I've been clean for eight months now", True),
        ("The doctor told me on Friday that it is multiple sclerosis", True),
        ("My salary is 52,000 a year", True),
        ("My beagle is called Biscuit", False),
        ("I run on Sundays", False),
        ("What is the difference between Sunni and Shia Islam?", False),
    ],
)
def test_what_the_weights_that_are_shipped_say(embedder, text, held):
    assert (Judge(embedder).topic_of(text) is not None) is held
