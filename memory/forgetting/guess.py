"""Guesses which message a request to forget means if none has its words: "my salary" for "I earn 2,340 a month" (pure rules).

Measured with all-MiniLM-L6-v2, an English text embedder, so only subjects in English are guessed (decision 071).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from memory.forgetting import request_rules
from memory.forgetting.request_match import RELATIONS, STATED, Sought

_MIN_COSINE = 0.25
"""The least mean cosine of the nearest message."""
_MIN_LEAD = 0.06
"""By how much the nearest message must be ahead of the next: a thing that was never told of is about as far from many."""
_WORD = re.compile(r"\w+", re.UNICODE)
_DETERMINER = re.compile(r"^(?:my|our|the|his|her|their)\s+(?=\w)", re.IGNORECASE)
_MAX_WORDS = 4
"""A subject of more words, the determiner included, is a description; nothing was measured for these."""
_MIN_WORDS = 3
"""A message of fewer words ("hi") tells nothing, and its vector is near to anything short."""


def may_be_guessed(subject: str, said: datetime) -> bool:
    """Return whether a message that has none of the subject's words may be meant by it.

    A name, a relative or a friend, a time and a statement are searched for by their words alone: a guess would be about
    somebody or something else.

    Args:
        subject: How the person calls the thing.
        said: When the request was said.
    """
    sought = Sought(subject)
    if _DETERMINER.match(subject) is None or sought.names or not sought.words or len(subject.split()) > _MAX_WORDS:
        return False
    return sought.words[-1] not in RELATIONS and STATED.search(subject) is None and sought.window(said) is None


def may_tell(text: str) -> bool:
    """Return whether a message may be the guess: it tells something, and asks for no forgetting itself."""
    parts = [part for part in re.split(r"(?<=[.!?…])\s+|\n+", text) if _WORD.search(part)]
    tells = any(not part.rstrip().endswith("?") for part in parts)
    return tells and len(_WORD.findall(text)) >= _MIN_WORDS and request_rules.read(text) is None


def texts_for(subject: str) -> tuple[str, str, str]:
    """Return the texts that the messages are compared with: together they are nearer to what tells of it than each alone."""
    return _DETERMINER.sub("", subject), f"This is about {subject}.", f"What is {subject}?"


def nearest(cosines: Mapping[str, float]) -> str | None:
    """Return the id of the message that is near enough, and nearer than any other; None if there is none.

    Args:
        cosines: How near each message is, best first.
    """
    best = list(cosines.items())[:2]
    if not best or best[0][1] < _MIN_COSINE:
        return None
    lead = best[0][1] - best[1][1] if len(best) > 1 else best[0][1]
    return best[0][0] if lead >= _MIN_LEAD else None
