"""Rules that decide whether a message is sensitive: health, faith, politics … (pure; English, and plain forms in five others).

No model is called. A message is marked when it is journaled, and is pending approval if the person wants to be asked first.
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
"""The mark of messages that were approved before marks were stored."""
NAMED: dict[str, str] = {
    "health": "health",
    "faith": "faith",
    "politics": "politics",
    "sexuality": "sexuality",
    "money": "money",
    "secret": "someone's secret",
    "credential": "a password, a key or a card number",
    UNNAMED: "something sensitive",
}
"""The name of each topic that a person reads."""

_ORDER: tuple[Topic, ...] = ("secret", "sexuality", "health", "faith", "politics", "money")
_ABOUT_A_PERSON = re.compile(
    r"\b(?i:my|our|his|her|their|i['’]m|i am|i have|i['’]ve|im|ive|s?he has|s?he is|s?he['’]s)\b|\b[A-Z][a-z]+['’]s\b"
)
"""A question tells something about a person only if it contains one of these words."""


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
    """Return whether a text has words that nearly every English sentence has. Other texts are judged by their words alone."""
    return len(_ENGLISH.findall(text)) >= max(1, len(text.split()) // 8)


def topic_of(text: str) -> Topic | None:
    """Return the sensitive topic of a text by its words alone; None if it tells nothing sensitive about a person.

    Args:
        text: A message, or a fact that was extracted from one.
    """
    return "credential" if holds_credential(text) else sign_of(text) or sign_elsewhere(text)


def sign_of(text: str) -> Topic | None:
    """Return the sensitive topic that the words of an English text indicate, or None."""
    for sentence in sentences(text) or [text]:
        told = _TRADE.sub(" someone ", _SOUNDS_SO.sub(" ", sentence))
        if sentence.rstrip().endswith("?") and not _ABOUT_A_PERSON.search(told):
            continue
        for topic in _ORDER:
            if _SIGNS[topic].search(told):
                return topic
    return None


def sign_elsewhere(text: str) -> Topic | None:
    """Return the sensitive topic that the words of a text in another language indicate, or None."""
    return next((topic for topic in _ORDER if _ELSEWHERE[topic].search(text)), None)
