"""Scores for answers in words (pure functions)."""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Callable, Sequence

_ARTICLES = re.compile(r"\b(?:a|an|the|and)\b")
_UNKNOWN = ("no information available", "not mentioned")


def token_f1(answer: str, gold: str) -> float:
    """Return the harmonic mean of precision and recall of stemmed words, as LoCoMo counts them; from 0 to 1."""
    said, wanted = _words(answer), _words(gold)
    shared = sum((Counter(said) & Counter(wanted)).values())
    if not shared:
        return 0.0
    precision, recall = shared / len(said), shared / len(wanted)
    return 2 * precision * recall / (precision + recall)


def locomo_score(answer: str, gold: str, category: int) -> float:
    """Return the score of an answer by LoCoMo's rule for its category; from 0 to 1.

    1 (multi-hop): every part of the gold answer is compared with the best part of the answer. 3 (open-domain): the text
    before the first `;` of the gold answer counts. 5 (adversarial): correct if the answer says that it is not known.
    """
    multi_hop, open_domain, adversarial = 1, 3, 5
    if category == adversarial:
        return float(any(phrase in answer.lower() for phrase in _UNKNOWN))
    if category == multi_hop:
        return _mean(gold.split(","), lambda part: max(token_f1(each, part) for each in answer.split(",")))
    return token_f1(answer, gold.split(";", maxsplit=1)[0].strip() if category == open_domain else gold)


def _mean(parts: Sequence[str], score: Callable[[str], float]) -> float:
    scores = [score(part.strip()) for part in parts]
    return sum(scores) / len(scores)


def _words(text: str) -> list[str]:
    import snowballstemmer

    plain = _ARTICLES.sub(" ", text.lower().replace(",", "").translate(str.maketrans("", "", string.punctuation)))
    stems: list[str] = snowballstemmer.stemmer("porter").stemWords(plain.split())
    return stems


def holds(text: str, fact: Sequence[str]) -> bool:
    """Return whether a text contains a fact: every one of its words, in any order.

    Args:
        text: The text to search.
        fact: Words or phrases, each whole except for case and a plural s; `a|b`: one of the two; `glaz*`: a word with this
            prefix.
    """
    return all(any(re.search(_pattern(part), text, re.IGNORECASE) for part in word.split("|")) for word in fact)


def _pattern(part: str) -> str:
    return rf"\b{re.escape(part[:-1])}" if part.endswith("*") else rf"(?<!\w){re.escape(part)}s?(?!\w)"
