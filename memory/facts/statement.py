"""Parses a fact: whose it is, what it is about, its values, and when it applies.

Pure, and in English, because extraction writes facts in English. Two facts can exclude each other only if these parts agree;
`memory.facts.supersession` compares them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise

from memory.facts import change_phrases as words

_WORD = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*", re.UNICODE)
_POSSESSIVE = re.compile(r"['’]s?$")
_OWNER = re.compile(
    # "The landlady" is the user's landlady.
    rf"^the (?:user['’]s? |(?=(?:{words.PERSONS})\b))((?:(?!with|to|of|for|at|in|on|is|has|and|from)[\w-]+ ){{0,3}}?)("
    + words.PERSONS
    + r")\b(['’]s)?((?-i: [A-Z]\w+))?",
    re.IGNORECASE,
)
_CALLED = re.compile(r"\b(?:called|named|name is)\s+([A-Z]\w+)")
_DEFINITE = re.compile(r"^(?:the user['’]s|(?!the user\b|an? |some |two |three ))", re.IGNORECASE)
_VERB = re.compile(
    r"\bthe user (?:now |also |still |no longer |always |never |really |often |usually |just )?(\w{2,}(?:s|ed))\b"
    r"|\b(?:is|are|was|has|been|being|not|n't|can|cannot) (?:now |just |already )?(?:been )?(\w{2,}(?:ing|ed))\b"
)
_NAMES_WHO = re.compile(
    r"^(?P<who>(?!The user\b)(?:[A-Z][\w.'’-]*)(?: [A-Z][\w'’-]*)*) (?:is now|has taken over as|took over as|has become|became"
    r"|is(?= the user['’]s new ))(?: now)? the user['’]s (?:new )?(?P<what>[\w' -]+?)[.]?$"
)
_WHERE = re.compile(r" (?:on the \w+|upstairs|downstairs|next door|opposite|across the \w+|(?:below|above|in|from) \w+)")
_SUFFIXES = ("ions", "ion", "ings", "ing", "ied", "ies", "ed", "es", "s", "e")
_IRREGULAR = {
    "children": "child",
    "kids": "child",
    "kid": "child",
    "men": "man",
    "women": "woman",
    "feet": "foot",
    "teeth": "tooth",
    "drunk": "drink",
    "drank": "drink",
    "eaten": "eat",
    "ate": "eat",
    "slept": "sleep",
    "wore": "wear",
    "worn": "wear",
    "drove": "drive",
    "driven": "drive",
    "spoke": "speak",
    "spoken": "speak",
    "wrote": "write",
    "written": "write",
}
_MIN_STEM_LETTERS = 3
_DISTINGUISHING_WORDS = {
    "other",
    "older",
    "younger",
    "elder",
    "second",
    "first",
    "twin",
    "eldest",
    "youngest",
    "oldest",
    "big",
    "little",
}


@dataclass(frozen=True)
class Owner:
    """The person or animal that a fact is about.

    Attributes:
        role: Their relation to the user (`sister`); empty: the user.
        name: Their name, if the fact gives it.
        which: The words that tell which of several it is (`older`).
    """

    role: str = ""
    name: str = ""
    which: frozenset[str] = frozenset()

    def may_be(self, other: Owner) -> bool:
        """Return whether both can be the same person."""
        named_apart = bool(self.name and other.name and self.name != other.name)
        return self.role == other.role and not named_apart and self.which == other.which


@dataclass(frozen=True)
class Statement:
    """A fact with its parsed parts.

    Attributes:
        text: The fact.
    """

    text: str

    @cached_property
    def lower(self) -> str:
        """The fact in lower case, with plain apostrophes."""
        return self.text.lower().replace("’", "'")

    @cached_property
    def owner(self) -> Owner:
        """The person or animal that it is about: the user, or one of the user's people or animals."""
        match = _OWNER.match(self.text.strip())
        if match is None:
            return Owner()
        before = match[1].lower().split()
        name = (match[4] or "").strip()
        where = _WHERE.match(self.lower, match.end())
        return Owner(match[2].lower(), name, frozenset(before) & _DISTINGUISHING_WORDS | ({where[0]} if where else set()))

    @cached_property
    def called(self) -> str:
        """The name that it gives to a person or thing; empty if it gives none."""
        match = _CALLED.search(self.text)
        return match[1] if match else ""

    @cached_property
    def is_definite(self) -> bool:
        """Whether it is about one known thing: `The user's flight …`, `The wedding …`."""
        return bool(_DEFINITE.match(self.text.strip()))

    @cached_property
    def values(self) -> dict[str, frozenset[str]]:
        """Its values by type: a `date`, a `weekday`, a `clock` time, an amount of `money`, a `number`."""
        return {kind: found for kind, (found, _) in self._valued.items() if found}

    @cached_property
    def frame(self) -> str:
        """The fact with its values replaced by `#` and without `now`. Two facts with the same frame differ only in values."""
        rest = self.lower
        for pattern in words.VALUES.values():
            rest = pattern.sub("#", rest)
        return re.sub(r"\b(?:now|currently|already|only) ", "", rest)

    @cached_property
    def topics(self) -> frozenset[str]:
        """The stems of the words that say what it is about, without values, circumstances and filler words."""
        rest = self.lower
        for pattern in words.VALUES.values():
            rest = pattern.sub(" ", rest)
        rest = words.CIRCUMSTANCES.sub(" ", rest)
        stems = [
            stem(word)
            for part in _WORD.findall(rest)
            for word in [_POSSESSIVE.sub("", part)]
            if word not in words.FILLERS and len(word) > 1
        ]
        return frozenset(stems) | {_KIND_OF[one] for one in stems if one in _KIND_OF}

    def compounds(self, shared: frozenset[str]) -> frozenset[str]:
        """Return the stems after a shared word that is only a part of a name: `oil` of `olive oil`."""
        said = [_POSSESSIVE.sub("", word) for word in re.findall(r"[\w'-]+|[^\w\s]", self.lower)]
        follows = {
            stem(after) for word, after in pairwise(said) if stem(word) in shared - words.GENERIC and after not in words.FILLERS
        }
        return frozenset(follows & self.particular - shared)

    def compounds_of_kinds(self, shared: frozenset[str]) -> bool:
        """Return whether only a type is shared, and this fact names a member of that type by two words: `ginger beer`."""
        members = {one for one in self.topics if _KIND_OF.get(one) in shared}
        said = [stem(_POSSESSIVE.sub("", word)) for word in re.findall(r"[\w'-]+|[^\w\s]", self.lower)]
        before = {word for word, after in pairwise(said) if after in members}
        return bool(members - shared and before & (self.particular - shared))

    @cached_property
    def verbs(self) -> frozenset[str]:
        """The stems of what the person does: `eat` of `eats no sugar`."""
        return frozenset(stem(match[1] or match[2]) for match in _VERB.finditer(self.lower))

    @property
    def particular(self) -> frozenset[str]:
        """The topics that distinguish one thing of its type from another."""
        return self.topics - words.GENERIC - self.verbs

    @cached_property
    def circumstances(self) -> frozenset[str]:
        """The phrases for when or where it applies, if not always: `in the evening`, `on Saturdays`, `at work`."""
        return frozenset(match[0].strip() for match in words.CIRCUMSTANCES.finditer(self.lower))

    @cached_property
    def is_past(self) -> bool:
        """Whether it tells of something that is over. No newer fact supersedes that."""
        return bool(words.PAST.search(self.lower)) and not words.RESULTS.search(self.lower)

    def qualifiers(self, shared: frozenset[str]) -> frozenset[str]:
        """Return the words that distinguish a shared thing from another of its type: `work` of `work phone`."""
        found = {match[1] for match in words.QUALIFIED.finditer(self.lower) if stem(match[2]) in shared}
        return frozenset(found)

    @cached_property
    def _valued(self) -> dict[str, tuple[frozenset[str], str]]:
        rest, found = self.lower, {}
        for kind, pattern in words.VALUES.items():
            found[kind] = (frozenset(words.normal(match[0]) for match in pattern.finditer(rest)), rest)
            rest = pattern.sub(" ", rest)
        return found


@lru_cache(maxsize=512)
def read(fact: str) -> Statement:
    """Parse a fact. `Ann is the user's new boss` is parsed as `The user's boss is now Ann`."""
    fact = fact.strip()
    turned = _NAMES_WHO.match(fact)
    return Statement(f"The user's {turned['what']} is now {turned['who']}." if turned else fact)


def stem(word: str) -> str:
    """Return a word without the endings by which `studies`, `studied` and `studying` differ."""
    word = _IRREGULAR.get(word, word.removesuffix("ren") if word.endswith("children") else word)
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= _MIN_STEM_LETTERS:
            word = word[: -len(suffix)] + ("y" if suffix in ("ied", "ies") else "")
            break
    if len(word) > _MIN_STEM_LETTERS and word[-1] == word[-2] and word[-1] not in "aeiouls":
        word = word[:-1]
    return word[:-1] + "i" if word.endswith("y") and len(word) > _MIN_STEM_LETTERS else word


_KIND_OF = {stem(word): stem(kind) for kind, members in words.KINDS.items() for word in members.split()}
