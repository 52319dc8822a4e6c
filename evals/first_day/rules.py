"""Counts bad replies of a first day (pure rules). They share nothing with the rules that guard a reply."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Any

from evals.first_day.days import Line, Person
from graph.prompts.texts import Prompts

RULES = ("prompt text", "echo", "letter", "wrong person", "wrong language", "wrong fact", "no reply")
_MIN_SHARED_WORDS = 5
"""This many consecutive words of a prompt are no accident."""
_MIN_SHARED_CHARS = 24
_MARKS = re.compile(
    r"</?(?:think|answer|retrieve)>|^\s*#{1,3} (?:User|Recent|Big Five|Remembered|Dialogue|Habits|Instructions|Evidence)"
    r"|^\s*(?:User|Assistant|System|Human) ?[:：]|^\W{0,3}\[?\d{4}-\d\d-\d\d(?: \d\d:\d\d)?(?: \(\w+\))?\]?\s*[:：\]]",
    re.MULTILINE,
)
_LETTER = re.compile(r"^\W*\(?[a-hA-H]\)\W|^\W*\([^()]{1,40}\)\W*$|^\W*[a-hA-H]\W*$")
_OPTIONS = re.compile(r"(?:^|\s)\(?[a-d]\)\s", re.MULTILINE)
_SENTENCE = re.compile(r"[^.!?…。！？\n]+[.!?…。！？]*")
_MIN_ECHO_SHARE = 0.8
_MAX_GREETING_WORDS = 3
"""Maximum words of a first sentence that says nothing yet ("Oh, how nice!")."""
_MIN_ECHO_CHARS = 14
"""Minimum characters of a sentence that can be an echo (Chinese: a third): a greeting may be returned."""
_HAN = re.compile(r"[\u3400-\u9fff]")
_I = re.compile(
    r"^\W*(?:i|i'm|im|i've|my|we|our|ich|mein|meine|meinen|meinem|meiner|wir|unsere?|yo|mi|mis|me|tengo|soy|estoy|nuestr[oa]s?)\b"
    r"|^\W*(?:我|我们)",
    re.IGNORECASE,
)
_MY = re.compile(r"^\W*(?:my|our|mein\w*|unsere?\w*|mis?|nuestr\w+)\b|^\W*(?:我的|我们的)", re.IGNORECASE)
_YOU = re.compile(r"\b(?:you|your|du|dein\w*|dir|dich|tú|tus?|te|ti)\b|你", re.IGNORECASE)
_REPEATS = re.compile(r"wiederhol|repeat|repite|重复|exactly what i said", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+")
_COMMON = {
    "en": "the and you your is are was to of that it for in with have what i i'm not do this on be can how my at so but",
    "de": "der die das und du dein deine ist sind war zu nicht ich es für mit dir hast ein eine den wie kann auf dich mir auch",
    "es": "el la los las y tu tus es que de en un una no con por para te lo se como está más muy qué estoy puedo si",
}
_FUNCTION_WORDS = {language: frozenset(words.split()) for language, words in _COMMON.items()}


def broken(person: Person, line: Line, said: Sequence[str] = ()) -> dict[str, str]:
    """Return the rules that a reply breaks, each with the text that shows it.

    Args:
        person: Who wrote the message.
        line: The message and the reply.
        said: What the person said before.
    """
    reply, message = line.reply.strip(), person.messages[line.number]
    if not reply:
        return {"no reply": "; ".join(line.warnings)}
    found = {
        "prompt text": _prompt_text(reply, line.text),
        "echo": "" if _REPEATS.search(line.text) else _echo(reply, line.text),
        "letter": "" if _OPTIONS.search(line.text) else _letter(reply),
        "wrong person": "" if _REPEATS.search(line.text) else _as_i(reply, [*said, line.text]),
        "wrong language": _other_language(reply, message.language or person.language),
        "wrong fact": _wrong_fact(reply, message.must, message.must_not),
    }
    return {rule: shown for rule, shown in found.items() if shown}


def count(people: Iterable[Person], lines: Sequence[Line]) -> dict[str, Any]:
    """Count broken rules: by rule, by person, and one by one."""
    by_id = {person.id: person for person in people}
    cases = []
    for line in lines:
        if line.person in by_id:
            said = [past.text for past in lines if past.person == line.person and past.number < line.number]
            cases += [
                {
                    "person": line.person,
                    "number": line.number + 1,
                    "rule": rule,
                    "text": line.text,
                    "reply": line.reply,
                    "shows": shows,
                }
                for rule, shows in broken(by_id[line.person], line, said).items()
            ]
    ids = [name for name in by_id if any(line.person == name for line in lines)]
    counted = Counter((case["person"], case["rule"]) for case in cases)
    return {
        "replies": sum(line.person in by_id for line in lines),
        "by_rule": {rule: sum(counted[name, rule] for name in ids) for rule in RULES},
        "by_person": {name: {rule: counted[name, rule] for rule in RULES} for name in ids},
        "cases": cases,
    }


def _prompt_text(reply: str, message: str) -> str:
    if mark := _MARKS.search(reply):
        return str(mark[0]).strip()
    words = [word.lower() for word in _WORD.findall(reply)]
    asked = " ".join(word.lower() for word in _WORD.findall(message))
    for start in range(len(words) - _MIN_SHARED_WORDS + 1):
        part = " ".join(words[start : start + _MIN_SHARED_WORDS])
        if len(part) >= _MIN_SHARED_CHARS and part in _prompt_words() and part not in asked:
            return part
    return ""


def _prompt_words() -> str:
    prompts = Prompts()
    texts = [
        text
        for field in fields(prompts)
        if field.name not in {"examples", "judged"}
        for text in _texts(getattr(prompts, field.name))
    ]
    return "\n".join(" ".join(word.lower() for word in _WORD.findall(text)) for text in texts)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple | list):
        for one in value:
            yield from _texts(one)


def _echo(reply: str, message: str) -> str:
    """Return the first sentence of a reply that repeats a sentence of the message, or the whole message."""
    given = [message, *_SENTENCE.findall(message)]
    for sentence in [reply, *_SENTENCE.findall(reply)]:
        for one in given:
            least = _MIN_ECHO_CHARS // 3 if _HAN.search(one) else _MIN_ECHO_CHARS
            own, theirs = _plain(sentence), _plain(one)
            if _YOU.search(sentence) and not _YOU.search(one):
                # It addresses the person: it is not repeated as "I".
                continue
            if (
                min(len(own), len(theirs)) >= least
                and SequenceMatcher(None, own, theirs, autojunk=False).ratio() >= _MIN_ECHO_SHARE
            ):
                return str(sentence).strip()
    return ""


def _letter(reply: str) -> str:
    match = _LETTER.search(reply)
    return match[0].strip() if match else ""


def _as_i(reply: str, said: Sequence[str]) -> str:
    """Return a sentence that begins a reply, or follows a greeting, and says the person's words as "I"."""
    sentences = [sentence.strip() for sentence in _SENTENCE.findall(reply)]
    begins = [
        *sentences[:1],
        *(sentences[1:2] if sentences and len(_WORD.findall(sentences[0])) <= _MAX_GREETING_WORDS else []),
    ]
    return next((sentence for sentence in begins if _says_theirs(sentence, said)), "")


def _says_theirs(sentence: str, said: Sequence[str]) -> bool:
    if not _I.search(sentence):
        return False
    own = _content(sentence)
    for text in said:
        for theirs in _SENTENCE.findall(text):
            shared = own & _content(theirs)
            if len(shared) >= 2 and (_MY.search(sentence) or len(shared) >= 0.6 * len(own)):  # noqa: PLR2004 - words of one sentence
                return True
    return False


def _content(text: str) -> set[str]:
    if _HAN.search(text):
        signs = _HAN.findall(text)
        return {f"{one}{two}" for one, two in pairwise(signs)}
    common = frozenset().union(*_FUNCTION_WORDS.values())
    return {word.lower()[:5] for word in _WORD.findall(text) if len(word) > 2 and word.lower() not in common}  # noqa: PLR2004


def _other_language(reply: str, wanted: str) -> str:
    if wanted == "any":
        return ""
    spoken = language_of(reply)
    return f"{spoken}, not {wanted}" if spoken not in {wanted, ""} else ""


def language_of(text: str) -> str:
    """Return `zh`, `en`, `de` or `es`, by characters and by words common to every text; empty if too few decide."""
    letters = [letter for letter in text if letter.isalpha()]
    if letters and sum(bool(_HAN.match(letter)) for letter in letters) * 3 >= len(letters):
        return "zh"
    words = [word.lower() for word in _WORD.findall(text)]
    counts = sorted(((sum(word in common for word in words), name) for name, common in _FUNCTION_WORDS.items()), reverse=True)
    return counts[0][1] if counts[0][0] >= 2 and counts[0][0] > counts[1][0] else ""  # noqa: PLR2004 - one word tells little


def _wrong_fact(reply: str, must: Sequence[str], must_not: Sequence[str]) -> str:
    missing = [f"without {one}" for one in must if not re.search(one, reply, re.IGNORECASE)]
    return "; ".join([*missing, *(f"with {one}" for one in must_not if re.search(one, reply, re.IGNORECASE))])


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))
