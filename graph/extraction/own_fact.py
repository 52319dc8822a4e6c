"""A fact in the person's own words: what their message states, in the third person and with dates (pure rules).

It replaces a model's version that lost or invented something. For small models it always does: they judge well what is worth
keeping, but write it wrongly.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from graph.extraction.dated_words import with_dates
from graph.extraction.fidelity import slips, sources
from graph.language.language import in_their_words, language_of
from graph.language.statements import statements
from graph.language.third_person import third_person

_MAX_FACT_CHARS = 400
_OWN = re.compile(r"(?:i|we|im|ive)\b", re.IGNORECASE)
"""The beginning of a sentence about the person."""


def fact_of(text: str, time: datetime, written: str, *, small: bool = True) -> str:
    """Return the fact to keep from a message: the model's version if nothing is wrong with it, else the person's own words.

    Args:
        text: The person's own words, without what they pasted.
        time: When they were said, in their zone.
        written: The model's version; empty if the model only decided whether to keep something.
        small: Whether the model is small and therefore loses what matters.

    Returns:
        Empty if the message states nothing and the model wrote nothing.
    """
    said = statements(text)
    if not said:
        return written
    if language_of(text) == "other":
        return in_their_words(" ".join(said), written) if written else _quoted(said)
    if written and not slips(said, written, whole=small):
        return written
    return own_fact(said, time, written)


def own_fact(said: Sequence[str], time: datetime, written: str = "") -> str:
    """Return the statements in the third person and the person's words; of several sentences, those that `written` is about."""
    chosen = sources(said, written) if written else said
    told, before = [], ""
    for sentence in chosen:
        told.append(with_dates(third_person(sentence, goes_on=bool(before) and not _OWN.match(before)), time))
        before = sentence
    return _shortened(" ".join(told))


def _quoted(said: Sequence[str]) -> str:
    return f'"{_shortened(" ".join(said))}"'


def _shortened(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _MAX_FACT_CHARS else f"{flat[:_MAX_FACT_CHARS].rsplit(' ', 1)[0]} …"
