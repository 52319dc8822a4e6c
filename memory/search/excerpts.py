"""Raw turns as a search result shows them: whole where there is room, of a long one its best passages (pure functions)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from memory.core import clock
from memory.core.passages import Passage, entry_id, excerpt, is_long, passage_id, passages, said_in, size_of
from memory.core.query import Limits
from memory.core.records import Recalled, Spoken, Turn
from memory.core.tokenize import terms

_HEAD = 60
"""Bytes of a turn's time, its names and marks."""
_EXCERPT = 2_000
"""Bytes of one turn's passages, at most: other turns want to be shown too."""
_LEAST = 1_000
"""Bytes of passages that the best turn may have in any case, as far as the prompt has room: two or three of them."""
_WORTH = 200
"""Bytes that a further turn must have left to be shown in part."""
_CONTEXT = 160
"""Characters of the message that stand before a passage of its reply."""


@dataclass(frozen=True)
class _Shown:
    turn: Turn
    said: Spoken
    parts: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Its UTF-8 bytes."""
        return size_of(self.said.text, self.said.reply, *self.said.corrected) + _HEAD


class Dialogue:
    """What is known of one search when its raw turns are shown.

    Args:
        scores: Of turns and of passages of long ones, by index entry; see `memory.core.passages`.
        asked: The texts that were searched for.
        parts: Passages that were shown before.
        limits: How much may be shown.
    """

    def __init__(self, scores: Mapping[str, float], asked: Sequence[str], parts: AbstractSet[str], limits: Limits) -> None:
        self._scores = scores
        self._words = {word for text in asked for word in terms(text)}
        self._parts = parts
        self._limits = limits
        self._size = limits.size

    @property
    def full(self) -> bool:
        """Say whether no turn fits any more."""
        return self._size is not None and self._size <= _HEAD

    def show(self, name: str, turns: Sequence[Turn], places: Mapping[str, float], score: float) -> Recalled | None:
        """Show a topic as its raw turns: the best ones that fit, in the order they were said; None where nothing fits.

        Args:
            name: The topic's id, or that of a single turn.
            turns: Its turns that may be shown.
            places: How well each answers.
            score: Of the topic.
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
        size = size_of(turn.text, turn.reply, *turn.corrected) + _HEAD
        if not fits or (self._size is not None and size > self._size):
            return None
        if any(passage_id(turn.id, passage.number) in self._parts for passage in passages(turn.text, turn.reply)):
            return None
        return _Shown(turn, Spoken(time=turn.time, text=turn.text, reply=turn.reply, corrected=turn.corrected))

    def _excerpt(self, turn: Turn, characters: int, *, first: bool) -> _Shown | None:
        """Show the best passages that were not shown before."""
        room = max(min(characters, _EXCERPT), _LEAST if first else 0)
        room = (room if self._size is None else min(room, self._size)) - _HEAD
        if room < _WORTH and (not first or room <= 0):
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
            # Not even the best one: its beginning.
            one, parts = best[0], (passage_id(turn.id, best[0].number),)
            cut = (
                one.start,
                one.start + max(len(said_in(one, text, reply)) * room // size_of(said_in(one, text, reply)) - 2, 1),
            )
            said, answered = ([cut], []) if one.of == "text" else ([], [cut])
        elif not said and every[0] in unseen and size_of(text[:_CONTEXT]) <= room:
            said = [(0, min(len(text), _CONTEXT))]
        shown = Spoken(
            time=turn.time,
            text=excerpt(text, said),
            reply=excerpt(reply, answered),
            corrected=turn.corrected,
            excerpt=True,
        )
        return _Shown(turn, shown, parts)

    def _order(self, turn: Turn, passage: Passage) -> tuple[float, int, int]:
        score = self._scores.get(entry_id(turn.id, passage.number)) if is_long(turn.text, turn.reply) else None
        words = self._words & set(terms(said_in(passage, turn.text, turn.reply)))
        return (float("inf") if score is None else -score, -len(words), passage.number)


def talk_text(talk: Sequence[Spoken]) -> str:
    """Return turns as a person reads them in a receipt."""
    heads = (f"[{clock.show(one.time)}]{' (excerpt)' if one.excerpt else ''}" for one in talk)
    return "\n".join(
        "\n".join([head, f"User: {one.text}", *([f"Assistant: {one.reply}"] if one.reply else []), *one.corrected])
        for head, one in zip(heads, talk, strict=True)
    )
