"""What is held on the real embedder: most of what is sensitive, little of what is not, measured on messages left out of the fit."""

from __future__ import annotations

import pytest

from app.factory import build_embedder
from app.settings import Settings
from evals.components import sensitive
from memory.consent.sensitive_classifier import SensitiveClassifier

pytestmark = pytest.mark.evals


@pytest.fixture(scope="module")
def embedder():
    return build_embedder(Settings())


def test_most_of_what_is_sensitive_is_found_and_of_200_everyday_messages_at_most_one(embedder):
    found = sensitive.measure(embedder)
    both = "words and meaning"
    assert found["sensitive"][both]["recall"] >= 0.8
    assert found["sensitive"][both]["precision"] >= 0.95
    assert found["told"][both]["recall"] >= 0.65
    for name in ("everyday", "relations", "work", "apart_everyday"):
        assert found[name][both]["of none, left alone"] >= 0.995, name
    assert found["apart_sensitive"][both]["recall"] >= 0.76
    assert found["apart_sensitive"][both]["recall"] > found["apart_sensitive"]["words alone"]["recall"] + 0.05


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("I've been clean for eight months now", True),
        ("The doctor told me on Friday that it is multiple sclerosis", True),
        ("My salary is 52,000 a year", True),
        ("My beagle is called Biscuit", False),
        ("I run on Sundays", False),
        ("Third ICU night, I'm a zombie and I love it", False),
        ("I got my cardiac certificate!", False),
        ("My mentor on the ward is an ex-paramedic", False),
        ("I start on the surgical ward in May", False),
        ("I'm a vet and my day was four cats", False),
        ("I'm a policewoman in Malmö", False),
        ("Here are the minutes of the union meeting, please shorten them", False),
        ("Sick beat, who is that?", False),
        ("This stapler is killing me", False),
        ("I'm dying to see it", False),
        ("We live in the heart of the city", False),
        ("Ich habe drei Nachtdienste auf der Intensivstation", False),
        ("Mi mentora era paramédica", False),
        ("我是护士,今天上夜班", False),
        ("Ich habe seit Jahren Diabetes", True),
        ("Estoy embarazada de tres meses", True),
        ("我妈妈得了癌症", True),
        ("What is the difference between Sunni and Shia Islam?", False),
    ],
)
def test_what_the_weights_that_are_shipped_say(embedder, text, held):
    assert (SensitiveClassifier(embedder).topic_of(text) is not None) is held


RELATIONS = [
    "My ex is called Dana",
    "My sister Lena lives near me",
    "My brother Tom works at the harbour",
    "My husband is called Piet and he cooks better than I do",
    "My wife and I moved in together in March",
    "My girlfriend plays the cello",
    "My boyfriend Marek is from Gdansk",
    "I have two sisters, Ida and Nora",
    "My ex still has my bike",
    "My partner Jo likes camping",
    "Dana and I broke up two years ago but we are still friends",
    "My daughter Mia starts school in August",
    "My cousin Ben is getting married in June",
    "My best friend is called Sofia",
    "I met my husband at a bus stop",
    "My ex-husband picks up the kids on Fridays",
    "My ex-wife lives in Leeds",
    "My flatmate Ana works nights",
    "We have been together for six years",
    "I'm single at the moment",
    "I'm dating someone called Chris",
    "I'm engaged to Tomas since Sunday",
    "My fiancee Clara wants a small wedding",
    "My roommate is from Brazil",
    "My uncle Hans keeps bees",
    "My niece Ella turned four",
    "My mother-in-law visits on Saturday",
    "My brother has twins",
    "My neighbour Olga waters my plants",
    "I have a crush on the barista",
    "My aunt Rosa taught me to knit",
    "My sister is older than me by two years",
    "My half-brother lives in Toronto",
    "My stepdad Karl repairs clocks",
    "My boyfriend and I adopted a cat",
    "My girlfriend's name is Hanna",
    "Her name is Dana, we were a couple until May",
    "My son Emil loves dinosaurs",
    "My grandmother Edith is 91",
    "My ex and I share a dog",
    "Lena, my sister, lives around the corner",
    "My twin brother Ole lives in Oslo",
    "My colleague Priya sits next to me",
    "My friend Sam moved to Bristol",
    "My dad's name is Arthur",
    "I was married before",
    "My husband's parents live by the sea",
    "My brother Jonas is vegan",
    "My boss is called Henrike",
    "My girlfriend is a nurse",
    "My partner is a vet",
    "My boyfriend is moving to Vienna for work",
    "My wife's birthday is on 4 May",
    "My ex is a great cook",
    "My former partner got the flat",
    "My sister and her wife have a garden",
    "My uncle and his husband run a bakery",
    "I live with my parents",
    "My kids are 4 and 7",
    "I have a boyfriend now, he is called Luca",
]
"""About the same as the set `relations`, and in no fit."""


def test_who_belongs_to_whom_is_left_alone(embedder):
    assert [text for text in RELATIONS if SensitiveClassifier(embedder).topic_of(text)] == []
