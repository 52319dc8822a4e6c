"""A raw turn as one note: the person's own words, and only the part of the reply that answers (pure functions)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from memory.core.passages import Passage, entry_id, excerpt, is_long, passage_id, passages, said_in, size_of
from memory.core.query import SearchBudget
from memory.core.records import Recalled, Turn
from memory.core.speakers import spoken
from memory.search.excerpts import talk_text
from memory.search.relevance import shared

_CONTEXT_CHARACTERS = 120
"""This many characters of a message are shown before a part of its reply."""
_ASKS_FOR_REPLY = re.compile(
    r"\b(?:(?:did|do|have|had|were) you|you (?:said|told|suggested|recommended|advised|mentioned|gave|wrote|asked|explained)|"
    r"your (?:advice|suggestion|recommendation|tips?|recipe|plan|idea|answer)|hast du|hattest du|du (?:gesagt|empfohlen)|"
    r"dein(?:e|en)? (?:rat|tipp|vorschlag|idee|plan)|me (?:dijiste|recomendaste|sugeriste)|tu (?:consejo|idea)|as-tu|"
    r"tu m['’]as)\b|你(?:说|推荐|建议|告诉)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Asked:
    """The query that a note answers.

    Attributes:
        message: The message, word for word.
        words: How rare each of its words is; see `memory.search.relevance.asked_words`.
        scores: The scores of the index entries of raw turns and their passages.
        parts: The passages that were shown before.
    """

    message: str
    words: Mapping[str, float]
    scores: Mapping[str, float]
    parts: AbstractSet[str]

    @property
    def wants_replies(self) -> bool:
        """Whether the message asks for something that the assistant said."""
        return _ASKS_FOR_REPLY.search(self.message) is not None


def note_of(turn: Turn, score: float, asked: Asked, room: SearchBudget) -> Recalled | None:
    """Return a turn as a note; None if everything that it could show was shown before.

    A short message is shown whole. Of a long message, and of a reply, the best passages that fit into `room.note` bytes are
    shown. Passages of a reply are shown only if they contain what the message asks for, unless it asks for what the assistant
    said.
    """
    every = passages(turn.text, turn.reply)
    unseen = [
        one for one in every if passage_id(turn.id, one.number) not in asked.parts and said_in(one, turn.text, turn.reply)
    ]
    said = [one for one in unseen if one.of == "text"]
    chosen = [*_best(turn, said, asked, room.note), *_best(turn, _answering(turn, unseen, asked), asked, room.note)]
    if not chosen:
        return None
    spans = [(one.start, one.end) for one in chosen if one.of == "text"]
    if not spans and not any(passage_id(turn.id, one.number) in asked.parts for one in every if one.of == "text"):
        spans = [(0, min(len(turn.text), _CONTEXT_CHARACTERS))]
    replied = [(one.start, one.end) for one in chosen if one.of == "reply"]
    is_whole = len(chosen) == len([one for one in every if said_in(one, turn.text, turn.reply)])
    shown = excerpt(turn.text, spans), excerpt(turn.reply, replied) if replied else ""
    said_then = spoken(turn, *shown, excerpt=_is_cut(chosen, every))
    return Recalled(
        id=turn.id,
        kind="turn",
        text=talk_text((said_then,)),
        talk=(said_then,),
        time=turn.time,
        score=score,
        turn_ids=(turn.id,),
        parts=() if is_whole else tuple(passage_id(turn.id, one.number) for one in sorted(chosen, key=lambda one: one.number)),
    )


def whole_note(turn: Turn) -> Recalled:
    """Return a turn as a note with its whole message and without its reply."""
    every = [one for one in passages(turn.text, turn.reply) if said_in(one, turn.text, turn.reply)]
    said = tuple(passage_id(turn.id, one.number) for one in every if one.of == "text")
    message = spoken(turn, reply="")
    parts = said if len(said) < len(every) else ()
    text = talk_text((message,))
    return Recalled(id=turn.id, kind="turn", text=text, talk=(message,), time=turn.time, turn_ids=(turn.id,), parts=parts)


def _is_cut(chosen: Sequence[Passage], every: Sequence[Passage]) -> bool:
    """Return whether the message is shown only in part, or a reply that is shown at all."""
    shown = {one.of for one in chosen} | {"text"}
    return sum(one.of in shown for one in every) > len(chosen)


def _best(turn: Turn, candidates: Sequence[Passage], asked: Asked, size: int) -> list[Passage]:
    """Return the best passages that fit, in the order of the text; at least one."""
    chosen: list[Passage] = []
    for one in sorted(candidates, key=lambda one: _order(turn, one, asked)):
        cost = size_of(said_in(one, turn.text, turn.reply))
        if chosen and cost > size:
            continue
        chosen.append(one)
        size -= cost
    return sorted(chosen, key=lambda one: one.number)


def _answering(turn: Turn, unseen: Sequence[Passage], asked: Asked) -> list[Passage]:
    """Return the passages of the reply that are worth showing."""
    replied = [one for one in unseen if one.of == "reply"]
    if asked.wants_replies:
        return replied
    if is_long(turn.text, turn.reply):
        best = min(unseen, key=lambda one: _order(turn, one, asked), default=None)
        return [best] if best is not None and best.of == "reply" else []
    in_text = shared(asked.words, turn.text)
    return [one for one in replied if shared(asked.words, said_in(one, turn.text, turn.reply)) > in_text]


def _order(turn: Turn, passage: Passage, asked: Asked) -> tuple[bool, float, float, int]:
    score = asked.scores.get(entry_id(turn.id, passage.number)) if is_long(turn.text, turn.reply) else None
    words = shared(asked.words, said_in(passage, turn.text, turn.reply))
    # The index entry of a passage also contains the beginning of the message (`passages.indexed`), which may be what answers.
    by_beginning = passage.number > 0 and words < shared(asked.words, turn.text[:_CONTEXT_CHARACTERS])
    return (by_beginning, float("inf") if score is None else -score, -words, passage.number)
