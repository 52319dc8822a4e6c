"""Whether a message asks for something, and whether it is about the person's own life (pure rules in six languages)."""

from __future__ import annotations

import re

from graph.language.question_words import (
    FIRST_PERSON,
    SECOND_PERSON,
    asks_for_its_words,
    asks_to_repeat,
    content,
    is_question,
    tokens,
)
from graph.language.statements import is_request, sentences_of, statements

_MAX_QUESTION_CHARS = 600
"""Maximum characters of a message that asks memory; a longer one contains a text to work on."""
_MIN_CONTENT_WORDS = 2
"""Minimum content words of a message that is clear without earlier ones; characters for Chinese and Japanese."""
_MARK = re.compile(r"[?？؟]")
_TAG = re.compile(
    r"\b(?:(?:is|are|was|were|do|does|did|has|have|can|would)n['’]?t (?:it|he|she|they|that|we|you|i)(?: \w+)?|right|innit|eh"
    r"|oder|ne|nicht wahr|gell|verdad|no|n['’]est-ce pas|vero)\s*[?？]|(?:对吧|是吧|不是吗)[?？]?$",
    re.IGNORECASE,
)
"""At the end of a statement: `…, isn't it great?`"""
_FAVOUR = re.compile(
    r"\b(?:(?:can|could|would|will) you|(?:kannst|könntest|würdest) du|puedes|podrías|peux-tu|pourrais-tu)(?: (?:me|mir))?\b"
    r"|你(?:能|可以|可不可以|能不能)",
    re.IGNORECASE,
)
_EXPLAIN = re.compile(
    r"\bwhat (?:does|do) .{1,60} mean\b|\bwhat['’]?s? (?:is )?(?:an?|the diff\w*) |\bexplain\b|\bdefin(?:e|ition)\b"
    r"|\bwas (?:bedeutet|heißt|ist ein\w*|macht ein\w*|sind)\b|\bunterschied\b|\berklär\w*"
    r"|\bqu[eé] (?:significa|quiere decir)\b|\bdiferencia\b|\bexplica\w*|\bque (?:veut dire|signifie)\b|\bexplique\w*"
    r"|是什么意思|什么是|区别|解释",
    re.IGNORECASE,
)
_APOSTROPHE = re.compile(r"(?<=\w)['’](?=\w)")


def asks(message: str) -> bool:
    """Return whether a message asks a question or requests something instead of telling something."""
    if len(message) > _MAX_QUESTION_CHARS:
        return False
    asked = is_question(message) and any(map(_is_asked, sentences_of(message)))
    return asked or asks_for_its_words(message) or any(map(is_request, sentences_of(message)))


def asks_memory(message: str) -> bool:
    """Return whether memories may help to answer a message; not if it asks to explain a word, or to repeat or translate one."""
    return asks(message) and not asks_to_repeat(message) and not asks_about_the_world(message)


def may_ask_about_their_life(message: str) -> bool:
    """Return whether a message may ask about its writer's life; not if it asks the assistant a favour unrelated to it."""
    flat = _APOSTROPHE.sub("", message)
    of_assistant = SECOND_PERSON.search(flat) is not None and FIRST_PERSON.search(flat) is None
    other = of_assistant or _FAVOUR.search(flat) is not None or asks_about_the_world(message)
    return is_question(message) and not other


def asks_about_the_world(message: str) -> bool:
    """Return whether a message asks to explain something that is unrelated to its writer."""
    return _EXPLAIN.search(message) is not None and FIRST_PERSON.search(_FAVOUR.sub("", message)) is None


def is_self_contained(message: str) -> bool:
    """Return whether a message can be understood without the messages before it."""
    return len(content(tokens(message))) >= _MIN_CONTENT_WORDS


def only_asks(message: str) -> bool:
    """Return whether a message says nothing about its writer: as a note it would only repeat what was asked."""
    return bool(message.strip()) and all(map(_is_asked, sentences_of(message)))


def _is_asked(sentence: str) -> bool:
    if _TAG.search(sentence):
        return False
    return not statements(sentence) or (is_question(sentence) and _MARK.search(sentence) is None)
