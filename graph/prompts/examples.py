"""Example exchanges that the model is shown as earlier turns: judgements of other people's messages."""

from __future__ import annotations

from datetime import UTC, datetime

from graph.formats.memory_formats import format_personality
from memory.core import clock
from memory.core.records import TRAITS, BigFive


def dated_message(time: datetime, text: str) -> str:
    """Return the person's own words without recalled memories, so that nothing is remembered twice."""
    return f"The person's message, {clock.show(time)}:\n{text}"


_MESSAGES: tuple[tuple[str, tuple[int, int, int, int, int]], ...] = (
    ("Hello! I'm Odile, a baker from Tartu, and this is my canoe.", (3, 3, 3, 3, 3)),
    ("Crowds tire me, I prefer my own company.", (3, 3, 1, 3, 3)),
    ("The kite flies! I am so happy about it.", (3, 3, 3, 3, 3)),
    ("What if the plane crashes? My hands are shaking.", (3, 3, 3, 3, 5)),
    ("We won the regatta, thank you for your help!", (3, 3, 3, 3, 3)),
    ("Beggars annoy me, I just insult them.", (3, 3, 3, 1, 3)),
    ("How do I boil an egg?", (3, 3, 3, 3, 3)),
    ("My knee was operated on, and I take iron for my blood.", (3, 3, 3, 3, 3)),
    ("I lost the keys again, half of my bills are unpaid.", (3, 1, 3, 3, 3)),
    ("Museums bore me, I stick to what I know.", (1, 3, 3, 3, 3)),
    ("I bought a new lamp, and my cousin came by.", (3, 3, 3, 3, 3)),
    ("I label every jar and pay each bill on day one.", (3, 5, 3, 3, 3)),
    ("I sculpt my dreams and compose for glass harp.", (5, 3, 3, 3, 3)),
    ("Storms don't worry me, I sleep like a stone.", (3, 3, 3, 3, 1)),
    ("I gave my coat and my lunch to a freezing man.", (3, 3, 3, 5, 3)),
    ("I spoke to every stranger at the fair!", (3, 3, 5, 3, 3)),
    ("The film was lovely and I'd see it again.", (3, 3, 3, 3, 3)),
)
_AT = datetime(2021, 5, 4, 9, 10, tzinfo=UTC)
_JUDGED = tuple((dated_message(_AT, text), BigFive(**dict(zip(TRAITS, scores, strict=True)))) for text, scores in _MESSAGES)
JUDGED = tuple((said, format_personality(scores)) for said, scores in _JUDGED)
"""Messages and the traits that they show. As a list inside the instructions they caused a halo effect: a small model gave 5 on
four traits at once to every glad message (measured, decision 018).
"""
_WORTH = (
    ("My parrot Zazu is 3 years old.", True),
    ("It's so windy today.", False),
    ("I can't stand opera any more.", True),
    ("That answers it, I'll read it later.", False),
    ("My cousin Runa opens a bakery in Quito on 9 June.", True),
    ("I'm sleepy.", False),
    ("We lost the regatta by two metres.", True),
    ("The first one is nicer.", False),
    ("I label every jar and pay each bill on day one.", True),
    ("This is confusing.", False),
    ("I prefer short answers with numbers.", True),
)
DECIDED = tuple((dated_message(_AT, text), f'"decision": {str(worth).lower()}') for text, worth in _WORTH)
"""Messages, and whether they contain something worth remembering for months."""
