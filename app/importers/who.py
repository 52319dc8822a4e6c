"""Finds who of the senders of a talk between people is the person whose memory this is (pure)."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping

from memory.core.errors import InvalidInput

_MARKS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069\u061c\ufeff]")
_PAIR = 2
_MOST_NAMED = 10


def me_in(senders: Counter[str], chat_with: str, given: str) -> str:
    """Return the sender who is the person; empty if nothing says it.

    Args:
        senders: How many messages each sender wrote.
        chat_with: The other one's name, as the file's name or the title of the talk gives it; empty if there is none. It may
            as well be the name of a group.
        given: The person's own name, as the person gave it; empty: to be found.

    Raises:
        InvalidInput: No sender has the given name.
    """
    if given:
        wanted = _key(given)
        found = next((name for name in senders if _key(name) == wanted), None)
        if found is None:
            raise InvalidInput(f"Nobody called {given!r} wrote here. Give --me one of these names: {_most_active(senders)}.")
        return found
    if chat_with and len(senders) == _PAIR:
        others = [name for name in senders if _key(name) != _key(chat_with)]
        if len(others) == 1:
            return others[0]
    return ""


def named(people: Mapping[str, int]) -> str:
    """Return the names of writers with the number of their messages, the most talkative first: "Ada (12), Bea (8)".

    Args:
        people: Messages by the name of their writer.
    """
    named = [f"{name} ({count:,})" for name, count in Counter(people).most_common(_MOST_NAMED) if name]
    more = len(people) - len(named)
    return ", ".join(named) + (f" and {more} more" if more > 0 else "")


def _most_active(senders: Counter[str]) -> str:
    names = [name for name, _ in senders.most_common(_MOST_NAMED)]
    more = len(senders) - len(names)
    return (", ".join(names) or "none was found") + (f" and {more} more" if more > 0 else "")


def _key(name: str) -> str:
    """Return what must be equal in two spellings of a name: file systems change signs, programs add marks around numbers."""
    plain = unicodedata.normalize("NFKC", _MARKS.sub("", name)).casefold().strip()
    return "".join(sign for sign in plain if sign.isalnum()) or plain
