"""Which turns of the last hour a prompt shows, and which parts of a long one: chosen once, for prompt and search (pure).

Everything that is not shown is searched, so prompt and search must use the same choice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from graph.prompts.budgets import BYTES_PER_TOKEN, estimate_tokens, newest
from graph.state import RecentTalk
from memory.core.passages import Passage, ends_that_fit, passage_id, passages, size_of
from memory.core.records import Turn

_MAX_CUT_TRIES = 4
_MARK = "[… {count:,} characters are left out here; memory has them …]"
_MARK_BYTES = 70
"""Approximate UTF-8 bytes of the mark."""
_MIN_PART_TOKENS = 24
"""Minimum tokens of a turn that is shown in part."""


@dataclass(frozen=True)
class _Shown:
    """A turn as the prompt shows it; `parts` are the shown passages, or None if the turn is shown whole."""

    turn: Turn
    parts: tuple[str, ...] | None = None


def choose(recent: Sequence[Turn], show: Callable[[Turn], str], *, share: int, spare: int, most: int) -> RecentTalk:
    """Choose which turns of the last hour a prompt shows.

    The previous turn is always shown, as much of it as fits. Older turns are shown while the conversation fits into its
    share, and leave several at a time (see `newest`); a turn that takes more than half of the share is shown in part.

    Args:
        recent: Turns in time order; the last one is the previous turn.
        show: How the prompt writes a turn.
        share: Tokens of the conversation, of which the previous turn takes at most half.
        spare: Additional tokens of older turns, so that they leave together.
        most: Maximum tokens in total, if the previous turn is long.
    """
    if not recent:
        return RecentTalk(turns=[], whole=[], parts=[], photos=[], left_out=False)
    entries = [(turn.seq, fitted(turn, show, share // 2)) for turn in recent]
    kept = set(newest([(number, show(one.turn)) for number, one in entries if one], share, spare))
    older = [one for number, one in entries[:-1] if one and number in kept]
    left = most - sum(estimate_tokens(show(one.turn)) for one in older)
    previous = fitted(recent[-1], show, max(left, share // 2))
    shown = [*older, *([previous] if previous else [])]
    return RecentTalk(
        turns=[one.turn for one in shown],
        whole=[one.turn.id for one in shown if one.parts is None],
        parts=[part for one in shown for part in one.parts or ()],
        photos=[],
        left_out=len(shown) < len(recent),
    )


def fitted(turn: Turn, show: Callable[[Turn], str], budget: int) -> _Shown | None:
    """Shorten a turn until it fits: beginning and end of message and reply stay. None if nothing fits."""
    whole = show(turn)
    if (size := estimate_tokens(whole)) <= budget:
        return _Shown(turn)
    if budget < _MIN_PART_TOKENS:
        return None
    room = budget * BYTES_PER_TOKEN - (size_of(whole) - size_of(turn.text, turn.reply)) - 2 * _MARK_BYTES
    every = passages(turn.text, turn.reply)
    for _ in range(_MAX_CUT_TRIES):
        shown = _within(turn, every, max(room, 0))
        if (size := estimate_tokens(show(shown.turn))) <= budget:
            return shown
        # Text that a prompt escapes takes more room there.
        room -= (size - budget + 1) * BYTES_PER_TOKEN
    return None


def shortened(text: str, size: int) -> str:
    """Return a text that exceeds `size` UTF-8 bytes as its beginning and end, with a mark between them."""
    if size_of(text) <= size:
        return text
    return _ends(text, [one for one in passages(text, "") if one.of == "text"], size)[0]


def _within(turn: Turn, every: Sequence[Passage], room: int) -> _Shown:
    sizes = {"text": size_of(turn.text), "reply": size_of(turn.reply)}
    half = room // 2
    rooms = {
        "text": max(half, room - sizes["reply"]),
        "reply": max(half, room - sizes["text"]),
    }
    told: dict[str, str] = {}
    parts: list[str] = []
    for of, text in (("text", turn.text), ("reply", turn.reply)):
        its = [one for one in every if one.of == of]
        if sizes[of] <= rooms[of]:
            told[of], numbers = text, [one.number for one in its]
        else:
            told[of], numbers = _ends(text, its, rooms[of])
        parts += [passage_id(turn.id, number) for number in numbers]
    return _Shown(turn.model_copy(update=told), tuple(parts))


def _ends(text: str, parts: Sequence[Passage], room: int) -> tuple[str, list[int]]:
    """Return the shown part of a text, and the numbers of the shown passages."""
    front, back = ends_that_fit([size_of(text[one.start : one.end]) for one in parts], room)
    if not front:
        # Not even its first passage fits: show its first words.
        count = min(len(text) * room // max(size_of(text), 1), len(text))
        begin = text[:count]
        return f"{begin.rstrip()} {_MARK.format(count=len(text) - count)}".strip(), []
    start, end = parts[front - 1].end, parts[-back].start if back else len(text)
    mark = _MARK.format(count=end - start)
    shown = f"{text[:start].rstrip()}\n{mark}\n{text[end:].lstrip()}".rstrip()
    return shown, [one.number for one in (*parts[:front], *(parts[-back:] if back else ()))]
