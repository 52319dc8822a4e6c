"""Change a streamed reply to a question about the person from "I" to "you", where a small model answers as the person (pure).

Asked "Where do I live?", a small model often answers "I live in Orchard Lane". The content is right, but the person is
wrong. The assistant has no home, job or sister, so a sentence that answers in the question's own words is changed to address
the person. English only: in other languages the verb changes with the person.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from graph.language.question_words import BOUNDARY, asks_for_its_words, is_question

_MAX_QUESTION_CHARS = 300
"""Maximum characters of a question; a longer message offers options or contains a text."""
_OF_THEMSELVES = re.compile(r"\b(?:I|i|my|mine|me|we|our)\b")
_OF_THE_ASSISTANT = re.compile(
    r"\b(?:do|did|are|were|can|could|would|will|have|should|what if) you\b|\byou (?:think|suggest|recommend|feel|like|prefer)\b"
    r"|\byour\b",
    re.IGNORECASE,
)
_OPENING = re.compile(
    r"^\s*(?:(?:yes|no|well|oh|yeah|sure|of course)\b[,.!]?\s+)?(?P<who>I\b(?:['’](?:m|ve|d|ll))?|my\b)", re.IGNORECASE
)
_OPENS = re.compile(r"^\s*(?:(?:yes|no|well|oh|yeah|sure|of course)\b[,.!]?\s*)?$", re.IGNORECASE)
_BEGINNINGS = ("yes, i", "no, i", "well, i", "oh, i", "yeah, i", "sure, i", "of course, i", "my ")
_OWN = re.compile(
    r"^\s*(?:(?:yes|no|well|oh|yeah|sure|of course)\b[,.!]?\s+)?(?:"
    r"I (?:do not|don['’]t|did not|didn['’]t|can|cannot|can['’]t|could|couldn['’]t|would|will|won['’]t|hope|think|believe|"
    r"guess|wish|understand|remember|recall|know|see|suggest|recommend|apologi[sz]e|have no|have not|haven['’]t|have nothing|"
    r"am not|am sorry|am afraid|am here|am an? (?:ai|assistant|language))\b|"
    r"I['’](?:m (?:not|sorry|afraid|here|glad|happy|an? (?:ai|assistant|language))|d|ll|ve no)\b|"
    r"my (?:memory|memories|notes?|apologies|knowledge|records?|suggestion|advice|pleasure|bad)\b)",
    re.IGNORECASE,
)
"""What the assistant says about itself."""
_ENGLISH = frozenset({"", "en"})
"""If the language of a message is unknown, its English words decide."""
_CONTRACTED = {"m": "you're", "ve": "you've", "d": "you'd", "ll": "you'll"}
_WORDS = {"i": "you", "me": "you", "my": "your", "mine": "yours", "myself": "yourself"}
_VERBS = {"am": "are", "was": "were"}
_PRONOUN = re.compile(
    r"\bI['’](?P<short>m|ve|d|ll)\b|\bI (?P<verb>am|was)\b|\b(?P<asked>am|was) I\b|\b(?P<word>I|me|my|mine|myself)\b",
    re.IGNORECASE,
)


def second_person(sentence: str) -> str:
    """Return an English first-person sentence in the second person."""

    def _replacement(match: re.Match[str]) -> str:
        if short := match["short"]:
            said = _CONTRACTED[short.lower()]
        elif verb := match["verb"]:
            said = f"you {_VERBS[verb.lower()]}"
        elif asked := match["asked"]:
            said = f"{_VERBS[asked.lower()]} you"
        else:
            said = _WORDS[match["word"].lower()]
        begins = not re.search(r"\w", sentence[: match.start()])
        return said[0].upper() + said[1:] if begins else said

    return _PRONOUN.sub(_replacement, sentence)


def asks_of_themselves(message: str) -> bool:
    """Return whether a message asks something about its writer, and nothing about the assistant."""
    return (
        len(message) <= _MAX_QUESTION_CHARS
        and is_question(message)
        and not asks_for_its_words(message)
        and _OF_THEMSELVES.search(message) is not None
        and _OF_THE_ASSISTANT.search(message) is None
    )


@dataclass
class ToThem:
    """Passes a streamed reply on; its first sentence is changed to "you" if it answers the person's question as the person.

    Attributes:
        message: What the person wrote.
        language: Language of the reply; other languages than English pass unchanged.
        changed: Whether the sentence was changed.
    """

    message: str
    language: str = "en"
    changed: bool = False
    _buffer: str = field(default="", repr=False)
    _decided: bool = field(default=False, repr=False)

    def __post_init__(self) -> None:
        self._decided = self.language not in _ENGLISH or not asks_of_themselves(self.message)

    def feed(self, text: str) -> str:
        """Take the next words; returns the text that can be passed on now."""
        if self._decided:
            return text
        self._buffer += text
        end = BOUNDARY.search(self._buffer)
        if end is None and self._may_be_theirs():
            return ""
        return self._passed(end.end() if end else len(self._buffer))

    def close(self) -> str:
        """End the reply; returns the text that was still buffered."""
        return self._passed(len(self._buffer))

    def _may_be_theirs(self) -> bool:
        begun = self._buffer.strip().lower()
        if _OPENING.match(self._buffer):
            own = _OWN.match(self._buffer)
            # The last word so far may not be complete.
            return own is None or own.end() == len(self._buffer)
        return any(start.startswith(begun) for start in (*_BEGINNINGS, "i")) or _OPENS.match(self._buffer) is not None

    def _passed(self, end: int) -> str:
        sentence, rest = self._buffer[:end], self._buffer[end:]
        self._buffer, self._decided = "", True
        if _OPENING.match(sentence) and not _OWN.match(sentence):
            sentence, self.changed = second_person(sentence), True
        return sentence + rest
