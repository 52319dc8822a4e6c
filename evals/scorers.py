"""Is an answer right? The published rules, and strict ones beside them (pure functions)."""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Callable, Collection, Sequence

import snowballstemmer

_THOUGHT = re.compile(r"<think>.*?(?:</think>|\Z)", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"</?(?:answer|final_answer|think)>", re.IGNORECASE)
_BEGINS = re.compile(r"\W*(?:option\s+)?\(?([a-z])(?:\)|[.:,]?(?=\s|\Z))", re.IGNORECASE)
_OR_ANOTHER = re.compile(r"\s*(?:,|/|\bor\b|\band\b)\s*\(?[a-z]\)", re.IGNORECASE)
_NAMED = re.compile(
    r"\b(?:answer|option|choice|letter)\b(?:\s+(?:is|would\s+be|has\s+to\s+be))?\s*[:=]?\s*\W{0,3}([a-z])\b", re.IGNORECASE
)
_BRACKETED = re.compile(r"\(([a-z])\)", re.IGNORECASE)
_ARTICLES = re.compile(r"\b(?:a|an|the|and)\b")
_UNKNOWN = ("no information available", "not mentioned")


def letter_published(reply: str) -> str | None:
    """Read the chosen letter as the published scorer of Persona-MME does: the character before the first `)`.

    Returns:
        It, in lower case; None where there is no `)` or nothing before it.
    """
    before, bracket, _ = reply.partition(")")
    return before[-1].lower() if bracket and before else None


def letter_strict(reply: str, letters: Collection[str]) -> str | None:
    """Read the letter that a reply clearly chooses.

    What it thought does not count. In this order: the letter that it begins with, the last that it names as its answer, the
    only one that stands in brackets.

    Args:
        reply: What the model wrote.
        letters: The options, in lower case.

    Returns:
        It; None where the reply chooses none, or more than one.
    """
    said = answered(reply)
    begins = _BEGINS.match(said)
    # "A walk would be nice" begins with no option: a letter is one alone, in brackets, or before a mark.
    if begins and begins[1].lower() in letters and (begins[0].rstrip()[-1] in ").:," or begins.end() == len(said)):
        return None if _OR_ANOTHER.match(said, begins.end()) else begins[1].lower()
    for found in (_NAMED.findall(said)[-1:], list(dict.fromkeys(map(str.lower, _BRACKETED.findall(said))))):
        chosen = [letter.lower() for letter in found if letter.lower() in letters]
        if len(chosen) == 1:
            return chosen[0]
    return None


def letters_in(reply: str, letters: Collection[str]) -> set[str]:
    """Return every option that a reply names in brackets; PersonaMem counts it as right where that is the right one alone."""
    return {letter.lower() for letter in _BRACKETED.findall(answered(reply))} & set(letters)


def answered(reply: str) -> str:
    """Return a reply without what was thought before it, and without tags."""
    return _TAG.sub("", _THOUGHT.sub("", reply)).strip()


def token_f1(answer: str, gold: str) -> float:
    """Return the harmonic mean of precision and recall of stemmed words, as LoCoMo counts them; from 0 to 1."""
    said, wanted = _words(answer), _words(gold)
    shared = sum((Counter(said) & Counter(wanted)).values())
    if not shared:
        return 0.0
    precision, recall = shared / len(said), shared / len(wanted)
    return 2 * precision * recall / (precision + recall)


def locomo_score(answer: str, gold: str, category: int) -> float:
    """Score an answer by LoCoMo's rule of its category; from 0 to 1.

    1 (multi-hop): every part of the gold answer is compared with the best part of the answer. 3 (open-domain): what stands
    before the first `;` of the gold answer counts. 5 (adversarial): right where the answer says that it is not known.
    """
    multi_hop, open_domain, adversarial = 1, 3, 5
    if category == adversarial:
        return float(any(phrase in answer.lower() for phrase in _UNKNOWN))
    if category == multi_hop:
        return _mean(gold.split(","), lambda part: max(token_f1(piece, part) for piece in answer.split(",")))
    return token_f1(answer, gold.split(";", maxsplit=1)[0].strip() if category == open_domain else gold)


def _mean(parts: Sequence[str], score: Callable[[str], float]) -> float:
    scores = [score(part.strip()) for part in parts]
    return sum(scores) / len(scores)


def _words(text: str) -> list[str]:
    plain = _ARTICLES.sub(" ", text.lower().replace(",", "").translate(str.maketrans("", "", string.punctuation)))
    stems: list[str] = snowballstemmer.stemmer("porter").stemWords(plain.split())
    return stems


def holds(text: str, fact: Sequence[str]) -> bool:
    """Say whether a text holds a fact: every one of its words, in any case and order (`a|b`: one of the two)."""
    lower = text.lower()
    return all(any(part.lower() in lower for part in word.split("|")) for word in fact)
