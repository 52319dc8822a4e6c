"""Finds the senders of a WhatsApp chat, whose names may have colons, telephone numbers and marks (pure)."""

from __future__ import annotations

import re
from collections import Counter

from app.importers.formats.whatsapp_stamps import MARKS

_SENDER = re.compile(r"(?P<name>[^\n]{1,120}?):(?: (?P<text>.*)|(?P<marked>\u200e.*)|\s*$)", re.DOTALL)
_SECOND = re.compile(r"(?P<name>[^\n:]{1,60}): (?!https?://)")
_CLEANED = str.maketrans(dict.fromkeys(MARKS, "") | dict.fromkeys("\u00a0\u202f\u2009", " "))
_MOST_NAMES, _MOST_SECONDS = 20_000, 50
_OFTEN = 2
_QUOTATIONS = (("“", "”"), ("«", "»"), ("「", "」"), ("『", "』"), ("‘", "’"))


class Senders:
    """The senders of one chat, found by all its messages.

    A name with a colon in it stands so before every message: `Team: Berlin: hello`.

    Attributes:
        counts: How many messages each sender wrote; complete after `finish`.
    """

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._seconds: dict[str, Counter[str]] = {}
        self._without: set[str] = set()
        self._with_colon: dict[str, set[str]] = {}

    def add(self, rest: str) -> None:
        """Take what follows the date and time of the next message."""
        found = _first(rest)
        if found is None:
            return
        name, text = found
        if len(self.counts) < _MOST_NAMES or name in self.counts:
            self.counts[name] += 1
        if name in self._without:
            return
        second = _SECOND.match(text)
        seconds = self._seconds.setdefault(name, Counter())
        if second is not None:
            seconds[second["name"].translate(_CLEANED).strip()] += 1
        if second is None or len(seconds) > _MOST_SECONDS or len(self._seconds) > _MOST_NAMES:
            self._without.add(name)
            del self._seconds[name]

    def finish(self, title: str = "") -> None:
        """Decide which names have colons.

        Args:
            title: Whom the chat is with; that name may have a colon even if it wrote once.
        """
        for name, seconds in self._seconds.items():
            titled = any(_letters(f"{name}{second}") == _letters(title) for second in seconds)
            if titled or seconds.total() >= _OFTEN * len(seconds):
                self._with_colon[name] = set(seconds)
                del self.counts[name]
                self.counts.update({f"{name}: {second}": number for second, number in seconds.items()})
        self._seconds.clear()

    def split(self, rest: str) -> tuple[str, str] | None:
        """Return the sender and the text of a message; None for a system line."""
        found = _first(rest)
        if found is None:
            return None
        name, text = found
        if name in self._with_colon:
            second = _SECOND.match(text)
            longer = second["name"].translate(_CLEANED).strip() if second is not None else ""
            if second is not None and longer in self._with_colon[name]:
                return f"{name}: {longer}", text[second.end() :]
        return name, text


def _first(rest: str) -> tuple[str, str] | None:
    """Return the name before the first colon, and the text after it."""
    match = _SENDER.match(rest)
    if match is None:
        return None
    name = match["name"]
    name = (name if name.isascii() else name.translate(_CLEANED)).strip().removeprefix("~").strip()
    # A colon inside quotation marks belongs to a system line: Anna changed the name to "Trip: Rome".
    if not name or _opens_quotation(name):
        return None
    return name, match["text"] or match["marked"] or ""


def _opens_quotation(name: str) -> bool:
    german = name.count("„")
    if german:
        # Polish and Hungarian close it with the other one.
        return german > name.count("“") + name.count("”")
    if "“" not in name and name.count("”") % 2:
        # Finnish and Swedish open with the same sign.
        return True
    return bool(name.count('"') % 2) or any(name.count(one) > name.count(other) for one, other in _QUOTATIONS)


def _letters(name: str) -> str:
    return "".join(sign for sign in name.casefold() if sign.isalnum())
