"""Rules that decide whether a message is sensitive: health, faith, politics … (pure; English, and plain forms in five others).

No model is called. A message is marked when it is journaled, and waits for approval where the person is asked first.
`memory.consent.sensitive_classifier` checks its meaning when it is remembered. Work is not sensitive: a nurse's ward, a
lawyer's debt cases. Measured in decision 059.
"""

from __future__ import annotations

import re
from typing import Literal, get_args

from memory.consent import sensitive_words
from memory.consent.credentials import holds_credential
from memory.core.sentences import sentences

Topic = Literal["health", "faith", "politics", "sexuality", "money", "secret", "credential"]
TOPICS: tuple[Topic, ...] = get_args(Topic)
UNNAMED = "unnamed"
"""The mark of what was approved before marks were kept."""
NAMED: dict[str, str] = {
    "health": "health",
    "faith": "faith",
    "politics": "politics",
    "sexuality": "sexuality",
    "money": "money",
    "secret": "somebody's secret",
    "credential": "a password, a key or a card number",
    UNNAMED: "something sensitive",
}
"""What each is called towards a person."""

_ORDER: tuple[Topic, ...] = ("secret", "sexuality", "health", "faith", "politics", "money")
_OF_SOMEBODY = re.compile(
    r"\b(?i:my|our|his|her|their|i['’]m|i am|i have|i['’]ve|im|ive|s?he has|s?he is|s?he['’]s)\b|\b[A-Z][a-z]+['’]s\b"
)
"""What a question must hold to tell something of somebody."""


def _any_of(patterns: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(r"(?<!\w)(?:" + "|".join(f"(?:{pattern})" for pattern in patterns) + ")", re.IGNORECASE)


_SIGNS = {topic: _any_of(sensitive_words.SIGNS[topic]) for topic in _ORDER}
_ELSEWHERE = {topic: re.compile("|".join(sensitive_words.ELSEWHERE[topic]), re.IGNORECASE) for topic in _ORDER}
_TRADE = _any_of((sensitive_words.WORKS,))
_SOUNDS_SO = _any_of((sensitive_words.SOUNDS_SO,))
_ENGLISH = re.compile(
    r"\b(?:the|i|i['’](?:m|ve|d|ll)|im|ive|my|and|to|with|for|it|it['’]s|you|your|they|their|have|has|had|that|this|are|she|her|his|our|of|on|"
    r"is|don['’]t|can['’]t|what|how|who|please)\b",
    re.IGNORECASE,
)


def is_english(text: str) -> bool:
    """Say whether a text has words that nearly every English sentence has; the meaning of others is not judged."""
    return len(_ENGLISH.findall(text)) >= max(1, len(text.split()) // 8)


def topic_of(text: str) -> Topic | None:
    """Return what sensitive thing a text tells of somebody, by its words alone, or None.

    Args:
        text: A message, or a fact that was taken from one.
    """
    return "credential" if holds_credential(text) else sign_of(text) or sign_elsewhere(text)


def sign_of(text: str) -> Topic | None:
    """Return of which sensitive thing an English text has a sign."""
    for sentence in sentences(text) or [text]:
        told = _TRADE.sub(" someone ", _SOUNDS_SO.sub(" ", sentence))
        if sentence.rstrip().endswith("?") and not _OF_SOMEBODY.search(told):
            continue
        for topic in _ORDER:
            if _SIGNS[topic].search(told):
                return topic
    return None


def sign_elsewhere(text: str) -> Topic | None:
    """Return of which sensitive thing a text in another language has a sign."""
    return next((topic for topic in _ORDER if _ELSEWHERE[topic].search(text)), None)
