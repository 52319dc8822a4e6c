"""Text of a person or a memory as data in a prompt: no part can be mistaken for the prompt's own structure (pure).

Tags are escaped (`protocol.escape`), and a line that resembles one of our lines gets a quote mark before it: `> User: …`.
Ordinary text stays as it was. This applies to prompts alone: the original is stored, searched and shown to the person.
"""

from __future__ import annotations

import re

from graph.formats.protocol import escape

_BREAKS = "\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"
"""Every character that may be taken for the end of a line: those of `str.splitlines`."""
_GAP = rf"[^\S{_BREAKS}]|[\u00ad\u034f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
"""Characters that are invisible at the beginning of a line."""
_STAMP = r"\[\d{4}-\d\d-\d\d (?:\d\d:\d\d(?: \([^()\n]{1,20}\))?|[A-Za-z]{3})\]"
_COLON = r"[*_]{0,3}\s{0,3}[:：]"
_ROLES = "User|Assistant|System|Human"
_TITLES = (
    "User Profile|Big Five scores|Recent Conversations|User Input|Instructions|Habits and goals|Remembered facts|"
    "Pictures shown before|Dialogue history|Notes of what they told you before|How to write to them|Coming up|Conversation|"
    "Profile so far|New profile|Habits and goals so far"
)
_LOOKS_LIKE_OURS = re.compile(
    rf"(?P<start>\A|(?<=[{_BREAKS}]))(?=(?:{_GAP})*(?:"
    # A heading: two hashes always count as ours; so do our titles, however they are written.
    r"[#＃]{2}(?![#＃])"
    rf"|(?i:[#＃*_]{{1,6}}\s{{0,3}}(?:{_TITLES})\b)"
    rf"|(?i:(?:{_TITLES})[*_]{{0,3}}\s{{0,3}}(?:[:：]|(?=[{_BREAKS}]|\Z)))"
    # The speaker: alone, numbered as a session's turns are, or after a time.
    rf"|(?:[-*•]\s)?[*_]{{0,3}}(?:\d{{1,6}}\s{{0,3}})?(?:{_STAMP}\s{{0,3}})?(?:{_ROLES}|{_ROLES.upper()}){_COLON}"
    r"|\[(?i:user|assistant|system|human)\]"
    # A time at the beginning of a turn or of a fact.
    rf"|(?:[-*•]\s{{0,3}})?{_STAMP}"
    r"|(?:The person['’]s message, |Today is )\d{4}-"
    r"|\[(?:a )?picture\b|\[with \d+ picture"
    rf")|(?:user|assistant|system){_COLON})"
)
_LOOKS_LIKE_AN_ENTRY = re.compile(rf"(?<=[{_BREAKS}])(?=(?:{_GAP})*(?:[-*•]\s|[^\W_][\w ]{{0,40}}[:：]\s))")
"""A further line of an entry that could be another entry: a fact, a habit, a numbered fact, a profile line."""
_LOOKS_LIKE_A_NOTE = re.compile(r"(?=\[(?:corrected since by the user|the user said since)\b)", re.IGNORECASE)
_MARK = "> "


def as_data(text: str) -> str:
    """Return a text as a prompt shows it, on lines of its own or after `User: `."""
    return _LOOKS_LIKE_OURS.sub(_MARK, escape(text))


def as_message(text: str) -> str:
    """Return a message or reply as a prompt shows it; a correction mark inside it does not count, because ours follow it."""
    return _LOOKS_LIKE_A_NOTE.sub(_MARK, as_data(text))


def as_entry(text: str) -> str:
    """Return a text as one entry of a list or of the profile: none of its further lines can be mistaken for another entry."""
    return _LOOKS_LIKE_AN_ENTRY.sub(_MARK, as_data(text))
