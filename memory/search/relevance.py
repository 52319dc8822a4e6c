"""Relevance: the probability that an entry helps to answer, on one scale for all types of entries (pure functions).

Rankings order the entries of one type for one question. Their scores cannot be compared with those of another type or question.
Relevance can: it is the estimated probability, 0 to 1, that an entry helps to answer a message, computed from signals that mean
the same everywhere. It was fitted (logistic regression) on questions about months of conversation, answering turns against all
others, with greetings and small talk as questions that nothing answers (docs/decisions/054).

To rank types together, call `asked_words` once for each message, with the counts of `SearchIndex.in_turns`. Then call
`relevance(cosine, shared(asked, text))` for each entry, with the cosine of the message and the entry's nearest facet
(`VectorScores.best`). Leave out entries below `FLOOR`. `is_small_talk` recognises messages that ask nothing of memory.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from memory.core.tokenize import COMMON, terms, words_of
from memory.index.bm25 import stems

FLOOR = 0.001
"""The relevance floor: less relevant entries are left out. It is low, because a small model ignores a note that does not help,
and cannot answer without one that does; `SearchBudget.gap` leaves out what is far behind the best (docs/decisions/055)."""
_INTERCEPT, _COSINE, _SHARED = -7.6, 6.7, 5.8
_DAMPING = 4.0
"""About the weight of one rare word. Without it, a message of one common word would share everything with too many entries."""
_MIN_ODDS, _MAX_ODDS = -30.0, 30.0
_GREETINGS = """
hi hello hey hiya yo greetings welcome morning evening afternoon night bye goodbye later cheers thanks thank thx ok okay
yes yeah yep nope sure fine great good nice cool awesome perfect wonderful lovely funny haha lol hmm oh ah wow please sorry
well right indeed exactly bored sounds see know helps help helped lot much really very all just now today tomorrow too
up going doing talk got understood day like let lets joke here
hallo servus moin guten morgen tag abend nacht tschüss tschüs danke bitte ja nein gut super prima wie geht dir ihnen es
heute vielen dank hola buenos buenas días dias tardes noches gracias adiós adios sí si bien vale qué que tal cómo como
estás estas muchas hasta luego mañana bonjour bonsoir salut merci oui non ça ca va au revoir
你 好 您 早 上 晚 安 谢 再 见 吗 嗨 是 的 不
"""
_SMALL_TALK = frozenset(_GREETINGS.split())
"""A message with no other words asks nothing of memory."""


@dataclass(frozen=True)
class Scale:
    """The cosines that an embedder gives to pairs of unrelated texts.

    Attributes:
        mean: Their mean.
        spread: Their standard deviation.
    """

    mean: float = 0.08
    spread: float = 0.1


MINILM = Scale()
"""The scale of all-MiniLM-L6-v2, with whose cosines `relevance` was fitted."""


def relevance(cosine: float, shared: float = 0.0, scale: Scale = MINILM) -> float:
    """Return the estimated probability that an entry helps to answer, 0 to 1.

    Args:
        cosine: The cosine of the message and the entry's nearest facet.
        shared: How much of the message's rare words the entry has, 0 to 1; see `shared`.
        scale: The scale of the embedder; see `scale_of`.
    """
    alike = MINILM.mean + (cosine - scale.mean) / scale.spread * MINILM.spread if scale != MINILM else cosine
    odds = _INTERCEPT + _COSINE * alike + _SHARED * shared
    return 1.0 / (1.0 + math.exp(-min(max(odds, _MIN_ODDS), _MAX_ODDS)))


def scale_of(cosines: Sequence[float]) -> Scale:
    """Return an embedder's scale, from the cosines of a question and many entries, most of which do not answer it.

    Only the lower half of the cosines is used, because the answering entries are in the upper half. For fewer than eight
    cosines, and for cosines that are all alike, the scale is `MINILM`.
    """
    ordered = sorted(cosines)
    if len(ordered) < 8:  # noqa: PLR2004 - too few for a quarter
        return MINILM
    middle, low = ordered[len(ordered) // 2], ordered[len(ordered) // 6]
    # A sixth of a normal distribution lies more than one standard deviation below its middle.
    return Scale(middle, middle - low) if middle - low > 1e-3 else MINILM  # noqa: PLR2004 - nearly nothing


def asked_words(message: str, having: Mapping[str, int], texts: int) -> dict[str, float]:
    """Return the stems of a message's words, and how rare each is among the person's texts.

    Args:
        message: The message.
        having: In how many texts each of `memory.core.tokenize.terms(message)` occurs. A missing word occurs in none.
        texts: How many texts there are.
    """
    return {
        stem: math.log1p((max(texts - having.get(word, 0), 0) + 0.5) / (having.get(word, 0) + 0.5))
        for word in terms(message)
        if word not in COMMON
        for stem in stems(word)
    }


def shared(asked: Mapping[str, float], text: str) -> float:
    """Return the share of the asked words that a text has, weighted by rarity: 0 to nearly 1."""
    if not asked:
        return 0.0
    there = {stem for word in terms(text) for stem in stems(word)}
    return sum(weight for stem, weight in asked.items() if stem in there) / (sum(asked.values()) + _DAMPING)


def is_small_talk(message: str) -> bool:
    """Return whether a message only greets, thanks or agrees. Then no memory is relevant to it."""
    words = words_of(message)
    return not any(word not in _SMALL_TALK and word not in COMMON and re.search(r"\w", word) for word in words)
