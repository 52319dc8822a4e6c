"""Sentences about messages that are not in memory yet (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from memory.storage.work_queue import Backlog

AT_THE_NEXT_START = "at the next start"
BY_A_COMMAND = "at the next start of the page or of `persona chat`, or by `persona work`"
SOON = "soon"
WHEN_IT_ANSWERS = "when the model answers again"
_NUMBER_WORDS = ("", "", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def sentence(backlog: Backlog, then: str) -> str:
    """Return what is not in memory yet, and when it will be; empty if everything is.

    Args:
        backlog: The result of `WorkQueue.backlog` for the user who reads the sentence.
        then: One of the four constants of this module.
    """
    messages, sessions = backlog.messages, backlog.sessions
    if messages:
        what = _messages(messages, newest=backlog.newest)
        said = f"{what} {_be(messages)} not in memory yet"
        if sessions:
            also = f"{_sessions(sessions)} {_be(sessions)} not summarised yet"
            return f"{said}, and {also}; this will be done {then}."
        return f"{said}; {_they(messages)} will be remembered {then}."
    if sessions:
        said = f"{_sessions(sessions).capitalize()} {_be(sessions)} not summarised yet"
        return f"{said}; {_they(sessions)} will be summarised {then}."
    return ""


def farewell(backlogs: Sequence[Backlog]) -> str:
    """Return the same at the end of a program with several users, without names or numbers of any of them."""
    waiting = [one for one in backlogs if one]
    if len(backlogs) == 1:
        return sentence(backlogs[0], AT_THE_NEXT_START)
    if not waiting:
        return ""
    return "Some of the last messages are not in memory yet; they will be remembered at the next start."


def _messages(number: int, *, newest: bool) -> str:
    if newest:
        return "Your last message" if number == 1 else f"Your last {_number(number)} messages"
    return "One of your messages" if number == 1 else f"{_number(number).capitalize()} of your messages"


def _sessions(number: int) -> str:
    return "one session" if number == 1 else f"{_number(number)} sessions"


def _be(number: int) -> str:
    return "is" if number == 1 else "are"


def _they(number: int) -> str:
    return "it" if number == 1 else "they"


def _number(number: int) -> str:
    return _NUMBER_WORDS[number] if 1 < number < len(_NUMBER_WORDS) else f"{number:,}"
