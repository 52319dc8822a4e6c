"""On the real embedder: a thing named by its kind finds the message that tells of it, and what was never told mostly finds none.

The limits were chosen on other messages (decision 071).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from memory.forgetting import request_rules
from memory.memory import Memory

pytestmark = pytest.mark.evals

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
HISTORIES = {
    "choir": (
        "The choir sings on Thursdays now.", "I sold the old printer for forty.", "My neighbour Brunhild feeds the pigeons.",
        "I want to see the northern lights once.", "The plumber comes at seven.", "We had pancakes for dinner.",
        "My son lost his first tooth.",
    ),
    "accordions": (
        "I repair accordions for a living.", "On Monday the heating broke down again.", "I never learned to whistle.",
        "My wife prefers the mountains to the sea.", "The dog dug up the tulips.", "I read two chapters before I sleep.",
        "Our train was cancelled twice this week.", "I am afraid of lifts.",
    ),
}  # fmt: skip
TOLD = {
    "my salary": "I get 3,150 a month after tax.",
    "my address": "My flat is above the chemist in Cobbler Row, number 9.",
    "my debts": "I still have to pay back 15,000 to my uncle.",
    "my disability": "Since the accident I limp on the right.",
    "my medication": "I take pills against the voices.",
    "my operation": "They will take my gall bladder out next week.",
    "my religion": "I pray five times a day.",
    "my vote": "On the ballot I ticked the Labour man.",
    "my sexuality": "I am attracted to women only.",
    "my diagnosis": "The doctor says that it is diabetes.",
    "my divorce": "We have signed the papers, we are no longer husband and wife.",
    "my affair": "I have been seeing Ulla from accounts behind his back.",
    "my weight": "I tip the scales at 98 now.",
    "my gambling": "I lost four hundred at the slot machines again.",
    "the fine": "They made me pay for driving after two beers.",
    "my self-harm": "I cut myself when I am sad.",
    "my savings": "I put 20,000 aside in a tin under the floor.",
    "my illness": "I am sitting in a wheelchair since June.",
    "my resignation": "I sent in my notice, nobody at the office knows.",
    "my pregnancy": "I am seven weeks along.",
}
NEVER_TOLD = (
    "my salary", "my address", "my divorce", "my religion", "my tattoo", "my debts", "my diagnosis", "my vote", "my lawsuit",
    "my password", "my exam", "my tax return", "my abortion", "my arrest", "my car", "my passport", "my allergy", "the accident",
    "my inheritance", "my drinking",
)  # fmt: skip


@pytest.fixture(params=HISTORIES)
def asked(request, tmp_path, embedder):
    """Return a function that asks to forget a thing; it returns the messages that are offered."""
    history = HISTORIES[request.param]
    with Memory(tmp_path / "memory", embedder, asks=False) as memory:

        def ask(subject: str, told: str | None = None) -> list[str]:
            user = f"of {subject}" if told else "nobody"
            if not memory.journal.knows(user):
                for hour, text in enumerate([*history[:4], *([told] if told else []), *history[4:]]):
                    memory.ingest_turn(user, NOW - timedelta(days=60 - hour), text, "I see.")
                memory.index(user)
            turn = memory.receive(user, f"Please forget what I told you about {subject}.", time=NOW)
            read = request_rules.read(turn.text)
            assert read is not None
            offer = memory.offers.make(read, turn)
            memory.journal.fail(turn.id, "It is asked again below.")
            assert offer.guessed is (offer.state == "open")
            return [memory.journal.turn(name).text for name in offer.subjects]

        yield ask


def test_what_was_told_is_offered_and_nothing_else(asked):
    offered = {subject: asked(subject, told) for subject, told in TOLD.items()}
    right = [subject for subject, messages in offered.items() if messages == [TOLD[subject]]]
    assert [messages for subject, messages in offered.items() if messages and subject not in right] == []
    assert len(right) >= 16


def test_what_was_never_told_is_hardly_ever_offered(asked):
    assert len([subject for subject in NEVER_TOLD if asked(subject)]) <= 1
