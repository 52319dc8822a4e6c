"""Raw turns as a search result shows them: whole if there is room, else their best passages (pure functions)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from memory.core import clock
from memory.core.passages import Passage, entry_id, excerpt, is_long, passage_id, passages, said_in, size_of
from memory.core.query import SearchLimits
from memory.core.records import Recalled, Spoken, Turn
from memory.core.speakers import spoken
from memory.core.tokenize import terms

_HEAD_BYTES = 60
"""Bytes for a turn's time, names and marks."""
_MAX_EXCERPT_BYTES = 2_000
"""At most this many bytes of one turn's passages are shown, so that other turns have room too."""
_BEST_TURN_BYTES = 1_000
"""The best turn may always have this many bytes of passages, if the prompt has room: two or three passages."""
_MIN_EXCERPT_BYTES = 200
"""A further turn is shown in part only if at least this many bytes are left."""
_CONTEXT_CHARACTERS = 160
"""This many characters of the message are shown before a passage of its reply."""


@dataclass(frozen=True)
class _Shown:
    turn: Turn
    said: Spoken
    parts: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Its size in UTF-8 bytes."""
        return size_of(self.said.text, self.said.reply, *self.said.corrected) + _HEAD_BYTES


class Dialogue:
    """Shows the raw turns of one search, within its limits.

    Args:
        scores: The scores of turns, and of passages of long turns, by index entry; see `memory.core.passages`.
        asked: The texts of the query.
        parts: The passages that were shown before.
        limits: How much may be shown.
    """

    def __init__(
        self, scores: Mapping[str, float], asked: Sequence[str], parts: AbstractSet[str], limits: SearchLimits
    ) -> None:
        self._scores = scores
        self._words = {word for text in asked for word in terms(text)}
        self._parts = parts
        self._limits = limits
        self._size = limits.size

    @property
    def full(self) -> bool:
        """Whether there is no room for another turn."""
        return self._size is not None and self._size <= _HEAD_BYTES

    def show(self, name: str, turns: Sequence[Turn], places: Mapping[str, float], score: float) -> Recalled | None:
        """Return a topic as its best raw turns that fit, in the order they were said; None if nothing fits.

        Args:
            name: The id of the topic, or of a single turn.
            turns: Its turns that may be shown.
            places: The score of each turn.
            score: The score of the topic.
        """
        chosen: list[_Shown] = []
        characters = self._limits.characters
        for turn in sorted(turns, key=lambda turn: -places.get(turn.id, 0.0)):
            if len(chosen) == self._limits.turns:
                break
            shown = self._whole(turn, characters, first=not chosen) or self._excerpt(turn, characters, first=not chosen)
            if shown is not None:
                chosen.append(shown)
                characters -= len(shown.said.text) + len(shown.said.reply)
                if self._size is not None:
                    self._size -= shown.size
        if not chosen:
            return None
        chosen.sort(key=lambda shown: (shown.turn.time.timestamp(), shown.turn.seq))
        talk = tuple(shown.said for shown in chosen)
        return Recalled(
            id=name,
            kind="episodic",
            text=talk_text(talk),
            talk=talk,
            time=chosen[0].turn.time,
            score=score,
            turn_ids=tuple(shown.turn.id for shown in chosen),
            parts=tuple(part for shown in chosen for part in shown.parts),
        )

    def _whole(self, turn: Turn, characters: int, *, first: bool) -> _Shown | None:
        fits = len(turn.text) + len(turn.reply) <= characters or (first and not is_long(turn.text, turn.reply))
        size = size_of(turn.text, turn.reply, *turn.corrected) + _HEAD_BYTES
        if not fits or (self._size is not None and size > self._size):
            return None
        if self._parts and any(passage_id(turn.id, one.number) in self._parts for one in passages(turn.text, turn.reply)):
            return None
        return _Shown(turn, spoken(turn))

    def _excerpt(self, turn: Turn, characters: int, *, first: bool) -> _Shown | None:
        """Return the turn's best passages that were not shown before and fit; None if there are none."""
        room = max(min(characters, _MAX_EXCERPT_BYTES), _BEST_TURN_BYTES if first else 0)
        room = (room if self._size is None else min(room, self._size)) - _HEAD_BYTES
        if room < _MIN_EXCERPT_BYTES and (not first or room <= 0):
            return None
        text, reply = turn.text, turn.reply
        every = passages(text, reply)
        unseen = [one for one in every if passage_id(turn.id, one.number) not in self._parts and said_in(one, text, reply)]
        if not unseen:
            return None
        best = sorted(unseen, key=lambda one: self._order(turn, one))
        spans: list[Passage] = []
        for passage in best:
            size = size_of(said_in(passage, text, reply)) + size_of(" […] ")
            if size <= room:
                spans.append(passage)
                room -= size
        parts = tuple(passage_id(turn.id, one.number) for one in sorted(spans, key=lambda one: one.number))
        said = [(one.start, one.end) for one in spans if one.of == "text"]
        answered = [(one.start, one.end) for one in spans if one.of == "reply"]
        if not spans:
            # Not even the best passage fits, so show its beginning.
            one, parts = best[0], (passage_id(turn.id, best[0].number),)
            cut = (
                one.start,
                one.start + max(len(said_in(one, text, reply)) * room // size_of(said_in(one, text, reply)) - 2, 1),
            )
            said, answered = ([cut], []) if one.of == "text" else ([], [cut])
        elif not said and every[0] in unseen and size_of(text[:_CONTEXT_CHARACTERS]) <= room:
            said = [(0, min(len(text), _CONTEXT_CHARACTERS))]
        shown = spoken(turn, excerpt(text, said), excerpt(reply, answered), excerpt=True)
        return _Shown(turn, shown, parts)

    def _order(self, turn: Turn, passage: Passage) -> tuple[float, int, int]:
        score = self._scores.get(entry_id(turn.id, passage.number)) if is_long(turn.text, turn.reply) else None
        words = self._words & set(terms(said_in(passage, turn.text, turn.reply)))
        return (float("inf") if score is None else -score, -len(words), passage.number)


def talk_text(talk: Sequence[Spoken]) -> str:
    """Return turns as the text that a person reads in a receipt."""
    return "\n".join(line for one in talk for line in _lines(one))


def _lines(one: Spoken) -> Iterator[str]:
    yield f"[{clock.show(one.time)}]{' (excerpt)' if one.excerpt else ''}"
    yield f"{one.other or 'User'}: {one.text}"
    if one.reply:
        yield f"Assistant: {one.reply}"
    yield from one.corrected
