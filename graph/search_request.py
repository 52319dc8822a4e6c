"""What a round searches memory for: its time window, and what was shown before (pure functions)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from graph.formats.protocol import Retrieve
from graph.state import Request
from memory.core import clock
from memory.core.errors import PersonaError
from memory.core.passages import turn_of
from memory.core.records import Recalled, Turn
from memory.core.time_window import ALL_TIME, TimeWindow
from memory.core.tokenize import COMMON, terms
from memory.search.relevance import is_small_talk

_MAX_FOLLOW_UP_CHARS = 60
"""Maximum characters of a question that may continue the message before it."""
_MAX_KEYWORDS_CHARS = 120
"""As in the grammar of a round."""


def first_search(turn: Turn, *, forced: bool) -> Request | None:
    """Return the search with the message itself that begins a turn; None for a greeting or thanks: nothing is relevant to them.

    Args:
        turn: The message.
        forced: Search in any case.
    """
    if is_small_talk(turn.text) and not turn.images and not forced:
        return None
    return Request(output=None, think="", keywords="", start_time=None, end_time=None, warning=None)


def first_round(message: str) -> Retrieve:
    """Return that search in the form of a round that the model writes."""
    words = " ".join(message.split())[:_MAX_KEYWORDS_CHARS].rstrip()
    return Retrieve(words or "(picture)", think="I look into memory first.")


def goes_on_from(turn: Turn, recent: Sequence[Turn]) -> str:
    """Return the previous message if this one is a short question that says little by itself ("And why?")."""
    text = turn.text.strip()
    short = len(text) <= _MAX_FOLLOW_UP_CHARS and "?" in text and len([word for word in terms(text) if word not in COMMON]) <= 1
    return recent[-1].text if short and recent else ""


def window_of(request: Request, said: datetime) -> tuple[TimeWindow, str | None]:
    """Parse the model's time window in the zone of the message; an invalid one is dropped with a warning."""
    zone = clock.zone_name(said)
    bounds: list[datetime | None] = []
    for text in (request["start_time"], request["end_time"]):
        try:
            bounds.append(clock.parse_time(text, zone) if text else None)
        except PersonaError:
            return ALL_TIME, f"The window was left out: {text!r} is not a time."
    since, until = bounds
    if until is not None:
        # The whole minute counts; nothing is added to a time that has seconds (or to the end of time). In an hour that the
        # clocks go through twice, the second time counts too.
        until = until.replace(second=59, microsecond=999_999, fold=1)
    if since and until and since.timestamp() > until.timestamp():
        return ALL_TIME, "The window was left out: it ends before it begins."
    if since and said.replace(second=0, microsecond=0).timestamp() <= since.timestamp() <= said.timestamp():
        # Small models write 'now' for 'any time': nothing was said between a message and itself.
        return ALL_TIME, "The window was left out: it begins with the message itself."
    return TimeWindow.between(since, until), None


def shown_whole(entry: Recalled) -> set[str]:
    """Return the ids that need not be found again: the memory, and the turns that it shows whole."""
    if entry.kind not in ("episodic", "turn"):
        return {entry.id}
    in_part = {turn_of(name) for name in entry.parts}
    return {entry.id, *entry.turn_ids} - in_part
