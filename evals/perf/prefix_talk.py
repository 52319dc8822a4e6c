"""Two scripted conversations, the same each time: one of two short sessions with retrievals, and one long session (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_BEGIN = datetime(2026, 3, 2, 9, tzinfo=UTC)


@dataclass(frozen=True)
class Message:
    """What the person says.

    Attributes:
        session: Session of the conversation, from 1.
        time: When it is said.
        text: A question is answered after one retrieval, any other message at once.
        reasoning: Off: memory is searched with the message itself, and the answer follows directly.
    """

    session: int
    time: datetime
    text: str
    reasoning: bool = True


_SESSIONS = (
    (
        "Good morning! I'm Lena, I moved to Ghent in January, and I repair old clocks for a living.",
        "My brother Tomas is coming over with his dog Biscuit on Friday, and we want to cycle to Bruges together.",
        "I have started to learn the accordion, every Tuesday evening, with Mrs Claes from the second floor.",
        "My doctor says that I'm allergic to walnuts, so I gave the whole cake to the neighbours.",
        "What is a good way to oil a bicycle chain?",
    ),
    (
        "The ride to Bruges was lovely, but Tomas had a flat tyre twice, and I'm allergic to Biscuit, too, as it turns out.",
        "What was it that I can't eat?",
        "Who teaches me the accordion?",
        "What do I do for a living, and since when have I lived here?",
        "Which animal did my brother want to bring along?",
        "When do I have my lessons?",
    ),
)
"""The last question of each session is asked with the reasoning off."""
_SUBJECTS = (
    "the tower clock", "the new workshop", "the garden wall", "the bread oven", "the rowing club", "the school choir",
    "the attic window", "the seed market", "the tandem", "the harbour museum", "the lemon tree", "the chess evening",
    "the leaking roof", "the night train", "the pottery class", "the spring cleaning",
)  # fmt: skip
_LONG = (
    "Now about {subject}. I was busy with it for most of {day}, and at first nothing went the way I had planned it: the "
    "parts that I had ordered were of the wrong size, the neighbour who wanted to help was called away, and by noon it "
    "rained so hard that I had to stop. In the afternoon it went better. I asked Tomas how he would go about {subject}, "
    "and he told me to begin with the end and to work my way back, which I thought was a joke; but it is what I did in "
    "the end, and it took me two hours instead of the whole weekend. I am rather proud of that, to be honest."
)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def sessions() -> list[Message]:
    """Return eleven messages in two sessions on two days, two minutes between them; six of them are questions."""
    return [
        Message(session, _BEGIN + timedelta(days=session - 1, minutes=2 * number), text, reasoning=number < len(texts) - 1)
        for session, texts in enumerate(_SESSIONS, start=1)
        for number, text in enumerate(texts)
    ]


def long() -> list[Message]:
    """Return sixteen messages of some hundred words in one session, two minutes apart: more than fit into a prompt."""
    return [
        Message(1, _BEGIN + timedelta(minutes=2 * number), _LONG.format(subject=subject, day=_DAYS[number % len(_DAYS)]))
        for number, subject in enumerate(_SUBJECTS)
    ]
