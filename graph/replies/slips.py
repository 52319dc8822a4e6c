"""Slips that a reply must never show, detected while it streams: texts of ours, the person's words as "I", letters (pure).

A reply is judged sentence by sentence. The beginning of a sentence is buffered only while it may still be a slip; other text
is shown as it arrives, and a slip is left out before any word of it is shown (decision 056).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from graph.formats.answer_stream import Delta
from graph.language import language_id
from graph.language.message_kind import may_ask_about_their_life
from graph.language.question_words import BOUNDARY, is_question, without_opening
from graph.prompts.plain_replies import last_resort, you_said
from graph.replies.said_before import own_words_for
from graph.replies.second_person import ToThem
from graph.replies.slip_rules import Cut, Judge, Kind, Pass, Talk, Verdict, Wait

__all__ = ["Kind", "ReplyGuard", "Talk"]

_FENCE = "```"
_MAX_QUOTED_CHARS = 160
"""Maximum characters of the person's own words that are quoted to them."""
_PROBLEMS: dict[str, str] = {
    "prompt text": "That repeated the instructions. Reply to the person in your own words.",
    "echo": 'That repeated their message. Respond to it in your own words, and call them "you".',
    "wrong person": 'That said "I" of the person. Say it again to them: their "I" is "you".',
    "letter": "They gave no options to choose from. Reply in a sentence.",
    "wrong language": "That was in another language than theirs.",
    "repetition": "You said that before. Say something else, about what they say now.",
}


@dataclass
class ReplyGuard:
    """Passes a streamed reply on without its slips.

    A reply without slips loses and moves nothing, however its text is split into chunks.

    Attributes:
        talk: What a reply is compared with.
        shown: The text that has been passed on.
        slips: What was left out or changed, in order.
        ended: Nothing more will be shown: the rest of the stream need not be processed.
    """

    talk: Talk
    shown: str = ""
    slips: list[Kind] = field(default_factory=list)
    ended: bool = False

    def __post_init__(self) -> None:
        self._judge = Judge(self.talk)
        self._to_them = ToThem(self.talk.message, self.talk.language)
        self._buffer = ""
        self._open = False
        """Whether the current sentence was judged, and is passed on as it arrives."""
        self._judged = 0
        """Number of buffered characters that may still be a slip: they were judged before."""
        self._tail = ""
        """The end of the text passed on of a sentence, in which its boundary may begin."""

    def feed(self, text: str) -> list[Delta]:
        """Take the next words of the reply; returns the deltas that can be shown now."""
        self._buffer += self._to_them.feed(text)
        return self._deltas(final=False)

    def close(self) -> list[Delta]:
        """End the reply; returns the deltas that were still buffered."""
        self._buffer += self._to_them.close()
        return self._deltas(final=True)

    @property
    def is_spoilt(self) -> bool:
        """Return whether the reply consisted of slips alone: nothing of the reply can be shown."""
        return bool(self.slips) and self._is_empty

    @property
    def problem(self) -> str:
        """Return in one line what was wrong, as the model is told before its second try."""
        language = language_id.reply_in(self.talk.language)
        return " ".join(part for part in (*(_PROBLEMS[kind] for kind in self.slips), language) if part)

    def second(self) -> ReplyGuard:
        """Return the guard of a second try; a reply in another language is better than none."""
        return ReplyGuard(replace(self.talk, language=""))

    @property
    def last_resort(self) -> str:
        """Return a plain sentence in case the second try also consists of slips: the person's own words, if they answer."""
        asked = may_ask_about_their_life(self.talk.message)
        if asked and (words := own_words_for(self.talk.message, self.talk.own)):
            return you_said(self.talk.language, words[:_MAX_QUOTED_CHARS])
        return last_resort(self.talk.language, question=is_question(self.talk.message))

    @property
    def _is_empty(self) -> bool:
        return not self.shown.strip()

    def _deltas(self, *, final: bool) -> list[Delta]:
        if self._to_them.changed and "wrong person" not in self.slips:
            self.slips.append("wrong person")
        text = self._taken(final=final)
        return [Delta("answer", text)] if text else []

    def _taken(self, *, final: bool) -> str:
        given: list[str] = []
        while self._buffer and not self.ended:
            if self._open:
                given.append(self._rest_of_sentence())
                if self._open:
                    break
                continue
            if not self._next(given, final=final):
                break
        text = "".join(given)
        if self._is_empty and self.slips:
            # A slip came before it: the space between them is dropped with the slip.
            text = text.lstrip()
        self.shown += text
        return text

    def _rest_of_sentence(self) -> str:
        """Pass on the text up to the end of the sentence."""
        whole = self._tail + self._buffer
        end = BOUNDARY.search(whole)
        place = max(end.end() - len(self._tail), 0) if end else len(self._buffer)
        text, self._buffer = self._buffer[:place], self._buffer[place:]
        self._tail = "" if end else whole[-8:]
        self._open = end is None
        return text

    def _next(self, given: list[str], *, final: bool) -> bool:
        """Judge the next sentence, or its beginning, character by character: the result does not depend on the chunks.

        Returns:
            False if more text is needed first.
        """
        begun = len(self._buffer) - len(self._buffer.lstrip())
        if begun == len(self._buffer):
            if final:
                given.append(self._buffer)
                self._buffer = ""
            return False
        before = "".join([self.shown, *given])
        verdict: Verdict = Wait()
        for place in range(max(self._judged, begun) + 1, len(self._buffer) + 1):
            verdict = self._verdict(self._buffer[begun:place], before, final=False)
            if not isinstance(verdict, Wait):
                break
        if isinstance(verdict, Wait) and final:
            verdict = self._verdict(self._buffer[begun:], before, final=True)
        if isinstance(verdict, Wait):
            self._judged = len(self._buffer)
            return False
        self._judged = 0
        if isinstance(verdict, Pass):
            self._open, self._tail = True, ""
        else:
            self._cut(verdict, begun, given)
        return True

    def _verdict(self, text: str, before: str, *, final: bool) -> Verdict:
        if before.count(_FENCE) % 2:
            return Pass()
        end = BOUNDARY.search(text)
        part = text[: end.end()] if end else text
        return self._judge.judge(
            part, text, whole=final or end is not None, first=not without_opening(before + " ").strip(), final=final
        )

    def _cut(self, verdict: Cut, begun: int, given: list[str]) -> None:
        if verdict.kind not in self.slips:
            self.slips.append(verdict.kind)
        if verdict.instead:
            given.append(self._buffer[:begun] + verdict.instead)
        rest = self._buffer[begun + verdict.length :]
        self._buffer = "" if verdict.ends else (self._buffer[:begun] + rest.lstrip(" ") if verdict.is_prefix else rest)
        self.ended = verdict.ends
