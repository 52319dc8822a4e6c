"""Answers scored by a rubric: what verdicts come to, and a rule by words where there is no judge (pure functions).

A rubric lists what a right answer holds. A reply satisfies each item (1), half of it (0.5) or nothing of it (0), and its
score is the mean, as in BEAM. The order of events is measured as BEAM does, by Kendall's tau-b.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from evals.says import NOT_KNOWN, Says
from memory.core.tokenize import COMMON, words_of

VERDICTS = (0.0, 0.5, 1.0)
_WHOLE, _HALF = 0.75, 0.5
"""Share of an item's words from which it counts as satisfied, and as half satisfied; set before any reply was read."""
_LEAD = re.compile(r"^\s*(?:the )?(?:llm )?(?:response|answer|reply) (?:should|must) (?:\w+ ){0,2}?\w+\s*:?\s+", re.IGNORECASE)
"""What BEAM writes before an item: that the response should state, contain, or mention it."""
_NOT_KNOWN_ITEM = re.compile(r"\b(?:no information|not mentioned|never mentioned|does not know|is not known)\b", re.IGNORECASE)
_NUMBER = re.compile(r"\d+(?:[.:]\d+)*")
_LIST_MARK = re.compile(r"^\s*(?:[-*•–]|\(?\d{1,2}[.):]|#+)\s*")

Same = Callable[[str, str], bool]
"""Takes an event of a rubric and a line of a reply; returns whether both are the same."""


@dataclass(frozen=True)
class Order:
    """How a reply orders the events of a rubric.

    Attributes:
        tau: Kendall's tau-b of both orders, from 0 to 1: the published score.
        f1: The harmonic mean of precision and recall of the events.
    """

    tau: float
    f1: float


def by_words(question: str, item: str, reply: str) -> float:
    """Return the verdict of the rule by words.

    An item counts if the reply has all of its numbers, and most of its words that are not in the question already. An item
    about something that was never said counts if the reply says that it does not know.

    Args:
        question: The question: a reply that only repeats it satisfies nothing.
        item: One thing that a right answer holds.
        reply: The reply.
    """
    wanted = _LEAD.sub("", item)
    if _NOT_KNOWN_ITEM.search(wanted):
        return float(Says((NOT_KNOWN,)).right(reply))
    numbers = _numbers(wanted)
    if not numbers <= _numbers(reply):
        return 0.0
    words = _stems(wanted)
    told = words - _stems(question)
    if not told and numbers:
        return 1.0
    wanted_words = told or words
    found = len(wanted_words & _stems(reply)) / len(wanted_words) if wanted_words else float(bool(reply.strip()))
    return 1.0 if found >= _WHOLE else 0.5 if found >= _HALF else 0.0


def share(verdicts: Sequence[float]) -> float:
    """Return the score of an answer: the mean of its verdicts."""
    return sum(verdicts) / len(verdicts)


def lines_of(reply: str) -> list[str]:
    """Return the lines of a reply, without the marks of a list: BEAM takes each as one event."""
    return [text for line in reply.splitlines() if (text := _LIST_MARK.sub("", line).strip())]


def order(events: Sequence[str], lines: Sequence[str], same: Same) -> Order:
    """Measure how a reply orders events.

    Each line is the first event, of those that are left, that it is the same as. Events that are not named share the last
    rank, as lines that are no event do in the rubric's order.

    Args:
        events: The events, in their order.
        lines: The lines of the reply.
        same: Compares an event and a line.
    """
    left = list(range(len(events)))
    named: list[int] = []
    for number, line in enumerate(lines):
        match = next((place for place in left if same(events[place], line)), None)
        if match is not None:
            left.remove(match)
        named.append(match if match is not None else len(events) + number)
    both = sum(place < len(events) for place in named)
    f1 = 2 * both / (len(events) + len(named)) if both else 0.0
    union = list(dict.fromkeys([*range(len(events)), *named]))
    ranks = [[of.index(one) + 1 if one in of else len(union) + 1 for one in union] for of in (list(range(len(events))), named)]
    tau = _tau_b(*ranks)
    # Undefined where all ranks of one order are the same: no order was given.
    return Order(0.0 if tau is None else (tau + 1) / 2, f1)


def _tau_b(one: Sequence[int], other: Sequence[int]) -> float | None:
    signs = [np.sign(np.subtract.outer(ranks, ranks)) for ranks in (one, other)]
    scale = float(np.sqrt((signs[0] ** 2).sum() * (signs[1] ** 2).sum()))
    return float((signs[0] * signs[1]).sum()) / scale if scale else None


def _numbers(text: str) -> set[str]:
    return set(_NUMBER.findall(text.replace(",", "")))


def _stems(text: str) -> set[str]:
    """Return the stems of the words of a text, without common words and without numbers."""
    import snowballstemmer

    words = [word for word in words_of(text) if word not in COMMON and not word[0].isdigit()]
    return set(snowballstemmer.stemmer("porter").stemWords(words))
