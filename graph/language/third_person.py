"""Convert a person's sentence about themselves to the third person, in their own words (pure rules; English)."""

from __future__ import annotations

import re

from graph.language.verbs import ADVERBS, BASES, FEELINGS, PARTICIPLES, PASTS, is_past, present

_TOKEN = re.compile(r"[^\W_]+(?:['’][^\W_]+)?|\s+|.", re.DOTALL)
_OPENING = re.compile(
    r"^(?:(?:oh|ah|ugh|hey|hi|hello|hiya|well|so|ok|okay|yes|yeah|yep|no|nope|and|but|also|anyway|btw|by the way|"
    r"actually|honestly|"
    r"to be honest|guess what|good news|bad news|fyi|you know|listen|wow|yay|hooray|right|sorry|sadly|luckily|thanks|thank you|"
    r"good (?:morning|evening|afternoon)|morning|evening)\b(?: there)?\s*[,!.:–—-]+\s*|(?:so|and|but|well|also|oh|btw|"
    r"yeah)\s+(?=i\b|my\b|we\b|our\b))+",
    re.IGNORECASE,
)
_AUXILIARIES = {
    "am": "is", "m": "is", "'m": "is", "have": "has", "'ve": "has", "do": "does", "don't": "doesn't", "dont": "doesn't",
    "haven't": "hasn't", "havent": "hasn't", "ain't": "isn't", "are": "is", "'re": "is", "aren't": "isn't", "were": "was",
    "weren't": "wasn't", "'ll": "will",
}  # fmt: skip
_UNCHANGED_WORDS = """
    will would can could should must might may shall can't cannot couldn't won't wouldn't shouldn't mustn't mightn't
    did didn't was wasn't had hadn't is has does used ought better never cant wont didnt wasnt couldnt wouldnt
"""
_UNCHANGED = frozenset(_UNCHANGED_WORDS.split())
_OWN = {
    **dict.fromkeys(("my", "our"), ("the user's", "their")),
    **dict.fromkeys(("mine", "ours"), ("the user's", "theirs")),
    **dict.fromkeys(("me", "us"), ("the user", "them")),
    **dict.fromkeys(("myself", "ourselves"), ("themself", "themself")),
    "am": ("is", "is"),
}
"""How a first-person word is rewritten: if the user was not mentioned before, and if they were."""
_CONTRACTED = re.compile(r"^(i|we)(['’](?:m|ve|d|ll|re))$", re.IGNORECASE)
_WRITTEN_TOGETHER = {"im": "i'm", "ive": "i've", "ill": "i'll"}
_HABIT = re.compile(
    r"\b(?:every|each|always|usually|often|daily|weekly|on \w+days|\w+days|most|sometimes|never)\b", re.IGNORECASE
)
_WITHIN = ",–—-"
"""Characters that may be between a subject and its verb."""
_UNCHANGED_PASTS_WORDS = "put cut hit set let read quit hurt cost shut bet beat spread split"
_UNCHANGED_PASTS = frozenset(_UNCHANGED_PASTS_WORDS.split())
"""Verbs whose past is spelt like their base form."""
_COUNTED = re.compile(
    r"we\s+(?:are|were)\s+(?:all|both|\d+|two|three|four|five|six|seven|eight|nine|ten|twelve)\b", re.IGNORECASE
)
_TRAILING = re.compile(r"[,;]?\s+(?:by the way|btw|haha+|lol|:\)|you know)(?=[.!]*$)", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]")
_OWN_STARTS = re.compile(
    r"^(?:me and my|my (?P<who>(?!\w+ (?:is|was|has|had|called)\b)[\w'-]+(?: (?!is |was |has |had |"
    r"called )[\w'-]+){0,3}) and i)\b",
    re.IGNORECASE,
)


def third_person(sentence: str, *, goes_on: bool = False) -> str:
    """Return a sentence in the third person: `My flatmate got in` becomes `The user's flatmate got in`.

    Words that are not in the first person stay as they were said. "We" also becomes the user.

    Args:
        sentence: What was said.
        goes_on: Whether the sentence before it is about another person: without a subject, this one may be too.
    """
    text = _TRAILING.sub("", _OPENING.sub("", sentence.strip())).strip()
    text = _OWN_STARTS.sub(lambda match: f"I and my {match['who']}" if match["who"] else "I and my", text)
    text = text if goes_on else _without_subject(text)
    return _Rewriter(text).rewritten()


def _without_subject(text: str) -> str:
    """Add the subject to a sentence that leaves "I" out: `Broke my mug` and `Tired today` are about the speaker."""
    words = [word.lower() for word in re.findall(r"[^\W_]+(?:['’][^\W_]+)?", text)[:3]]
    first = next((word for word in words if word not in ADVERBS), "")
    if first in FEELINGS and not (len(words) > 1 and words[-1] in ("is", "are", "was")):
        return f"I am {text[:1].lower()}{text[1:]}"
    if (first in PASTS and first not in ("was", "were", "did")) or (first.endswith("ed") and first not in FEELINGS):
        return f"I {text[:1].lower()}{text[1:]}"
    return text


class _Rewriter:
    """Processes the tokens of one sentence."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = _TOKEN.findall(text)
        self._said = False
        """Whether the user was mentioned already."""
        self._present = False
        """Whether the user's last verb was put into the third person of the present."""
        self._habit = bool(_HABIT.search(text))

    def rewritten(self) -> str:
        out: list[str] = []
        place = 0
        while place < len(self._tokens):
            word = self._tokens[place].lower().replace("’", "'")
            word = _WRITTEN_TOGETHER.get(word, word) if self._tokens[place] != "ill" else word
            contracted = _CONTRACTED.match(word)
            if word in ("i", "we") or contracted:
                place = self._subject(out, place, contracted[2] if contracted else "")
                continue
            out.append(self._other(word, self._tokens[place], place))
            place += 1
        rewritten = "".join(out).strip()
        return rewritten[:1].upper() + rewritten[1:]

    def _subject(self, out: list[str], place: int, contracted: str) -> int:
        """Write the subject and its verb; returns the position where the sentence goes on."""
        place += 1
        if _COUNTED.match("".join(self._tokens[place - 1 : place + 6])):
            # The user is one of several who are counted; the singular would be wrong.
            out.append("they")
            return place
        out.append("the user")
        self._said = True
        if contracted:
            out += [" ", self._expanded(contracted, place)]
            self._present = False
            return place
        together = re.match(r"\s+and\s+my\b", "".join(self._tokens[place : place + 5]), re.IGNORECASE)
        if together:
            # With two subjects the verb stays as it is.
            self._present = False
            return place
        return self._verb(out, place)

    def _verb(self, out: list[str], place: int) -> int:
        """Write adverbs and the verb that follows a subject; returns the position where the sentence goes on."""
        while place < len(self._tokens):
            token = self._tokens[place]
            word = token.lower().replace("’", "'")
            place += 1
            if (
                not _WORD.match(token)
                or word in ADVERBS
                or (word.endswith("ly") and word not in ("rely", "apply", "reply", "fly"))
            ):
                out.append(token)
                if not token.isspace() and not _WORD.match(token) and token not in _WITHIN:
                    return place
                continue
            out.append(self._conjugated(word, token))
            return place
        return place

    def _conjugated(self, word: str, token: str) -> str:
        self._present = False
        if word in _AUXILIARIES:
            self._present = word == "have"
            return _AUXILIARIES[word]
        if word in _UNCHANGED or is_past(word) or (word in _UNCHANGED_PASTS and not self._habit):
            return token
        if not word.isalpha() or word in ("who", "the", "a", "of", "to", "in", "for", "and", "as", "am", "both"):
            return token
        self._present = True
        return present(word)

    def _expanded(self, contracted: str, place: int) -> str:
        if contracted == "'d":
            rest = [token.lower() for token in self._tokens[place : place + 6] if _WORD.match(token)]
            verb = next((word for word in rest if word not in ADVERBS), "")
            return "had" if verb in PARTICIPLES or verb == "better" or (verb.endswith("ed") and verb != "need") else "would"
        return _AUXILIARIES[contracted]

    def _other(self, word: str, token: str, place: int) -> str:
        if word in _OWN:
            first, then = _OWN[word]
            said, self._said = self._said, True
            return then if said else first
        if self._present and word in BASES and self._follows_and(place):
            return present(word)
        return token

    def _follows_and(self, place: int) -> bool:
        before = [token.lower() for token in self._tokens[:place] if not token.isspace()]
        while before and before[-1] in ADVERBS:
            before.pop()
        return bool(before) and before[-1] in ("and", "but", "then")
