"""Sentences of earlier replies in a conversation, and the person's own words that answer a question (pure)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from graph.language.message_kind import only_asks
from graph.language.question_words import HAN, content, overlap, tokens
from memory.search.asked_subject import fold

_MIN_WORDS, _MIN_CHARACTERS = 4, 6
"""Minimum length of a sentence that is more than a courtesy; characters for Chinese and Japanese."""
_SENTENCE_END = re.compile(r"(?<=[.!?…。！？])|\n")


def sentences_said(replies: Sequence[str]) -> frozenset[tuple[str, ...]]:
    """Return the sentences of replies that are more than a courtesy, word by word."""
    said = (tuple(tokens(part)) for reply in replies for part in _SENTENCE_END.split(reply))
    return frozenset(words for words in said if len(words) >= (_MIN_CHARACTERS if any(map(HAN.match, words)) else _MIN_WORDS))


def may_become(words: Sequence[str], partial: str, said: AbstractSet[tuple[str, ...]]) -> bool:
    """Return whether the beginning of a sentence may become one that was said before.

    Args:
        words: Its complete words.
        partial: The beginning of the next word; may be empty.
        said: Sentences, word by word.
    """
    begun, size = tuple(words), len(words)
    return any(one[:size] == begun and (not partial or (len(one) > size and one[size].startswith(partial))) for one in said)


def own_words_for(question: str, own: Sequence[str]) -> str:
    """Return the message that shares the most content words with a question; empty if none shares any.

    Args:
        question: What the person asks.
        own: What they said before.
    """
    asked = content(tokens(fold(question)))
    said = [(overlap(asked, Counter(content(tokens(fold(text))))), text) for text in own if not only_asks(text)]
    shared, text = max(said, default=(0, ""))
    return text if shared else ""
