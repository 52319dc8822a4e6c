"""What must never be shown of a reply, seen while it comes: texts of ours, the person's words as "I", letters (pure).

A reply is judged sentence by sentence. The beginning of a sentence is held back only as long as it may still be a slip; what
is none is shown as it comes, and a slip is left out before a word of it was shown (decision 056).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from graph import language_id
from graph.answer_stream import Delta
from graph.slip_rules import Cut, Judge, Kind, Pass, Talk, Wait
from graph.slip_words import BOUNDARY

__all__ = ["Guarded", "Kind", "ReplyGuard", "Talk", "problem_of"]

_FENCE = "```"
_PROBLEMS: dict[str, str] = {
    "prompt text": "That repeated the instructions. Reply to the person in your own words.",
    "echo": 'That repeated their message. Respond to it in your own words, and call them "you".',
    "wrong person": 'That said "I" of the person. Say it again to them: their "I" is "you".',
    "letter": "They gave no options to choose from. Reply in a sentence.",
    "wrong language": "That was in another language than theirs.",
}


class TextStream(Protocol):
    """What cuts a model's text into thought and answer as it comes."""

    def feed(self, text: str) -> list[Delta]:
        """Take the next piece of text; returns what can be shown now."""

    def close(self) -> list[Delta]:
        """End the stream; returns what was still held back."""


@dataclass
class ReplyGuard:
    """Passes a reply on as it comes, without its slips.

    Of a reply without slips nothing is lost and nothing changes its place, however its text is cut into pieces.

    Attributes:
        talk: What a reply is compared with.
        shown: What has been passed on.
        slips: What was left out or put right, in order.
        ended: Nothing more will be shown: what still comes need not be read.
    """

    talk: Talk
    shown: str = ""
    slips: list[Kind] = field(default_factory=list)
    ended: bool = False

    def __post_init__(self) -> None:
        self._judge = Judge(self.talk)
        self._held = ""
        self._open = False
        """Whether the sentence at hand was judged, and is passed on as it comes."""
        self._tail = ""
        """The end of what is passed on of a sentence, in which its boundary may begin."""

    def feed(self, text: str) -> str:
        """Take the next piece of the reply; returns what can be shown now."""
        self._held += text
        return self._taken(final=False)

    def close(self) -> str:
        """End the reply; returns what was still held back."""
        return self._taken(final=True)

    @property
    def is_empty(self) -> bool:
        """Say whether nothing can be shown of all that came."""
        return not self.shown.strip()

    def _taken(self, *, final: bool) -> str:
        given: list[str] = []
        while self._held and not self.ended:
            if self._open:
                given.append(self._rest_of_sentence())
                if self._open:
                    break
                continue
            if not self._next(given, final=final):
                break
        text = "".join(given)
        if self.is_empty and self.slips:
            # A slip was before it: the space between them goes with the slip.
            text = text.lstrip()
        self.shown += text
        return text

    def _rest_of_sentence(self) -> str:
        """Pass on what comes up to the end of the sentence."""
        whole = self._tail + self._held
        end = BOUNDARY.search(whole)
        place = max(end.end() - len(self._tail), 0) if end else len(self._held)
        text, self._held = self._held[:place], self._held[place:]
        self._tail = "" if end else whole[-8:]
        self._open = end is None
        return text

    def _next(self, given: list[str], *, final: bool) -> bool:
        """Judge the next sentence, or its beginning; False: more text has to come first."""
        begun = len(self._held) - len(self._held.lstrip())
        end = BOUNDARY.search(self._held, begun)
        if not self._held.strip():
            if final:
                given.append(self._held)
                self._held = ""
            return False
        place = end.end() if end else len(self._held)
        whole = final or end is not None
        is_first = self.is_empty and not "".join(given).strip()
        if ("".join([self.shown, *given])).count(_FENCE) % 2:
            verdict: Pass | Wait | Cut = Pass()
        else:
            last = final and place == len(self._held)
            verdict = self._judge.judge(self._held[begun:place], self._held[begun:], whole=whole, first=is_first, last=last)
        if isinstance(verdict, Wait):
            return False
        if isinstance(verdict, Pass):
            self._open, self._tail = True, ""
            return True
        if verdict.kind not in self.slips:
            self.slips.append(verdict.kind)
        if verdict.instead:
            given.append(self._held[:begun] + verdict.instead)
        rest = self._held[begun + verdict.length :]
        self._held = "" if verdict.ends else (self._held[:begun] + rest.lstrip(" ") if verdict.is_prefix else rest)
        self.ended = verdict.ends
        return True


class Guarded:
    """A stream of thought and answer whose answer passes a guard; the same `feed` and `close` as what it reads from.

    Args:
        stream: Cuts the model's text into thought and answer.
        guard: What the answer passes.
    """

    def __init__(self, stream: TextStream, guard: ReplyGuard) -> None:
        self._stream = stream
        self.guard = guard

    def feed(self, text: str) -> list[Delta]:
        """Take the next piece of the model's text; returns what can be shown now."""
        return self._passed(self._stream.feed(text))

    def close(self) -> list[Delta]:
        """End the stream; returns what was still held back."""
        passed = self._passed(self._stream.close())
        left = self.guard.close()
        return [*passed, Delta("answer", left)] if left else passed

    def _passed(self, deltas: list[Delta]) -> list[Delta]:
        passed = []
        for delta in deltas:
            text = self.guard.feed(delta.text) if delta.part == "answer" else delta.text
            if text:
                passed.append(Delta(delta.part, text))
        return passed


def problem_of(kind: Kind, language: str) -> str:
    """Say in one line what was wrong with a reply, as the model is told it before its second try."""
    return " ".join(part for part in (_PROBLEMS[kind], language_id.reply_in(language)) if part)
