"""Which profile lines that a model wrote are kept: those that one sentence of the person supports (pure rules).

A small model copies the example of its prompt, adds everything named to the likes, and writes whole messages under its own
keys.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from graph.extraction.home_and_work import home_of, work_of
from graph.extraction.said_words import Said, all_words, content, folded, leaks, unsaid
from graph.extraction.tastes import is_disliked, is_liked
from graph.formats.memory_formats import MAX_PROFILE
from graph.language.whose import has_speaker, is_foreign, is_own

_KEYS_WORDS = """
    name nickname age birthday home hometown address work job occupation profession employer family partner husband wife
    children pets pet likes like dislikes dislike hobbies interests health allergies allergy studies education school
    languages diet instrument instruments nationality origin religion
"""
_KEYS = frozenset(_KEYS_WORDS.split())
"""Keys under which a small model may keep lines of the usual length; lines with other keys are short."""
_RELATED_KEYS_WORDS = "family partner husband wife children pets pet"
_RELATED_KEYS = frozenset(_RELATED_KEYS_WORDS.split())
"""Keys for the person's family and pets: a sentence that names these as the person's supports the line."""
_LISTS_WORDS = "likes like dislikes dislike hobbies interests allergies allergy languages diet instruments health"
_LISTS = _RELATED_KEYS | frozenset(_LISTS_WORDS.split())
_MAX_ITEM_WORDS, _MAX_OTHER_ITEM_WORDS = 12, 8
"""Maximum number of words of an item, and of a line whose key the model made up."""
_FIRST_PERSON = re.compile(
    r"\b(?:i|i['’]\w+|im|ive|me|my|we|our|us|ich|mein\w*|wir|yo|soy|estoy|tengo|mi|mis|je|mon)\b|我", re.IGNORECASE
)
_OWNER = re.compile(r"^(?:my|our)\s+", re.IGNORECASE)
_NAMES = (
    r"(?:\b(?:i['’]m|i am|im|my (?:full |first |real )?name(?:['’]s| is)|(?:calls?|called) me|ich bin"
    r"|ich hei(?:ß|ss)e|mein name ist|nennt mich|me llamo|mi nombre es|soy|je m['’]appelle|je suis)"
    r"|我叫|我是|我的名字[是叫]|叫我)"
    r"\W*(?:\w+\W+){0,2}?"
)
_NONE = re.compile(
    r"\b(?:no|not|never|without|used to|gave up|given up|stopped|quit|kein\w*|nicht|sin|no longer)\W+(?:\w+\W+){0,3}$"
    r"|n['’]t\W+(?:\w+\W+){0,3}$|没有?$|不$",
    re.IGNORECASE,
)
_HERE = re.compile(
    r"\b(?:mov\w+|liv\w+|home|flat|house|apartment|rent\w*|wohn\w*|zieh\w*|vivo|viv\w+|mud\w+|habite|from|based)\b"
    r"|住|搬|来自",
    re.IGNORECASE,
)


def keep_profile(
    written: Mapping[str, str], before: Mapping[str, str], said: Said, prompt: str, *, small: bool
) -> dict[str, str]:
    """Return a profile without what the person did not say.

    Args:
        written: What the model made from the session, by key.
        before: The profile that the model was asked to update.
        said: The person's own words of the session.
        prompt: What the model was told; its example is about nobody.
        small: Whether the model is small: each new item needs one sentence that supports it, and lines that it dropped next
            to a wrong line stay.
    """
    known = said.words | all_words([*before, *before.values()])
    if not small:
        kept = {key: _without_leaks(key, value, prompt, known) for key, value in written.items()}
        return {key: value for key, value in kept.items() if value}
    result: dict[str, str] = {}
    wrong = False
    for key, value in written.items():
        items = _items(key, value)
        borne = [told for item in items if (told := _borne(key, item, before, said))]
        wrong = wrong or len(borne) < len(items)
        line = ", ".join(borne) if borne else before.get(key, "")
        if line:
            result[key] = line
    if wrong:
        left = {key: value for key, value in before.items() if key not in result}
        result |= dict(list(left.items())[: max(0, MAX_PROFILE - len(result))])
    return _updated(result, said)


def _without_leaks(key: str, value: str, prompt: str, known: set[str]) -> str:
    items = _items(key, value)
    kept = [item for item in items if not leaks(item, prompt, known)]
    return value if len(kept) == len(items) else ", ".join(kept)


def _items(key: str, value: str) -> list[str]:
    if key.lower() not in _LISTS:
        return [value]
    return [item for item in (part.strip() for part in re.split(r"[,;，、]", value)) if item]


def _borne(key: str, item: str, before: Mapping[str, str], said: Said) -> str:
    """Return an item as it is kept; empty if nothing supports it."""
    name = key.lower().strip()
    own = before.get(key, "")
    if folded(item) in {folded(own), *map(folded, _items(key, own))}:
        return item
    taste = name.startswith(("like", "dislike"))
    if not taste and folded(item) in {folded(value) for value in before.values()}:
        return item
    item = _OWNER.sub("", item)
    longest = _MAX_ITEM_WORDS if name in _KEYS else _MAX_OTHER_ITEM_WORDS
    if not content(item) or _FIRST_PERSON.search(item) or len(item.split()) > longest:
        return ""
    bears = _rule(name)
    return (
        item if any(bears(item, sentence) for sentence, _ in said.sentences) or (said.marks and _in_marks(item, said)) else ""
    )


def _in_marks(item: str, said: Said) -> bool:
    return any(not unsaid(item, content(mark)) for mark in said.marks)


def _rule(name: str) -> Callable[[str, str], bool]:
    rules: dict[str, Callable[[str, str], bool]] = {
        "name": _is_named, "nickname": _is_named, "likes": is_liked, "like": is_liked, "dislikes": is_disliked,
        "dislike": is_disliked, "home": _is_home, **dict.fromkeys(("work", "job", "occupation", "profession"), _is_work),
    }  # fmt: skip
    return rules.get(name, _is_related if name in _RELATED_KEYS else _is_stated)


def _is_named(name: str, sentence: str) -> bool:
    said = re.escape(name)
    return bool(re.search(rf"{_NAMES}{said}|(?:^|[,!.] *){said} here\b", sentence, re.IGNORECASE))


def _is_home(item: str, sentence: str) -> bool:
    place = r"\b(?:in|at|to|from|near|nach|aus|en|a|de|à)\s+(?:the\s+)?" + re.escape(item)
    return _is_stated(item, sentence) and bool(_HERE.search(sentence) or re.search(place, sentence, re.IGNORECASE))


def _is_work(item: str, sentence: str) -> bool:
    """Return whether a sentence says what work its speaker does; the place of work alone does not count."""
    is_place = re.search(rf"\b(?:in|near|from|out of|aus|en|de)\s+(?:the\s+)?{re.escape(item)}", sentence, re.IGNORECASE)
    return is_place is None and _is_stated(item, sentence)


def _is_related(item: str, sentence: str) -> bool:
    """Return whether a sentence mentions a person or an animal as the speaker's."""
    if unsaid(item, content(sentence)) or _NONE.search(sentence[: _place(item, sentence)]):
        return False
    if is_foreign(sentence):
        return is_own(sentence, 0) or bool(_FIRST_PERSON.search(sentence))
    return has_speaker(sentence) and bool(
        re.search(r"\b(?:my|our)\b", sentence, re.IGNORECASE) or is_own(sentence, _place(item, sentence))
    )


def _is_stated(item: str, sentence: str) -> bool:
    """Return whether a sentence says an item about its speaker."""
    if unsaid(item, content(sentence)):
        return False
    place = _place(item, sentence)
    denied = _NONE.search(sentence[:place]) and not re.search(r"\b(?:no|not|never|without)\b|n['’]t\b", item, re.IGNORECASE)
    return not denied and is_own(sentence, place)


def _place(item: str, sentence: str) -> int:
    """Return the position of an item's first word in a sentence; the sentence's length if none occurs."""
    places = [
        found.start()
        for word in content(item)
        if (
            found := re.search(
                rf"(?<![^\W_]){re.escape(word[:4])}" if word.isascii() else re.escape(word), sentence, re.IGNORECASE
            )
        )
    ]
    return min(places, default=len(sentence))


def _updated(profile: dict[str, str], said: Said) -> dict[str, str]:
    """Update what a sentence states plainly: where they live and work now, and what they no longer like or dislike."""
    told = dict(profile)
    for sentence, _ in said.sentences:
        for key, others, value in (
            ("home", ("home",), home_of(sentence)),
            ("work", ("work", "job", "occupation", "profession"), work_of(sentence)),
        ):
            if value:
                told[next((other for other in others if other in told), key)] = value
        for key, turned in (("likes", is_disliked), ("dislikes", is_liked)):
            items = _items(key, told.get(key, ""))
            left = [item for item in items if not turned(item, sentence)]
            if len(left) < len(items):
                told[key] = ", ".join(left)
    return {key: value for key, value in told.items() if value}
