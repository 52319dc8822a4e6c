"""How likely an entry helps to answer: one number for turns, facts, topics, habits and lines of the profile (pure functions).

Rankings order the entries of one kind for one question; their scores say nothing of another kind or another question. This
number does: the estimated probability, 0 to 1, that an entry helps to answer a message, from signals that mean the same
everywhere. It was fitted (logistic regression) on questions about months of talk, answering turns against all others, with
greetings and small talk as questions that nothing answers (docs/decisions/054).

To rank kinds together, call `asked_words` once a message, with what `SearchIndex.in_turns` counts, and then for each entry
`relevance(cosine, shared(asked, text))`, where `cosine` is that of the message and the entry's nearest facet
(`Nearness.best`). What stays below `FLOOR` is left out. `is_small_talk` says of a message that it asks memory nothing.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from memory.core.tokenize import COMMON, terms, words_of
from memory.index.bm25 import stems

FLOOR = 0.02
"""What is less relevant is left out. On the data that it was fitted on, this keeps seven of ten answering turns and, of some
hundreds of others, six to eight a question; of small talk that `is_small_talk` does not know, a third has some."""
_INTERCEPT, _COSINE, _SHARED = -7.6, 6.7, 5.8
_DAMPED = 4.0
"""The weight of about one rare word: a message of one common word shares all of it with too many entries."""
_LEAST, _MOST = -30.0, 30.0
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
"""Words that ask nothing of memory, where a message has no others."""


@dataclass(frozen=True)
class Scale:
    """How near two texts that have nothing to do with each other are to an embedder, and how much that varies.

    Attributes:
        mean: The mean cosine.
        spread: Its standard deviation.
    """

    mean: float = 0.08
    spread: float = 0.1


MINILM = Scale()
"""All-MiniLM-L6-v2, by whose cosines `relevance` was fitted."""


def relevance(cosine: float, shared: float = 0.0, scale: Scale = MINILM) -> float:
    """Return the estimated probability that an entry helps to answer.

    Args:
        cosine: Of the message and the entry's nearest facet.
        shared: How much of the message's rare words it has; see `shared`.
        scale: Of the embedder; see `scale_of`.
    """
    alike = MINILM.mean + (cosine - scale.mean) / scale.spread * MINILM.spread if scale != MINILM else cosine
    odds = _INTERCEPT + _COSINE * alike + _SHARED * shared
    return 1.0 / (1.0 + math.exp(-min(max(odds, _LEAST), _MOST)))


def scale_of(cosines: Sequence[float]) -> Scale:
    """Return an embedder's scale, from the cosines of a question and many entries, most of which do not answer it.

    Half of the entries say it: those that answer are among the other half. Of fewer than eight, and of texts that are all
    alike, nothing can be told: then it is `MINILM`.
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
        message: What was asked.
        having: In how many texts each of `memory.core.tokenize.terms(message)` stands; one that is missing stands in none.
        texts: How many there are.
    """
    return {
        stem: math.log1p((max(texts - having.get(word, 0), 0) + 0.5) / (having.get(word, 0) + 0.5))
        for word in terms(message)
        if word not in COMMON
        for stem in stems(word)
    }


def shared(asked: Mapping[str, float], text: str) -> float:
    """Return how much of what was asked a text has, word by word, rare words counting more: 0 to nearly 1."""
    if not asked:
        return 0.0
    there = {stem for word in terms(text) for stem in stems(word)}
    return sum(weight for stem, weight in asked.items() if stem in there) / (sum(asked.values()) + _DAMPED)


def is_small_talk(message: str) -> bool:
    """Say whether a message greets, thanks or agrees, and asks memory nothing: then nothing is relevant to it."""
    words = words_of(message)
    return not any(word not in _SMALL_TALK and word not in COMMON and re.search(r"\w", word) for word in words)
