"""Which habits and goals that a model wrote are kept: those that a sentence of the person supports (pure rules).

A small model makes a habit from something that happened once, or to another person. A sentence in the first person with a
sign of repetition or of a goal is a habit; it is kept in the person's own words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from graph.extraction.own_fact import own_fact
from graph.extraction.said_words import Said, all_words, folded, leaks, shared, unsaid
from graph.formats.memory_formats import MAX_PROCEDURES
from graph.language.language import language_of
from graph.language.language_id import SURE, guess
from graph.language.third_person import third_person
from graph.language.verbs import ADVERBS, is_past
from graph.language.whose import is_foreign, is_own

_DAY = r"(?:mon|tues|wednes|thurs|fri|satur|sun)day"
_AGAIN = re.compile(
    rf"\b(?:every|each|always|usually|normally|daily|most (?:days|mornings|evenings|nights|weekends)|{_DAY}s"
    rf"|{_DAY} (?:mornings|afternoons|evenings|nights)|(?:on|at|in the) (?:weekends|mornings|evenings)"
    r"|once an? \w+|twice an? \w+|(?:two|three|four|five|six|seven|\d+) times an? \w+|never)\b"
    r"|\b(?:jede[nrsm]?|immer|täglich|wöchentlich|meistens|normalerweise|gewöhnlich"
    r"|(?:mon|diens|donners|frei|sams|sonn)tags|mittwochs|morgens|abends|(?:ein|zwei|drei|vier)mal (?:am|pro|die|in der)"
    r"|cada|todos los|todas las|siempre|a diario|diariamente|los (?:lunes|martes|miércoles|jueves|viernes|sábados|domingos)"
    r"|suelo|normalmente|(?:una|dos|tres) ve(?:z|ces) (?:a|por|al)"
    r"|chaque|tous les|toutes les|toujours|d'habitude|(?:une|deux|trois) fois par)\b"
    r"|每[天周个晚早年月次逢日星]|总是|经常|通常|平时",
    re.IGNORECASE,
)
_GOAL = re.compile(
    r"\b(?:i|we|i['’]m|im|we['’]re|i['’]d|i['’]ve)\s+(?:\w+ ){0,2}?"
    r"(?:(?:want|wanna|plan|planning|hope|hoping|intend|aim|aiming|like|love|trying|try)"
    r" to (?!know\b|ask\b|hear\b|say\b|tell\b|thank\b)"
    r"|(?:saving|training|studying|practi[sc]ing|preparing|working) (?:up )?(?:for|towards?)\b|learning\b)"
    r"|\bmy (?:\w+ )?(?:goal|aim|target|plan|dream) is\b|\bby the end of\b"
    r"|\b(?:möchte|ich will|wir wollen|ich plane|spare (?:auf|für)|ich lerne|trainiere für|mein ziel|bis ende)\b"
    r"|\b(?:quiero|queremos|planeo|pienso|ahorr(?:o|ando) para|aprendiendo"
    r"|entren(?:o|ando) para|mi (?:meta|objetivo)|para finales de)\b"
    r"|\b(?:je veux|je voudrais|j'apprends|j'économise pour|mon but|d'ici la fin)\b|想要?|打算|计划|正在学|目标是|存钱",
    re.IGNORECASE,
)
_WOULD = re.compile(r"\b(?:i|we)\s+(?:\w+ ){0,2}?(?:like|love) to\b", re.IGNORECASE)
"""A liking, not a goal: `I like to swim`. But `I'd like to` is a goal."""
_OVER = re.compile(r"\b(?:used to|gave up|given up|stopped|quit|no longer|(?:not|n['’]t) .{0,60}any ?more)\b", re.IGNORECASE)
_BEGAN = {"started", "began", "decided", "made", "took", "set", "joined"}
_MIN_SHARED_SHARE = 0.5
_LISTED = ("de", "es", "fr", "zh", "en")


def keep_habits(
    written: Mapping[str, str], before: Mapping[str, str], said: Said, prompt: str, *, small: bool
) -> dict[str, str]:
    """Return the set of habits and goals without what the person did not say.

    Args:
        written: What the model made from the session, by key.
        before: The set that the model was asked to update.
        said: The person's own words of the session.
        prompt: What the model was told; its examples are about nobody.
        small: Whether the model is small: its lines are kept in the person's words, and lines that it dropped next to a
            wrong line stay.
    """
    known = said.words | all_words([*before, *before.values()])
    if not small:
        return {key: line for key, line in written.items() if not leaks(line, prompt, known)}
    kept: dict[str, str] = {}
    wrong = False
    old = {folded(line) for line in before.values()}
    for key, line in written.items():
        told = line if folded(line) in old else _borne(line, said)
        if not told:
            wrong = True
            told = before.get(key, "")
        if told and folded(told) not in {folded(one) for one in kept.values()}:
            kept[key] = told
    if wrong:
        left = {key: line for key, line in before.items() if key not in kept and line not in kept.values()}
        kept |= dict(list(left.items())[: max(0, MAX_PROCEDURES - len(kept))])
    return kept


def _borne(line: str, said: Said) -> str:
    """Return the sentence that supports a line, the newest of several equal ones; empty if there is none."""
    best: tuple[int, str, datetime] | None = None
    for sentence, time in said.sentences:
        many = len(shared(line, sentence))
        if many and is_habit(sentence) and (best is None or many >= best[0]):
            best = (many, sentence, time)
    if best and best[0] >= _MIN_SHARED_SHARE * len(shared(line, line)):
        _, sentence, time = best
        return _as_kept(sentence, time)
    return line if _is_unlisted(line) and not unsaid(line, said.words) else ""


def _as_kept(sentence: str, time: datetime) -> str:
    """Return a sentence as it is kept: quoted if it is not English; a recurring day has no date."""
    if is_foreign(sentence):
        return f'"{sentence}"'
    return third_person(sentence) if _AGAIN.search(sentence) else own_fact([sentence], time)


def is_habit(sentence: str) -> bool:
    """Return whether a sentence says what its speaker does repeatedly or works towards."""
    if _OVER.search(sentence):
        return False
    goal = next((match for match in _GOAL.finditer(sentence) if not _WOULD.match(match[0])), None)
    if goal and is_own(sentence, goal.end()):
        return True
    again = _AGAIN.search(sentence)
    return again is not None and is_own(sentence, again.start()) and not _is_past(sentence)


def _is_past(sentence: str) -> bool:
    """Return whether a sentence is about the past: `I had yoga every Monday`. What a person started goes on."""
    if is_foreign(sentence):
        return False
    words = [word for word in re.findall(r"[a-z]+", sentence.lower()) if word not in ADVERBS]
    subject = next((place for place, word in enumerate(words) if word in ("i", "we")), -1)
    verb = words[subject + 1 : subject + 2]
    return bool(verb) and is_past(verb[0]) and verb[0] not in _BEGAN


def _is_unlisted(line: str) -> bool:
    """Return whether a line is in a language whose signs of repetition are not listed here."""
    language, confidence = guess(line)
    return language_of(line) == "other" and confidence >= SURE and language not in _LISTED
