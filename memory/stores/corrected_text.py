"""Applies a person's corrections to other texts that still say the old thing (pure functions).

The person's own words stay as they are and get a mark. Texts that a model wrote (profile, habits, topics, captions) are changed
to what the person wrote. A correction concerns a text if the text comes from the same messages, or if words that the correction
removed occur in it beside words that the correction kept: `Tim` beside `cat`, not beside `neighbour`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from functools import cached_property

from memory.core.tokenize import searchable
from memory.facts.change_phrases import FILLERS, PERSONS
from memory.facts.other_languages import is_english
from memory.facts.slots import slots_of
from memory.facts.statement import read, stem

_TOKEN = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*", re.UNICODE)
_SENTENCE = re.compile(r"(?<=[.!?;\n。！？])")
_PERSON = re.compile(rf"(?:{PERSONS})(?:'s|’s)?", re.IGNORECASE)
_LINKING_WORDS = frozenset(
    """
    called named name heißt heisst appelle llama chiama chama nutzer nutzerin utilisateur utilisatrice usuario usuaria
    """.split()
)
"""Words that link a name to its bearer. Every such sentence has them, so they say nothing about its subject."""
_POSSESSIVE = re.compile(r"['’]s?$")
_NAME_PHRASE = re.compile(
    rf"\b(?i:called|named|name is|heißt|heisst|appelle|llama|chiama|chama|(?:{PERSONS})(?:,| is| was)?)"
    r"\s(?P<name>[^\W\d_a-z][\w'’-]*)"
)
_AGED = re.compile(r"\bis \d{1,3}\b(?! \w+ (?:tall|heavy))|^age:")
_NAME_FACT = re.compile(r"^the user's (?:first |last |full )?name\b|^the user is called\b|^name:")
_KEYS = {
    "home": re.compile(r"\b(?:home|city|town|residence|address|lives?|location|place)\b", re.IGNORECASE),
    "work": re.compile(r"\b(?:work|job|profession|occupation|career|employer)\b", re.IGNORECASE),
    "status": re.compile(r"\b(?:status|relationship|partner|marital)\b", re.IGNORECASE),
    "diet": re.compile(r"\b(?:diet|food|eats|nutrition)\b", re.IGNORECASE),
    "study": re.compile(r"\b(?:stud(?:y|ies)|education|degree|school|university)\b", re.IGNORECASE),
    "car": re.compile(r"\b(?:car|vehicle)\b", re.IGNORECASE),
    "phone": re.compile(r"\bphone\b", re.IGNORECASE),
    "age": re.compile(r"\bage\b", re.IGNORECASE),
    "name": re.compile(r"^name$", re.IGNORECASE),
}
"""Patterns for the keys of profile lines, by what the line tells about a person."""
_TASTES = {stem(word) for word in ("likes", "loves", "hates", "dislikes", "enjoys", "prefers")}
_MIN_LETTERS = 4
"""In other languages than English, a word of fewer letters does not say what a text is about: it may be an article."""


@dataclass(frozen=True)
class Correction:
    """A memory's text before and after its person edited it.

    Attributes:
        memory_id: The memory.
        was: Its text before each edit; empty if the person only called it outdated.
        now: Its text now.
        turn_ids: The messages that it was extracted from.
        until: Messages after this time are not corrected.
        names: Removed names that nothing else of this person has. The correction concerns them wherever they occur.
    """

    memory_id: str
    was: tuple[str, ...]
    now: str
    turn_ids: frozenset[str]
    until: datetime
    names: frozenset[str] = frozenset()

    @property
    def note(self) -> str:
        """The mark of a text that still says the old thing."""
        return f"[corrected since by the user: {self.now}]" if self.was else f"[the user said since: {self.now}]"

    @cached_property
    def swaps(self) -> dict[str, str]:
        """Maps each removed phrase, in lower case, to the phrase that replaces it; empty if nothing does."""
        found: dict[str, str] = {}
        for was in self.was:
            found |= _swaps(was, self.now)
        return found

    @cached_property
    def removed(self) -> frozenset[str]:
        """The removed words, in lower case."""
        return frozenset(word for phrase in self.swaps for word in phrase.split())

    @cached_property
    def kept(self) -> frozenset[str]:
        """The stems of the words that stayed. They say what the memory is about."""
        now = {stem(word.lower()) for word in _words(self.now)}
        return frozenset(plain for was in self.was for plain in _revealing(was) if plain in now and plain not in self.removed)

    @cached_property
    def anchors(self) -> frozenset[str]:
        """The kept words that tell whether a removed word is meant; of a memory about a person, only those that name them."""
        somebody = {word for word in self.kept if _PERSON.fullmatch(word)}
        if not somebody:
            return self.kept
        names = {stem(word.lower()) for word in _words(self.now)[1:] if word[:1].isupper()}
        return frozenset(somebody | (names & self.kept))

    @cached_property
    def slots(self) -> frozenset[str]:
        """What the memory tells about the user that has its own profile line: home, work, age."""
        facts = [read(one) for one in (*self.was, self.now)]
        found = {slot for fact in facts if not fact.owner.role for slot in slots_of(fact)}
        aged = {"age" for fact in facts if _AGED.search(fact.lower) and not fact.owner.role}
        named = {"name" for fact in facts if _NAME_FACT.search(fact.lower)}
        return frozenset(found | aged | named)

    def is_of_line(self, key: str) -> bool:
        """Return whether a profile line with this key is about the same thing."""
        return any(_KEYS[slot].search(key) for slot in self.slots if slot in _KEYS)


def _revealing(was: str) -> list[str]:
    """Return the stems of the words that say what a text is about."""
    english = is_english(was) or ":" in was
    found = []
    for word in (_POSSESSIVE.sub("", one.lower()) for one in _words(was)):
        plain = stem(word)
        known = (
            word not in FILLERS and word not in _LINKING_WORDS and (english or len(word) >= _MIN_LETTERS or not word.isascii())
        )
        found += [plain] if plain in _TASTES or known else []
    return found


def removed_names(was: str, now: str) -> frozenset[str]:
    """Return the names of people and animals that a correction removed, in lower case: `called Tim`, `my cat Tim`."""
    named = {name.lower() for match in _NAME_PHRASE.finditer(was) for name in _words(match["name"])}
    return frozenset(word for phrase in _swaps(was, now) for word in phrase.split() if word in named)


def is_of_another(name: str, text: str, correction: Correction) -> bool:
    """Return whether a text gives a name to another person: `my neighbour Tim`."""
    return any(sign < 0 for word, sign in _signs(text, correction) if word == name)


def concerns(correction: Correction, text: str, turn_ids: Iterable[str], said: datetime) -> bool:
    """Return whether a text still says what was corrected.

    Args:
        correction: The correction.
        text: The text.
        turn_ids: The message that it is, or the messages that it was made from.
        said: When it was said.
    """
    if said.timestamp() > correction.until.timestamp():
        return False
    its_own = not correction.turn_ids.isdisjoint(turn_ids)
    if not correction.was:
        return its_own
    signs = _signs(text, correction)
    return bool(signs) and (its_own or any(_is_meant(word, sign, correction, its_own=False) for word, sign in signs))


def put_right(correction: Correction, text: str, turn_ids: Iterable[str], *, its_own: bool = False) -> str:
    """Return a text that a model wrote, with the corrected words in place of the old ones.

    Args:
        correction: The correction.
        text: The text.
        turn_ids: The messages that it was made from.
        its_own: Whether the caller knows that the text is about the same thing.
    """
    its_own = its_own or not correction.turn_ids.isdisjoint(turn_ids)
    for phrase, now in correction.swaps.items():
        pattern = re.compile(rf"(?<!\w){re.escape(phrase)}(?!\w)" if phrase.isascii() else re.escape(phrase), re.IGNORECASE)
        places = [match.span() for match in pattern.finditer(text)]
        for start, end in reversed(places):
            sign = _sign_at(text, start, correction)
            if now and _is_meant(phrase.split()[0], sign, correction, its_own=its_own):
                text = text[:start] + now + text[end:]
    return text


def without_items(correction: Correction, lead: str, value: str) -> str:
    """Return a profile list without the items that a correction removed. If none is left, return it whole, to be marked.

    Args:
        correction: The correction.
        lead: The key of the line, which says what it is about.
        value: The items, separated by commas.
    """
    items = [item.strip() for item in value.split(",")]
    kept = [item for item in items if not any(sign > 0 for _, sign in _signs(f"{lead}{item}", correction))]
    return ", ".join(kept) if kept else value


def notes(corrections: Sequence[Correction], text: str, turn_ids: Iterable[str], said: datetime) -> tuple[str, ...]:
    """Return the marks of a text, each once; see `concerns`."""
    ids = tuple(turn_ids)
    return tuple(dict.fromkeys(one.note for one in corrections if concerns(one, text, ids, said)))


def _is_meant(word: str, sign: int, correction: Correction, *, its_own: bool) -> bool:
    return sign > 0 or (sign == 0 and (its_own or word in correction.names))


def _words(text: str) -> list[str]:
    return _TOKEN.findall(searchable(text))


def _swaps(was: str, now: str) -> dict[str, str]:
    """Return the phrases that only the old text has, each with the phrase that replaces it."""
    old, new = _words(was), _words(now)
    said = {word.lower() for word in new}
    matcher = SequenceMatcher(a=[word.lower() for word in old], b=[word.lower() for word in new], autojunk=False)
    found = {}
    for tag, first, last, begin, end in matcher.get_opcodes():
        phrase = [word.lower() for word in old[first:last]]
        if tag in ("replace", "delete") and any(word not in said and word not in FILLERS for word in phrase):
            found[" ".join(phrase)] = " ".join(new[begin:end])
    return found


def _signs(text: str, correction: Correction) -> list[tuple[str, int]]:
    """Return each removed word in a text and its sign: 1 beside kept words, -1 beside another person, 0 beside neither."""
    found = []
    for sentence in _SENTENCE.split(text):
        tokens = [word.lower() for word in _words(sentence)]
        places = [place for place, word in enumerate(tokens) if _POSSESSIVE.sub("", word) in correction.removed]
        found += [(_POSSESSIVE.sub("", tokens[place]), _sign(tokens, place, correction)) for place in places]
    return found


def _sign(tokens: Sequence[str], place: int, correction: Correction) -> int:
    """Return 1 if a kept word is nearest to a removed word, -1 if another person is, 0 if there is neither."""
    its: list[int] = []
    others: list[int] = []
    for other, word in enumerate(tokens):
        plain = _POSSESSIVE.sub("", word)
        if other == place or plain in correction.removed:
            continue
        if stem(plain) in correction.anchors:
            its.append(abs(other - place))
        elif _PERSON.fullmatch(plain):
            others.append(abs(other - place))
    if others and (not its or min(others) < min(its) or not any(_PERSON.fullmatch(word) for word in correction.kept)):
        return -1
    return 1 if its else 0


def _sign_at(text: str, start: int, correction: Correction) -> int:
    """Return the sign of the word that starts at this offset of a text; see `_signs`."""
    begin = 0
    for sentence in _SENTENCE.split(text):
        if begin <= start < begin + len(sentence):
            before = len(_words(sentence[: start - begin]))
            tokens = [word.lower() for word in _words(sentence)]
            return _sign(tokens, min(before, len(tokens) - 1), correction)
        begin += len(sentence)
    return 0
