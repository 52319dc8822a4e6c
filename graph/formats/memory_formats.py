"""The wire formats of memories: grammars, parsers and writers (pure functions; no parser raises)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import get_args

from graph.formats.lines import Value, quote, read_pairs
from graph.formats.thoughts import without_thought
from memory.core.records import TRAITS, BigFive
from memory.facts.acceptance import Relation

MAX_LIST = 7
"""Maximum items of a list in the profile (published: 5 to 7)."""
MAX_PROCEDURES = 5
MAX_PROFILE = 24
"""Maximum lines of the profile."""
_STRING = 'string ::= "\\"" char{1,%d} "\\""\nchar ::= [^"\\\\\\n<] | "\\\\" ["\\\\/nt]\n'
_KEY = 'key ::= "\\"" [a-zA-Z] [a-zA-Z0-9_ ]{0,40} "\\""\n'

PERSONALITY_GRAMMAR = "root ::= " + ' "\\n" '.join(f'"\\"{trait}\\": " score' for trait in TRAITS) + "\nscore ::= [1-5]\n"
SEMANTIC_GRAMMAR = (
    'root ::= "\\"reason\\": " string "\\n\\"decision\\": " (yes | no)\n'
    'yes ::= "true\\n\\"content\\": " string "\\n\\"keywords\\": " string\n'
    'no ::= "false\\n\\"content\\": null\\n\\"keywords\\": null"\n' + _STRING % 400
)
DECISION_GRAMMAR = 'root ::= "\\"decision\\": " ("true" | "false")\n'
CORE_GRAMMAR = 'root ::= "\\"name\\": " string ("\\n" key ": " string){0,14}\n' + _KEY + _STRING % 200
EPISODIC_GRAMMAR = (
    'root ::= topic ("\\n" topic){0,5}\n'
    'topic ::= "\\"topic_summary\\": " string "\\n\\"keywords\\": " string "\\n\\"source_dialog_indices\\": " indices\n'
    'indices ::= [0-9]{1,3} (", " [0-9]{1,3}){0,60}\n' + _STRING % 400
)
PROCEDURAL_GRAMMAR = 'root ::= "none" | (key ": " string ("\\n" key ": " string){0,4})\n' + _KEY + _STRING % 200


def change_grammar(count: int) -> str:
    """Return the grammar of a judgement of `count` older facts."""
    lines = ' "\\n" '.join(f'"\\"{number}\\": " relation' for number in range(1, count + 1))
    return f'root ::= {lines}\nrelation ::= "\\"same\\"" | "\\"changed\\"" | "\\"other\\""\n'


@dataclass(frozen=True)
class Extraction:
    """What one turn says about the person; without `decision` there is nothing to keep."""

    decision: bool
    content: str = ""
    keywords: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class TopicLines:
    """One topic of a session; `indices` count its turns from 0."""

    summary: str
    keywords: tuple[str, ...] = ()
    indices: tuple[int, ...] = field(default=())


def parse_personality(text: str) -> BigFive | None:
    """Parse five lines `"trait": 1…5`; None if one is missing or not a whole number from 1 to 5."""
    values = {key.lower(): value for key, value in _pairs(text)}
    scores: dict[str, float] = {}
    for trait in TRAITS:
        value = _number(values.get(trait))
        if value is None or value not in (1, 2, 3, 4, 5):
            return None
        scores[trait] = value
    return BigFive(**scores)


def parse_change(text: str, count: int) -> list[Relation] | None:
    """Parse how each of `count` older facts relates to the new one; None if one is missing or is no relation."""
    values = {key.strip(): str(value).strip().lower() for key, value in _pairs(text)}
    said = [values.get(str(number), "") for number in range(1, count + 1)]
    known = {relation: relation for relation in get_args(Relation)}
    return [known[word] for word in said] if all(word in known for word in said) else None


def format_change(relations: Sequence[Relation]) -> str:
    """Return a judgement as lines, one for each older fact."""
    return "\n".join(f'"{number}": "{relation}"' for number, relation in enumerate(relations, start=1))


def format_personality(scores: BigFive) -> str:
    """Return whole scores as five lines."""
    return "\n".join(f'"{trait}": {score:.0f}' for trait, score in scores.items())


def parse_semantic(text: str) -> Extraction | None:
    """Parse reason, decision, content and keywords; None if there is no decision, or a positive one without content."""
    values = {key.lower(): value for key, value in _pairs(text)}
    decision = _decision(values.get("decision"))
    if decision is None:
        return None
    reason = _text(values.get("reason"))
    if not decision:
        return Extraction(decision=False, reason=reason)
    content = _text(values.get("content"))
    return Extraction(True, content, split_keywords(values.get("keywords")), reason) if content else None


def parse_decision(text: str) -> Extraction | None:
    """Parse a decision, with or without the fact itself; None if there is none."""
    decision = _decision({key.lower(): value for key, value in _pairs(text)}.get("decision"))
    return None if decision is None else parse_semantic(text) or Extraction(decision)


def format_semantic(extraction: Extraction) -> str:
    """Return an extraction as four lines."""
    head = f'"reason": {quote(extraction.reason)}\n"decision": {str(extraction.decision).lower()}\n'
    if not extraction.decision:
        return head + '"content": null\n"keywords": null'
    return head + f'"content": {quote(extraction.content)}\n"keywords": {quote(", ".join(extraction.keywords))}'


def parse_mapping(text: str, limit: int = MAX_PROFILE) -> dict[str, str] | None:
    """Parse `"key": value` lines (profile, habits); a list becomes one text of at most 7 items; None if there are no lines."""
    found: dict[str, str] = {}
    for key, value in _pairs(text):
        items = [item.strip() for item in value][:MAX_LIST] if isinstance(value, list) else None
        written = ", ".join(item for item in items if item) if items is not None else _text(value)
        if key.strip() and written:
            found[key.strip()] = written
    return dict(list(found.items())[:limit]) or None


def format_mapping(entries: Mapping[str, str]) -> str:
    """Return a profile or a set of habits, one line each."""
    return "\n".join(f"{quote(key)}: {quote(value)}" for key, value in entries.items())


def parse_topics(text: str, turns: int) -> list[TopicLines] | None:
    """Parse a session's topics; None if there is none.

    Args:
        text: What the model wrote.
        turns: Number of turns in the session; indices beyond it are dropped, and turns in no topic join the first.
    """
    topics: list[TopicLines] = []
    for key, value in _pairs(text):
        match key.lower():
            case "topic_summary":
                topics.append(TopicLines(_text(value)))
            case "keywords" if topics:
                topics[-1] = TopicLines(topics[-1].summary, split_keywords(value), topics[-1].indices)
            case "source_dialog_indices" if topics:
                topics[-1] = TopicLines(topics[-1].summary, topics[-1].keywords, _indices(value, turns))
    topics = [topic for topic in topics if topic.summary]
    if not topics:
        return None
    # A turn belongs to one topic; a model that names it twice has mostly copied an earlier list and continued it.
    owner = {index: number for number, topic in enumerate(topics) for index in topic.indices}
    topics = [
        TopicLines(topic.summary, topic.keywords, tuple(index for index in topic.indices if owner[index] == number))
        for number, topic in enumerate(topics)
    ]
    placed = set(owner)
    orphans = [index for index in range(turns) if index not in placed]
    first = topics[0]
    topics[0] = TopicLines(first.summary, first.keywords, tuple(sorted({*first.indices, *orphans})))
    return [topic for topic in topics if topic.indices]


def format_topics(topics: Sequence[TopicLines]) -> str:
    """Return topics, three lines each."""
    return "\n".join(
        f'"topic_summary": {quote(topic.summary)}\n"keywords": {quote(", ".join(topic.keywords))}\n'
        f'"source_dialog_indices": {", ".join(map(str, topic.indices))}'
        for topic in topics
    )


def split_keywords(value: Value) -> tuple[str, ...]:
    """Return the keywords of a list or of a comma-separated text, without duplicates."""
    parts = value if isinstance(value, list) else re.split(r"[,;]", _text(value))
    return tuple(dict.fromkeys(word for word in (part.strip() for part in parts) if word))


def _pairs(text: str) -> list[tuple[str, Value]]:
    """Parse the lines of an output; the thought in front of them is skipped."""
    return read_pairs(without_thought(text))


def _indices(value: Value, turns: int) -> tuple[int, ...]:
    text = ",".join(value) if isinstance(value, list) else str(value)
    numbers = {int(number) for number in re.findall(r"(?<!\d)[0-9]{1,6}(?!\d)", text)}
    return tuple(sorted(number for number in numbers if number < turns))


def _number(value: Value) -> float | None:
    if isinstance(value, bool) or value is None or isinstance(value, list):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


def _decision(value: Value) -> bool | None:
    if isinstance(value, bool):
        return value
    return {"true": True, "yes": True, "false": False, "no": False}.get(_text(value).lower())


def _text(value: Value) -> str:
    if value is None or isinstance(value, bool):
        return ""
    return (", ".join(value) if isinstance(value, list) else str(value)).strip()
